"""Fixtures that more than one test needs."""

import fcntl
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
def exported_once(tmp_path_factory):
    """Exports a network; one for all workers, as it takes long."""
    from fast_depth_style.exporting.saved_model import export_saved_model

    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def exported_once(network, name):
        folder = root / "exported" / name
        folder.parent.mkdir(exist_ok=True)
        with open(root / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                aside = tmp_path_factory.mktemp("aside") / name
                export_saved_model(network, aside, {"name": name.title()})
                aside.rename(folder)
        return folder

    return exported_once


@pytest.fixture(scope="session")
def styled_model(styled_network, exported_once) -> pathlib.Path:
    """The folder `styled_network` was exported to. Not to be changed."""
    return exported_once(styled_network, "styled")


@pytest.fixture(scope="session")
def small_model(small_network, exported_once) -> pathlib.Path:
    """The folder `small_network` was exported to. Not to be changed."""
    return exported_once(small_network, "small")


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
