"""The public functions, as the README calls them."""

import numpy as np
import pytest
from PIL import Image
from tiny_material import small_run

import fast_depth_style as fds


@pytest.fixture(scope="module")
def model(material, tmp_path_factory):
    """The folder of a trained model, `run/model`."""
    workdir = tmp_path_factory.mktemp("api") / "run"
    return fds.train(small_run(material, steps=2), workdir)


def test_what_was_trained_stylizes_arrays_and_images(model, material):
    image = Image.open(material / "photo.png")
    array = np.asarray(image)

    painted = fds.stylize(array, model)
    painting = fds.stylize(image, str(model))

    assert painted.shape == array.shape and painted.dtype == np.uint8
    np.testing.assert_array_equal(np.asarray(painting), painted)
    with pytest.raises(fds.RequestError, match="none"):
        fds.stylize(array, material / "none")


def test_a_training_is_exported(model, material, tmp_path):
    settings = fds.ExportSettings(formats=("saved_model",), sizes=("32",))

    written = fds.export(model.parent, tmp_path / "made", settings)

    assert written == [tmp_path / "made" / "1"]
    with pytest.raises(fds.RequestError, match="holds other files"):
        fds.export(model.parent, material, settings)


def test_no_package_hides_a_function(model):
    """Importing a package `a.b` sets `b` of `a`, whatever was there."""
    for name in fds.__all__:
        assert callable(getattr(fds, name)), name


def test_a_picture_is_optimized(material):
    photo = Image.open(material / "photos" / "0.png")
    painting = np.asarray(Image.open(material / "painting.png"))
    settings = fds.OptimizationSettings(
        perceptual_network=f"vgg19:{material / 'vgg19.npz'}",
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


def test_a_model_is_evaluated(model, material, tmp_path):
    (table,) = fds.evaluate(
        fds.EvaluationSettings(
            models=(str(model),),
            style=str(material / "painting.png"),
            content=str(material / "photos"),
            photos=2,
            depth_network=("compact",),
            perceptual_network="compact",
            output=str(tmp_path / "report"),
            image_size=64,
            style_size=64,
        )
    )

    assert len(table.photos) == 2
    assert (tmp_path / "report" / "index.html").is_file()
