"""Runs as a person makes them: stopped, killed, continued, spoilt."""

import dataclasses
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from programs import Program
from tiny_material import contents

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.style_file import add_styles
from fast_depth_style.runs.losses import read_losses
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.training.build import build_trainer
from fast_depth_style.training.run import export_run, read_paintings, train
from fast_depth_style.training.saved_run import load_network, run_card

_TRAIN = pathlib.Path(__file__).parents[2].resolve() / "tools" / "train.py"


def _losses(workdir):
    rows = read_losses(workdir / "losses.csv")
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    return np.array([row["loss"] for row in rows])


def _checkpoint_steps(workdir):
    files = (workdir / "checkpoints").glob("step_*.npz")
    return sorted(int(path.stem.removeprefix("step_")) for path in files)


def _without_last_checkpoint(workdir, copy):
    shutil.copytree(workdir, copy)
    sorted((copy / "checkpoints").glob("step_*.npz"))[-1].unlink()
    return copy


@pytest.fixture(scope="module")
def finished(small, tmp_path_factory):
    """An uninterrupted run: its workdir."""
    workdir = tmp_path_factory.mktemp("finished")
    train(small, workdir)
    assert not (workdir / "model").exists()
    assert export_run(workdir) == workdir / "model" / "1"
    return workdir


@pytest.fixture
def start(command_line):
    """Starts tools/train.py in a process of its own."""
    started = []

    def start(settings, workdir, fresh=False):
        flags = command_line(settings, workdir)
        if fresh:
            process = subprocess.Popen(
                [sys.executable, _TRAIN, *flags],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        else:
            process = Program(_TRAIN, *flags)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def _wait(condition, process, pause=0.05):
    """Waits for something to happen while a process runs."""
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(pause)


def test_a_finished_run_is_all_there(finished, small):
    losses = _losses(finished)

    assert len(losses) == 20
    assert losses[-5:].mean() < 0.8 * losses[:5].mean()
    assert _checkpoint_steps(finished) == [16, 20]
    strips = sorted(path.name for path in (finished / "previews").iterdir())
    assert strips == [
        "latest.png",
        *(f"step_{step:07d}.png" for step in (1, 20)),
    ]
    with Image.open(finished / "previews" / "latest.png") as strip:
        # The photos, and the style without depth and with.
        assert strip.size == (4 * 64 + 3 * 4, 3 * 64 + 2 * 4)
    with Image.open(finished / "losses.png") as plot:
        assert plot.width > plot.height
    assert (
        (finished / "skipped.txt")
        .read_text()
        .startswith(f"{small.content}/broken.jpg: ")
    )
    hidden = {path.name for path in finished.rglob(".*")}
    assert hidden == {".fast_depth_style"}


@pytest.mark.parametrize("initial", ["workdir", "model"])
def test_a_run_may_start_from_a_trained_network(
    finished, small, tmp_path, initial
):
    model = finished if initial == "workdir" else finished / "model"
    settings = dataclasses.replace(small, initial_model=str(model), seed=1)

    network = build_trainer(
        settings, read_paintings(settings), jit=False
    ).network

    for weight, expected in zip(
        network.get_weights(), load_network(finished).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(weight, expected)
    wider = dataclasses.replace(settings, width=0.25)
    with pytest.raises(RequestError, match="--width=0.125 --blocks=1"):
        train(wider, tmp_path / "wider")
    assert not (tmp_path / "wider").exists()


def test_without_depth_its_dial_is_left_alone(finished):
    _, depth, stroke = np.moveaxis(load_network(finished).table, 1, 0)
    assert np.all(depth == 0)
    assert np.any(stroke != 0)


@pytest.fixture(scope="module")
def added(finished, small):
    """Settings of a run that adds a style to the finished one's network."""
    return dataclasses.replace(
        small,
        style=(small.style[0].replace("painting", "b"),),
        initial_model=str(finished),
        learn="vectors",
        steps=12,
        checkpoint_every=1,
    )


@pytest.fixture(scope="module")
def with_a_style(added, tmp_path_factory):
    """That run, uninterrupted: its workdir."""
    workdir = tmp_path_factory.mktemp("added") / "run"
    train(added, workdir)
    export_run(workdir)
    return workdir


def test_vectors_alone_may_be_learned(finished, with_a_style):
    before = load_network(finished)
    after = load_network(with_a_style)

    for one, other in zip(before.variables, after.variables, strict=True):
        same = np.array_equal(one, other)
        assert same == (one is not before.table)
    painted = add_styles(before, [with_a_style / "b.style"])
    np.testing.assert_allclose(painted.table[1], after.table[0], atol=2e-3)


def test_an_added_style_survives_a_kill(added, with_a_style, start, tmp_path):
    """In a run among its photos: what it draws is none of them."""
    photos = shutil.copytree(added.content, tmp_path / "photos")
    workdir = photos / "run"
    settings = dataclasses.replace(added, content=str(photos))
    process = start(settings, workdir)
    _wait(lambda: _checkpoint_steps(workdir), process)
    process.kill()
    process.wait()
    assert not (workdir / "b.style").exists()

    process = start(settings, workdir)
    _, err = process.communicate()

    assert process.returncode == 0, err
    rows = []
    for run in (with_a_style, workdir):
        with np.load(run / "b.style") as file:
            rows.append(file["rows"])
    np.testing.assert_allclose(*rows, atol=2e-3)


def test_an_added_style_has_the_dials_of_the_others(added, tmp_path):
    settings = dataclasses.replace(added, dials=False)

    with pytest.raises(RequestError, match="give --dials"):
        train(settings, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_exported_model_is_the_trained_network(finished):
    photo = np.random.default_rng(0).integers(0, 256, (1, 50, 70, 3), "uint8")
    model = load_styled(
        finished / "model", StylizeSettings(depth=0.25, stroke=1.0)
    )
    exported = model.signatures["serving_default"](image=tf.constant(photo))

    network = load_network(finished)
    vectors = network.vectors(
        np.ones((1, 1), "float32"), np.array([[0.25, 1.0]], "float32")
    )
    painted = network(photo.astype("float32"), vectors).numpy()

    np.testing.assert_allclose(
        exported["stylized_image"].numpy(),
        np.clip(np.rint(painted), 0, 255),
        atol=1,
    )


_SEED = int(os.environ.get("KILLS_SEED", "0"))
_KILLS = int(os.environ.get("KILLS", "1"))


@pytest.mark.parametrize("seed", range(_SEED, _SEED + _KILLS))
def test_losses_survive_kills_at_any_moment(
    seed, finished, small, start, tmp_path
):
    # A checkpoint after every step, so that one is being written most often.
    settings = dataclasses.replace(small, checkpoint_every=1)
    workdir = tmp_path / "run"
    moment = random.Random(seed)

    def reached(step):
        return lambda: max(_checkpoint_steps(workdir), default=0) >= step

    # Killed while a checkpoint is being written.
    process = start(settings, workdir)
    _wait(reached(moment.randint(2, 5)), process)

    def writing():
        return [*(workdir / "checkpoints").glob(".*.writing.npz")]

    _wait(writing, process, pause=0.0005)
    process.kill()
    process.wait()
    left = _checkpoint_steps(workdir)[-1]
    assert left < 20

    for number, code, says in (
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
    ):
        # Ctrl-C, in a process that has nothing from these tests.
        process = start(settings, workdir, fresh=number == signal.SIGINT)
        _wait(reached(left + 1), process)
        time.sleep(moment.uniform(0, 0.1))
        process.send_signal(number)
        out, err = process.communicate()
        assert process.returncode == code
        left = _checkpoint_steps(workdir)[-1]
        assert f"Stopped after step {left} of 20; the same command" in out
        assert err.endswith(f"train.py: {says}\n")
        assert len(_losses(workdir)) == left < 20

    # To the end. What an earlier part of the run met stays.
    skipped = workdir / "skipped.txt"
    skipped.write_text("gone.jpg: no such file\n")
    process = start(settings, workdir)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert f"the model is in {workdir / 'model'}" in out
    assert f"Skipped 2 photos that cannot be used: see {skipped}" in out
    assert "gone.jpg: " in skipped.read_text()
    assert "broken.jpg: " in skipped.read_text()
    assert (workdir / "model" / "1" / "saved_model.pb").exists()
    np.testing.assert_allclose(_losses(workdir), _losses(finished), rtol=1e-5)
    assert not list((workdir / "checkpoints").glob(".*"))
    last = err.rstrip("\n").rpartition("\n")[2]
    assert re.search(r"20/20 .*\d\d:\d\d<00:00, .* images/s, loss ", last)
    for term in ("style", "content", "tv", "lattice", "range"):
        assert re.search(rf"{term} \d+%", last)


def test_what_is_not_finished_is_not_exported(finished, tmp_path):
    copy = _without_last_checkpoint(finished, tmp_path / "run")
    shutil.rmtree(copy / "model")

    with pytest.raises(RequestError, match="16 of 20 steps are done"):
        export_run(copy)
    assert not (copy / "model").exists()
    with pytest.raises(RequestError, match="holds no training run"):
        export_run(tmp_path)
    assert not (copy / "model").exists()


def test_a_finished_run_is_left_alone(finished, small):
    before = contents(finished)

    train(small, finished)

    assert contents(finished) == before
    other = dataclasses.replace(small, style_weight=4.0, batch_size=3)

    with pytest.raises(RequestError) as refused:
        train(other, finished)
    assert "style_weight was 10.0 and is now 4.0" in str(refused.value)
    assert "batch_size was 2 and is now 3" in str(refused.value)
    assert contents(finished) == before


def test_a_run_may_be_ended_where_it_is(finished, small, tmp_path):
    workdir = _without_last_checkpoint(finished, tmp_path / "run")
    shutil.rmtree(workdir / "model")

    train(dataclasses.replace(small, steps=10), workdir)

    assert export_run(workdir).exists()
    card = run_card(workdir)
    assert (card["steps_done"], card["settings"]["steps"]) == (16, 10)


def test_a_narrow_painting_is_refused(small, tmp_path):
    Image.new("RGB", (4000, 20)).save(tmp_path / "narrow.png")
    narrow = dataclasses.replace(small, style=str(tmp_path / "narrow.png"))

    with pytest.raises(RequestError, match="4000x20 pixels, more than 8 times"):
        train(narrow, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_that_diverges_keeps_what_was_good(
    finished, small, start, tmp_path
):
    workdir = _without_last_checkpoint(finished, tmp_path / "run")
    good = workdir / "checkpoints" / "step_0000016.npz"
    with np.load(good) as file:
        arrays = {name: file[name] for name in file.files}
    kernels = [name for name, array in arrays.items() if array.ndim == 4]
    paint = [name for name in kernels if name.startswith("network/")][-1]
    arrays[paint] *= 1e30
    before = good.read_bytes()
    np.savez(workdir / "checkpoints" / "step_0000018.npz", **arrays)

    process = start(small, workdir)
    _, err = process.communicate()

    assert process.returncode == 1
    line = err.rstrip("\n").rpartition("\n")[2]
    assert line.startswith("train.py: training diverged at step 19: ")
    assert f"{good} is intact" in line and "--learning_rate" in line
    assert "Traceback" not in err
    assert _checkpoint_steps(workdir) == [16]
    assert good.read_bytes() == before
