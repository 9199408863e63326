import contextlib
import dataclasses
import importlib.util
import subprocess
import sys

import benchmark
import numpy as np
import pytest
import timed_process

from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.objective import Objective, style_target
from fast_depth_style.perception import registry
from fast_depth_style.training.settings import preset

_TORCH = importlib.util.find_spec("torch") is not None


_PROGRAMS = """
import time

def waiting(name, log, seconds=0.01, megabytes=0):
    ballast = b"x" * (megabytes << 20)

    def turn():
        with open(log, "a") as file:
            file.write(name)
        time.sleep(seconds)

    return {"name": name, "ballast": len(ballast)}, turn

def broken(at_turn):
    def turn():
        raise ValueError("the reason")

    return {}, turn if at_turn else turn()
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A module that a new process imports in no time."""
    (tmp_path / "timed_by_the_test.py").write_text(_PROGRAMS)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("timed_by_the_test", None)
    import timed_by_the_test

    return timed_by_the_test


def test_processes_take_turns_and_have_a_peak_of_their_own(programs, tmp_path):
    processes = {
        name: timed_process.TimedProcess(
            programs.waiting, name=name, log=tmp_path / "log", **arguments
        )
        for name, arguments in (
            ("a", {"megabytes": 200}),
            ("b", {"seconds": 0.1}),
        )
    }
    a, b = processes.values()
    assert a.results == {"name": "a", "ballast": 200 << 20}
    timed_process.take_turns([a, b], rounds=2, warm_up=1)
    assert (tmp_path / "log").read_text() == "ababab"
    assert len(a.seconds) == 2 and min(b.seconds) >= 0.1 > max(a.seconds)
    assert 190 < (a.peak_bytes - b.peak_bytes) / 2**20 < 210
    a.seconds, b.seconds, a.peak_bytes = [1.0, 3.0], [2.0, 2.0], b.peak_bytes
    *_, row, other = timed_process.table(processes, "b").splitlines()
    # The median of 0.5 and 1.5; equal memory.
    assert row.endswith("| 1.00 | 1.00 |") and "| a | 2.000 |" in row
    assert other.endswith("| 1.00 | 1.00 |")


@pytest.mark.parametrize("at_turn", [False, True])
def test_a_process_that_fails_says_why(programs, at_turn):
    with pytest.raises(RuntimeError, match="the reason"):
        timed_process.TimedProcess(programs.broken, at_turn=at_turn).turn()


@pytest.mark.parametrize(
    "found, tolerance, same",
    [
        (np.full((1, 2, 2, 3), 0.2), 0.255, True),
        (np.full((1, 2, 2, 3), 0.3), 0.255, False),
        (np.eye(9)[None] * 6.1, 0.7, True),
        (np.eye(99)[None] * 9.0, 0.7, False),
        (np.full((1, 2, 2, 3), np.nan), 0.255, False),
        (np.array([0.0005, 0.005]), (1e-3, 1e-2), True),
        (np.array([0.005, 0.005]), (1e-3, 1e-2), False),
    ],
)
def test_only_what_computes_the_same_is_timed(found, tolerance, same):
    context = contextlib.nullcontext()
    if not same:
        context = pytest.raises(RuntimeError, match="x does not compute")
    with context:
        benchmark.require_same("x", found + 1, 1.0, tolerance)


_SETTINGS = preset(
    "balanced",
    width=0.1,
    blocks=2,
    image_size=64,
    style_size=64,
    batch_size=2,
    optimizer="adam",
    depth_network="none",
    lattice_weight=0,
    style_evenness=0,
    style_covariance=0,
    style=("painting",),
    dials=False,
    mixed_precision=False,
)


@pytest.fixture(scope="module")
def vgg19(tmp_path_factory):
    path = tmp_path_factory.mktemp("vgg19") / "vgg19.npz"
    np.savez(path, **benchmark.random_vgg19())
    return path


def _channels_first(pictures):
    import torch

    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()


@pytest.mark.parametrize("size", [(36, 48), (41, 50)])
def test_the_network_in_pytorch_equals_ours(size):
    torch = pytest.importorskip("torch")
    import torch_twin

    network = ImageTransformationNetwork(width=0.1, blocks=2)
    network.build()
    random = np.random.default_rng(0)
    for weight in network.weights:
        # So that no weight can be left out without a trace.
        weight.assign_add(random.normal(0, 0.1, weight.shape))
    twin = torch_twin.ImageTransformationNetwork(network.named_weights())
    pictures = benchmark.soft_pictures(2, *size, seed=1)
    expected = network(pictures).numpy()
    crops = benchmark.soft_pictures(2, 32, 48, seed=2)
    with torch.no_grad():
        cropped = twin.stylize_crop(_channels_first(crops))
        found = twin(_channels_first(pictures)).permute(0, 2, 3, 1)
        bytes_ = twin.stylize_bytes(
            torch.from_numpy(pictures.astype(np.uint8))
        ).numpy()
    np.testing.assert_allclose(found, expected, atol=0.05)
    np.testing.assert_allclose(
        cropped.permute(0, 2, 3, 1), network.stylize_crop(crops), atol=0.05
    )
    assert bytes_.dtype == np.uint8
    assert np.abs(bytes_ - np.clip(expected, 0, 255)).max() < 0.6


def test_the_objective_in_pytorch_equals_ours(vgg19):
    pytest.importorskip("torch")
    import torch_twin

    settings = _SETTINGS
    layers = {
        *settings.resolved_style_layers(),
        settings.resolved_content_layer(),
    }
    perceptual = registry.perceptual_network(f"vgg19:{vgg19}", layers)
    photos, painting = benchmark.photos_and_painting(settings)
    pictures = benchmark.soft_pictures(2, 64, 64, seed=5) * 1.2 - 20
    pictures = pictures.astype("float32")  # Some out of range.
    objective = Objective(
        settings,
        perceptual,
        None,
        [style_target(settings, perceptual, painting)],
    )
    expected = objective(pictures, objective.targets(photos))
    twin = torch_twin.Objective(
        settings,
        torch_twin.VGG19(benchmark.random_vgg19()),
        _channels_first(painting[None]),
    )
    terms = twin.terms(_channels_first(pictures), _channels_first(photos))
    assert set(terms) == set(expected)
    terms["total"] = twin.total(terms)
    expected["total"] = objective.total(expected)
    for name, value in expected.items():
        assert float(value) > 0
        assert float(terms[name]) == pytest.approx(float(value), rel=1e-3)


def test_a_step_of_ours_and_of_pytorch_are_the_same(vgg19):
    settings = dataclasses.replace(
        _SETTINGS, perceptual_network=f"vgg19:{vgg19}"
    )
    network = benchmark.initial_network(settings.width, settings.blocks)
    weights = network.named_weights()

    def results(load):
        process = timed_process.TimedProcess(
            load, settings=settings, weights=weights, threads=1
        )
        process.stop()
        return process.results

    ours = results(benchmark.our_step)
    assert np.isfinite(ours["losses"]).all()
    if not _TORCH:
        pytest.skip("PyTorch is not installed")
    theirs = results(benchmark.torch_step)
    grey_levels, relative = benchmark.TOLERANCES["float32"]
    benchmark.require_same(
        "", ours["pictures"], theirs["pictures"], grey_levels
    )
    ratios = ours["losses"] / theirs["losses"]
    benchmark.require_same("", ratios, 1.0, relative)


def test_stylize_prints_a_table_or_names_the_extra():
    flags = "--rounds=1", "--width=0.1", "--picture_size=64,48"
    done = subprocess.run(
        [sys.executable, benchmark.__file__, "stylize", *flags],
        capture_output=True,
        text=True,
    )
    if not _TORCH:
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert "pip install 'fast-depth-style[benchmark]'" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    names = [line.split(" | ")[0] for line in done.stdout.splitlines()[2:]]
    assert names == ["| SavedModel", "| PyTorch", "| ONNX Runtime"]
