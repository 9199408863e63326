"""A small exported model with random weights."""

import pytest

from fast_depth_style.exporting.saved_model import read_model


@pytest.fixture(scope="session")
def model(small_model):
    return read_model(small_model)
