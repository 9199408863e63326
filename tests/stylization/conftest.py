"""Small models with random weights."""

import pytest

from fast_depth_style.exporting.shipped import write_shipped
from fast_depth_style.stylization.model import load_styled


@pytest.fixture(scope="session")
def model(small_model):
    return load_styled(small_model)


@pytest.fixture(scope="session")
def folder(styled_network, tmp_path_factory):
    """A small network as the package brings one."""
    folder = tmp_path_factory.mktemp("shipped")
    write_shipped(styled_network, {}, folder)
    return folder
