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


@pytest.fixture(scope="session")
def served_model(tmp_path_factory) -> pathlib.Path:
    """A small exported style with random weights: the folder of its version."""
    import keras

    from fast_depth_style.networks.transformer import Transformer
    from fast_depth_style.serving.saved_model import export_saved_model

    keras.utils.set_random_seed(0)
    network = Transformer(width=0.1, blocks=1)
    network.build()
    folder = tmp_path_factory.mktemp("served") / "random"
    return export_saved_model(network, folder, {"name": "Random"})


@pytest.fixture(scope="session")
def _session_server(served_model):
    pytest.importorskip("tensorflow_serving")
    from loopback_server import running

    with running({"wave": served_model}) as server:
        yield server


@pytest.fixture
def server(_session_server):
    """A server on loopback, by REST and gRPC, of one model, `wave`."""
    yield _session_server
    _session_server.before = None
