"""Fixtures that more than one test needs."""

import os
import pathlib

# Deterministic, quiet TensorFlow; set before anything imports it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A process forked while a test's server answers calls is aborted by gRPC's own
# handlers for forks; none of those processes uses gRPC.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
if "PYTEST_XDIST_WORKER" in os.environ:
    # One core a worker: threads of several would wait for each other.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items):
    """Begins with what takes longest, so that no worker is left with it."""
    items.sort(key=lambda item: "training" not in item.path.parts)


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
def material(tmp_path_factory) -> pathlib.Path:
    """The folder of `write_material`. Not to be changed."""
    from tiny_material import write_material

    return write_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="session")
def small_network():
    """A network of the least size, all of whose random weights count."""
    from tiny_material import network

    return network()


@pytest.fixture(scope="session")
def styled_network():
    """The same with three styles and dials."""
    from tiny_material import network

    return network(1, styles=("great_wave", "udnie", "scream"), dials=True)


@pytest.fixture(scope="session")
def styled_model(styled_network, tmp_path_factory) -> pathlib.Path:
    """The folder `styled_network` was exported to. Not to be changed."""
    from fast_depth_style.exporting.saved_model import export_saved_model

    folder = tmp_path_factory.mktemp("models") / "styled"
    export_saved_model(styled_network, folder, {"name": "Styled"})
    return folder


@pytest.fixture(scope="session")
def small_model(small_network, tmp_path_factory) -> pathlib.Path:
    """The folder `small_network` was exported to. Not to be changed."""
    from fast_depth_style.exporting.saved_model import export_saved_model

    folder = tmp_path_factory.mktemp("models") / "small"
    version = export_saved_model(small_network, folder, {"name": "Small"})
    assert version == folder / "1"
    return folder


@pytest.fixture(scope="session")
def _session_server(small_model, styled_model):
    pytest.importorskip("tensorflow_serving")
    from loopback_server import running

    models = {"wave": small_model / "1", "styled": styled_model / "1"}
    with running(models) as server:
        yield server


@pytest.fixture
def server(_session_server):
    """A server on loopback, by REST and gRPC, of `wave` and `styled`."""
    yield _session_server
    _session_server.before = None
