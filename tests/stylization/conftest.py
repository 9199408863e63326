"""A small exported model with random weights."""

import pytest

from fast_depth_style.stylization.model import load_styled


@pytest.fixture(scope="session")
def model(small_model):
    return load_styled(small_model)
