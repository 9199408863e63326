"""A small network learns the pictures of a trained one."""

import dataclasses

import keras
import numpy as np
import pytest

from fast_depth_style.content.folder import open_content
from fast_depth_style.errors import RequestError
from fast_depth_style.runs.losses import read_losses
from fast_depth_style.training.build import build_trainer
from fast_depth_style.training.run import read_paintings, train
from fast_depth_style.training.saved_run import load_network


@pytest.fixture(scope="module")
def student(small, small_model):
    """Settings of a run on a teacher alone, without any other network."""
    return dataclasses.replace(
        small,
        teacher=str(small_model),
        # Would be refused if anybody looked at it.
        perceptual_network="vgg19:none.npz",
        style_weight=0.0,
        content_weight=0.0,
        learning_rate=4e-3,
    )


@pytest.fixture(scope="module")
def workdir(student, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("student")
    train(student, workdir)
    return workdir


def test_the_pictures_of_a_teacher_are_learned(workdir):
    rows = read_losses(workdir / "losses.csv")

    assert {name for name in rows[0] if not name.endswith("_share")} == {
        "step",
        "loss",
        "distillation",
        "tv",
        "lattice",
        "range",
    }
    learned = [row["distillation"] for row in rows]
    assert np.mean(learned[-4:]) < 0.7 * np.mean(learned[:4])
    assert np.any(load_network(workdir).table[:, 1] != 0)


@pytest.mark.parametrize("mixed_precision", [False, True])
def test_a_network_is_its_own_best_student(student, workdir, mixed_precision):
    """Of a run as of a model: nothing is left to learn but what is clipped."""
    settings = dataclasses.replace(
        student, teacher=str(workdir), mixed_precision=mixed_precision
    )
    trainer = build_trainer(settings, read_paintings(settings), jit=False)
    network = load_network(workdir)
    trainer.network.set_weights(network.get_weights())
    source = open_content(settings.content)
    photos = np.stack([source.crop(i, 64, 0) for i in range(2)])

    asked = np.ones((2, 1), "float32"), np.array([[0, 1], [1, 0.5]], "float32")
    step = keras.ops.zeros((), "int32")
    terms = trainer(photos.astype("float32"), *asked, step)

    clipped = float(terms["range"]) * 127.5**2
    (painting,) = read_paintings(settings)
    variance = np.var(painting, axis=(0, 1)).mean()
    np.testing.assert_allclose(
        float(terms["distillation"]), clipped / variance, atol=1e-6
    )


def test_no_teacher_there_is_a_wrong_request(student, tmp_path):
    settings = dataclasses.replace(student, teacher=str(tmp_path / "none"))

    with pytest.raises(RequestError, match="none: no such folder"):
        train(settings, tmp_path / "run")
    assert not (tmp_path / "run").exists()
