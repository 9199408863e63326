import hashlib
import json
import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_material import contents, network

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting import saved_model, signatures
from fast_depth_style.exporting.card import write_card
from fast_depth_style.exporting.saved_model import (
    export_saved_model,
    read_card,
    read_model,
    read_network,
)
from fast_depth_style.exporting.signatures import (
    SIGNATURES,
    ExportError,
    make_signatures,
)
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings


def _pictures(*shape):
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def test_every_signature_equals_the_network(small_network, small_model):
    found = tf.saved_model.load(str(small_model / "1")).signatures
    pictures = _pictures(2, 37, 50, 3)
    floats = pictures.astype(np.float32)
    painted = small_network(floats).numpy()
    expected = np.clip(np.round(painted), 0, 255).astype(int)
    assert 0 < np.mean(expected != np.round(painted))  # Clipping is tried.

    got = found["float"](image=floats)["stylized_image"]
    np.testing.assert_allclose(got, painted, atol=0.05)
    got = found["serving_default"](image=pictures)["stylized_image"]
    assert got.dtype == tf.uint8
    assert np.abs(got.numpy() - expected).max() <= 1
    given = found["statistics"](images=pictures)["statistics"]
    np.testing.assert_allclose(
        given, small_network.statistics(floats), rtol=1e-3, atol=1e-3
    )
    got = found["tile"](image=pictures[:1], statistics=given)
    tile = small_network.stylize_tile(floats[:1], given).numpy()
    tile = np.clip(np.round(tile), 0, 255).astype(int)
    assert np.abs(got["stylized_image"].numpy() - tile).max() <= 1
    files = tf.io.encode_png(pictures)
    got = found["encoded"](image_bytes=files)["stylized_image_bytes"]
    for png, picture in zip(got.numpy(), expected, strict=True):
        assert np.abs(tf.io.decode_png(png) - picture).max() <= 1


def test_exporting_twice_gives_the_same_files(
    small_network, small_model, tmp_path
):
    export_saved_model(small_network, tmp_path / "again", {"name": "Small"})
    assert contents(tmp_path / "again") == contents(small_model)
    version = str(tmp_path / "again" / "1")
    fingerprint = tf.saved_model.experimental.read_fingerprint(version)
    assert fingerprint.saved_model_checksum > 0


def test_tensorflow_serving_reads_the_warm_up_requests(small_model):
    apis = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    path = small_model / "1/assets.extra/tf_serving_warmup_requests"
    assert path.stat().st_size < 4096
    model = tf.saved_model.load(str(small_model / "1"))
    found = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = apis.PredictionLog.FromString(record.numpy())
        # Nothing that this version does not know.
        assert log.SerializeToString(deterministic=True) == record.numpy()
        request = log.predict_log.request
        inputs = {n: tf.make_ndarray(v) for n, v in request.inputs.items()}
        inputs = {name: tf.constant(value) for name, value in inputs.items()}
        found.append(request.model_spec.signature_name)
        model.signatures[found[-1]](**inputs)
    assert found == ["serving_default", "encoded"]


def test_a_network_of_mixed_precision_replaces_the_one_before_in_float32(
    small_model, tmp_path
):
    folder = shutil.copytree(small_model, tmp_path / "wave")
    (folder / "sample.png").write_bytes(b"mine")
    rough = network(1, dtype="mixed_bfloat16")
    exact = network(1, dtype="float32")
    exact.set_weights(rough.get_weights())
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        export_saved_model(rough, folder, {"name": "second"})
    finally:
        keras.config.set_dtype_policy("float32")
    assert (folder / "sample.png").read_bytes() == b"mine"
    assert read_card(folder)["name"] == "second"
    assert [*tmp_path.iterdir()] == [folder]
    pictures = _pictures(1, 24, 24, 3).astype(np.float32)
    got = read_model(folder).signatures["float"](image=pictures)
    np.testing.assert_allclose(
        got["stylized_image"], exact(pictures), atol=0.05
    )
    # The tolerance tells the two precisions apart.
    assert np.abs(rough(pictures) - exact(pictures)).max() > 0.1


def test_the_card_describes_the_model(small_network, small_model):
    card = json.loads((small_model / "card.json").read_text())
    assert card["network"] == {
        **small_network.get_config(),
        "parameters": small_network.count_params(),
    }
    assert card["versions"]["tensorflow"] == tf.__version__
    assert card["files"] == {
        path: hashlib.sha256(content).hexdigest()
        for path, content in contents(small_model).items()
        if path.startswith("1/") and not path.endswith("/card.json")
    }
    assert read_card(small_model) == card and card["name"] == "Small"
    inner = small_model / "1" / "assets.extra" / "card.json"
    assert inner.read_bytes() == (small_model / "card.json").read_bytes()


def test_the_card_is_shown_as_a_list(tmp_path):
    (tmp_path / "1").mkdir()
    terms = {"style": 0.123456, "steps": 7}
    write_card(tmp_path, {"name": "The Wave", "final_terms": terms})
    lines = (tmp_path / "README.md").read_text().splitlines()
    assert lines[0] == "# The Wave"
    at = lines.index("- **final terms**")
    assert lines[at + 1 : at + 3] == [
        "  - **style**: 0.1235",
        "  - **steps**: 7",
    ]


def test_a_failed_export_leaves_the_one_before(
    small_model, tmp_path, monkeypatch
):
    folder = shutil.copytree(small_model, tmp_path / "wave")
    before = contents(folder)
    verify = saved_model.verify_signatures
    # What was written is another network: the verification must find out.
    monkeypatch.setattr(
        saved_model,
        "verify_signatures",
        lambda _, model, names: verify(
            make_signatures(network(5)), model, names
        ),
    )
    with pytest.raises(ExportError, match="differs from the network"):
        export_saved_model(network(1), folder, {})
    assert contents(folder) == before
    assert [*tmp_path.iterdir()] == [folder]


def test_nan_is_not_taken_for_equal():
    expected = np.zeros((1, 2, 2, 3), np.float32)
    actual = expected.copy()
    signatures._compare("float", actual, expected)
    actual[0, 0, 0, 0] = np.nan
    with pytest.raises(ExportError, match="'float' differs"):
        signatures._compare("float", actual, expected)


def test_a_model_is_found_by_every_name_it_goes_by(
    small_model, tmp_path, monkeypatch
):
    (tmp_path / "model").symlink_to(small_model)
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "9").mkdir()  # Not a model.
    (versions / "10").symlink_to(small_model / "1")
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    odd.symlink_to(small_model)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (small_model, small_model / "1", "~", versions, odd):
        # Of one style there are no regions.
        assert {*read_model(path).signatures} == {
            name for name in SIGNATURES if not name.startswith("region")
        }


def test_every_weight_comes_back_to_its_place(
    small_network, small_model, styled_network, styled_model
):
    for path, exported in (
        (small_model, small_network),
        (small_model / "1", small_network),
        (styled_model, styled_network),
    ):
        read = read_network(path)
        assert read.get_config() == exported.get_config()
        for weight, expected in zip(
            read.get_weights(), exported.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(weight, expected)


def test_a_model_without_its_card_is_refused(small_model, tmp_path):
    folder = shutil.copytree(small_model, tmp_path / "copy")
    card = folder / "card.json"
    described = json.loads(card.read_text())
    described["network"]["width"] = 0.2
    for text, message in (
        (None, "not a card"),
        ("[]", "not a card"),
        ("{}", "describes no network"),
        (json.dumps(described), "describes another network"),
    ):
        card.unlink() if text is None else card.write_text(text)
        with pytest.raises(RequestError, match=message):
            read_network(folder)


def test_a_model_of_an_older_version_paints_and_does_no_more(
    small_network, small_model, tmp_path
):
    """It has four signatures, and a card that names no styles."""
    folder = shutil.copytree(small_model, tmp_path / "old")
    shutil.rmtree(folder / "1")
    root = tf.Module()
    root.weights = [variable.value for variable in small_network.variables]
    old = make_signatures(small_network, SIGNATURES[:4])
    tf.saved_model.save(root, str(folder / "1"), signatures=old)
    card = json.loads((folder / "card.json").read_text())
    del card["network"]["styles"], card["network"]["dials"]
    (folder / "card.json").write_text(json.dumps(card))
    photo = _pictures(40, 60, 3)

    painted = tiles.stylize(load_styled(folder), photo)

    now = tiles.stylize(load_styled(small_model), photo)
    np.testing.assert_array_equal(painted, now)
    with pytest.raises(RequestError, match="has one style without dials"):
        load_styled(folder, StylizeSettings(depth=0.5))
    with pytest.raises(RequestError, match="was made by version 0.1.0"):
        read_network(folder)


def test_what_is_no_model_is_refused_in_one_line(tmp_path):
    (tmp_path / "text").write_text("")
    (tmp_path / "empty").mkdir()
    foreign = tf.Module()
    foreign.f = tf.function(
        lambda x: x, input_signature=[tf.TensorSpec((), "float32")]
    )
    tf.saved_model.save(foreign, str(tmp_path / "foreign"))
    for name, message in (
        ("nowhere", "no such folder"),
        ("text", "not a folder"),
        ("empty", "no exported model"),
        ("foreign", "no signature"),
    ):
        with pytest.raises(RequestError, match=message) as error:
            read_model(tmp_path / name)
        assert "\n" not in str(error.value)


_GRAPH = "saved_model.pb"
_INDEX = "variables/variables.index"
_DATA = "variables/variables.data-00000-of-00001"
_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


@pytest.mark.parametrize(
    "name,content,message",
    [
        (_GRAPH, _POINTER, f"{_GRAPH} is a pointer of git-LFS: run git lfs"),
        (_GRAPH, b"", f"{_GRAPH} is empty"),
        (_GRAPH, b"\xff" * 99, "one of its files is cut or changed"),
        (_GRAPH, 5000, "one of its files is cut or changed"),
        (_INDEX, None, f"{_INDEX} is missing: copy the model again"),
        (_INDEX, b"", f"{_INDEX} is empty"),
        (_INDEX, 100, "one of its files is cut or changed"),
        (_DATA, None, f"{_DATA} is missing"),
        (_DATA, b"", f"{_DATA} is empty"),
        (_DATA, _POINTER, f"{_DATA} is a pointer of git-LFS: run git lfs"),
        (_DATA, 5000, "one of its files is cut or changed"),
        (_DATA, -1, "one of its files is cut or changed"),
    ],
    ids=repr,
)
def test_a_damaged_file_is_named_with_what_to_do(
    small_model, tmp_path, name, content, message
):
    folder = shutil.copytree(small_model, tmp_path / "copy")
    path = folder / "1" / name
    if isinstance(content, int):
        content = path.read_bytes()[:content]
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(RequestError) as error:
        read_model(folder)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert str(error.value).startswith(str(folder))


def test_other_peoples_folders_are_left_alone(small_network, tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(RequestError, match="--output=.* holds other files"):
        export_saved_model(small_network, tmp_path, {})
    assert contents(tmp_path) == {"README.md": b"mine"}
