"""The public functions, as the README calls them."""

import numpy as np
import pytest
from PIL import Image
from tiny_material import picture, vgg19_weights

import fast_depth_style as fds


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    random = np.random.default_rng(0)
    picture(random, 70, 80).save(folder / "painting.png")
    (folder / "photos").mkdir()
    for name in "ab":
        picture(random, 80, 90).save(folder / "photos" / f"{name}.png")
    np.savez(folder / "vgg19.npz", **vgg19_weights(random))
    return folder


@pytest.fixture(scope="module")
def model(folder):
    settings = fds.preset(
        "quick",
        style=str(folder / "painting.png"),
        content=str(folder / "photos"),
        depth_network="none",
        width=0.125,
        blocks=1,
        image_size=64,
        style_size=64,
        steps=2,
    )
    return fds.train(settings, folder / "run")


def test_what_was_trained_stylizes_arrays_and_images(model, folder):
    image = Image.open(folder / "photos" / "a.png")
    array = np.asarray(image)

    painted = fds.stylize(array, model)
    painting = fds.stylize(image, str(model))

    assert painted.shape == array.shape and painted.dtype == np.uint8
    np.testing.assert_array_equal(np.asarray(painting), painted)
    with pytest.raises(fds.RequestError, match="none"):
        fds.stylize(array, folder / "none")


@pytest.mark.parametrize("source", ["run", "run/model"])
def test_a_training_or_a_model_is_exported(model, folder, source, tmp_path):
    settings = fds.ExportSettings(formats=("saved_model",))

    written = fds.export(folder / source, tmp_path / "made", settings)

    assert written == [tmp_path / "made" / "1"]
    with pytest.raises(fds.RequestError, match="holds other files"):
        fds.export(folder / source, folder, settings)


def test_no_package_hides_a_function(model):
    """Importing a package `a.b` sets `b` of `a`, whatever was there."""
    for name in fds.__all__:
        assert callable(getattr(fds, name)), name


def test_a_picture_is_optimized(folder):
    photo = Image.open(folder / "photos" / "a.png")
    painting = np.asarray(Image.open(folder / "painting.png"))
    settings = fds.OptimizationSettings(
        perceptual_network=f"vgg19:{folder / 'vgg19.npz'}",
        depth_network="none",
        style_layers=("relu1_1",),
        content_layer="relu1_1",
        iterations=2,
        size=48,
        scales=1,
    )

    image = fds.optimize(photo, painting, settings)
    array = fds.optimize(np.asarray(photo), [painting], settings)

    assert max(image.size) == 48
    np.testing.assert_array_equal(np.asarray(image), array)


def test_a_model_is_evaluated(model, folder, tmp_path):
    (table,) = fds.evaluate(
        fds.EvaluationSettings(
            models=(str(model),),
            style=str(folder / "painting.png"),
            content=str(folder / "photos"),
            depth_network=("compact",),
            perceptual_network="compact",
            output=str(tmp_path / "report"),
            image_size=64,
            style_size=64,
        )
    )

    assert len(table.photos) == 2
    assert (tmp_path / "report" / "index.html").is_file()
