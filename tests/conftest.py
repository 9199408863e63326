"""Fixtures that more than one test needs."""

import os
import pathlib

# Deterministic, quiet TensorFlow; set before anything imports it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def assets() -> pathlib.Path:
    """The folder of real weights and photos; skips where there is none."""
    folder = pathlib.Path(
        os.environ.get(
            "FAST_DEPTH_STYLE_ASSETS", _ROOT.parent / "shared" / "assets"
        )
    )
    if not folder.is_dir():
        pytest.skip("no assets folder: set FAST_DEPTH_STYLE_ASSETS")
    return folder
