"""A network of several styles with dials, in every format."""

import base64
import json

import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.encoded_pictures import (
    decode_pictures,
    encode_pictures,
)
from fast_depth_style.exporting.export import STYLES, export
from fast_depth_style.exporting.settings import FORMATS, ExportSettings
from fast_depth_style.exporting.tflite import read_tflite
from fast_depth_style.networks.onnx_graph import runner
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings

_PHOTO = np.random.default_rng(0).integers(0, 256, (1, 40, 52, 3), np.uint8)
_STYLE = np.array([[0.0, 0.75, 0.25]], "float32")
_DIALS = np.array([[0.25, 1.0]], "float32")
_TEXT = "udnie:3,scream:1"
_SETTINGS = StylizeSettings(style=_TEXT, depth=0.25, stroke=1.0)


@pytest.fixture(scope="module")
def expected(styled_network):
    vectors = styled_network.vectors(_STYLE, _DIALS)
    painted = styled_network(_PHOTO.astype("float32"), vectors)
    return np.clip(np.rint(painted), 0, 255)


def test_signatures_take_a_style_and_dials(styled_model, expected):
    model = tf.saved_model.load(str(styled_model / "1"))
    asked = {
        "depth": tf.constant(_DIALS[:, 0]),
        "stroke": tf.constant(_DIALS[:, 1]),
    }
    photo = tf.constant(_PHOTO)

    run = model.signatures["serving_default"]
    (painted,) = run(image=photo, style=tf.constant(_STYLE), **asked).values()
    run = model.signatures["encoded"]
    data = encode_pictures(photo)
    (encoded,) = run(
        image_bytes=data, style=tf.constant([_TEXT]), **asked
    ).values()

    np.testing.assert_allclose(painted, expected, atol=1)
    np.testing.assert_allclose(decode_pictures(encoded), expected, atol=1)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="great_wave, udnie, scream"
    ):
        run(image_bytes=data, style=tf.constant(["monet"]), **asked)


def test_a_model_is_loaded_for_one_style(styled_model, expected):
    model = load_styled(styled_model, _SETTINGS)
    painted = tiles.stylize(model, _PHOTO[0])
    np.testing.assert_allclose(painted, expected[0], atol=1)

    given = tiles.statistics(model, np.tile(_PHOTO[0], (4, 4, 1)))
    assert np.isfinite(given).all()
    plain = tiles.stylize(load_styled(styled_model), _PHOTO[0])
    assert np.abs(plain.astype(int) - painted).mean() > 1


@pytest.mark.parametrize(
    "asked, says",
    [
        ({"style": "monet"}, "no style 'monet'; there are great_wave, udnie"),
        ({"depth": 1.5}, "--depth=1.5: must be at most 1"),
        ({"stroke": float("nan")}, "--stroke=nan: give a finite number"),
    ],
)
def test_what_a_model_has_not_is_refused(styled_model, asked, says):
    with pytest.raises(RequestError, match=says):
        load_styled(styled_model, StylizeSettings(**asked))


def test_a_model_of_one_style_has_nothing_to_choose(small_model):
    load_styled(small_model)
    with pytest.raises(RequestError, match="--depth=0.5: this model has one"):
        load_styled(small_model, StylizeSettings(depth=0.5))


def test_apps_get_the_vectors_beside_their_files(
    styled_network, expected, tmp_path
):
    # Not int8: random weights are no network whose ranges photos show.
    formats = tuple(name for name in FORMATS if name != "tflite_int8")
    settings = ExportSettings(formats=formats, sizes=("52x40",))
    export(styled_network, tmp_path / "made", settings, show=lambda _: None)

    # As an app makes a vector.
    found = json.loads((tmp_path / "made" / STYLES).read_text())
    assert found["styles"] == ["great_wave", "udnie", "scream"]
    assert found["dials"] == ["depth", "stroke"]
    data = base64.b64decode(found["table_base64"])
    table = np.frombuffer(data, "<f4").reshape(found["shape"])
    vector = sum(
        w * (row[0] + 0.25 * row[1] + 1.0 * row[2])
        for w, row in zip(_STYLE[0], table, strict=True)
    ).astype("float32")
    photo = _PHOTO.astype("float32")
    for read, name, tolerance in (
        (runner, "onnx/float32.onnx", 1),
        (read_tflite, "tflite/float32_52x40.tflite", 1),
        (read_tflite, "tflite/float16_dynamic.tflite", 2),
    ):
        run = read((tmp_path / "made" / name).read_bytes())
        np.testing.assert_allclose(run(photo, vector), expected, atol=tolerance)
