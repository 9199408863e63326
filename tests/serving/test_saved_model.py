import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.requests import RequestError
from fast_depth_style.serving import saved_model
from fast_depth_style.serving.saved_model import (
    ExportError,
    export_saved_model,
    read_card,
    read_model,
)


def _network(seed=0, dtype=None):
    keras.utils.set_random_seed(seed)
    network = Transformer(width=0.1, blocks=1, dtype=dtype)
    network.build()
    for weight in network.trainable_weights:
        # So that no weight can be lost without a trace.
        weight.assign_add(keras.random.normal(weight.shape, stddev=0.1))
    return network


def _pictures(*shape):
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


@pytest.fixture
def exported(small_network, small_model):
    return small_network, small_model


def test_every_signature_equals_the_network(exported):
    network, folder = exported
    signatures = tf.saved_model.load(str(folder / "1")).signatures
    pictures = _pictures(2, 37, 50, 3)
    floats = pictures.astype(np.float32)
    painted = network(floats).numpy()
    expected = np.clip(np.round(painted), 0, 255).astype(int)
    assert 0 < np.mean(expected != np.round(painted))  # Clipping is tried.

    got = signatures["float"](image=floats)["stylized_image"]
    np.testing.assert_allclose(got, painted, atol=0.05)
    got = signatures["serving_default"](image=pictures)["stylized_image"]
    assert got.dtype == tf.uint8
    assert np.abs(got.numpy() - expected).max() <= 1
    given = signatures["statistics"](images=pictures)["statistics"]
    np.testing.assert_allclose(
        given, network.statistics(floats), rtol=1e-3, atol=1e-3
    )
    got = signatures["tile"](image=pictures[:1], statistics=given)
    tile = network.stylize_tile(floats[:1], given).numpy()
    tile = np.clip(np.round(tile), 0, 255).astype(int)
    assert np.abs(got["stylized_image"].numpy() - tile).max() <= 1
    files = tf.io.encode_png(pictures)
    got = signatures["encoded"](image_bytes=files)["stylized_image_bytes"]
    for png, picture in zip(got.numpy(), expected, strict=True):
        assert np.abs(tf.io.decode_png(png) - picture).max() <= 1


def test_exporting_twice_gives_the_same_files(exported, tmp_path):
    network, folder = exported
    export_saved_model(network, tmp_path / "again", {"name": "Small"})
    assert _snapshot(tmp_path / "again") == _snapshot(folder)


def test_the_warm_up_requests_can_be_served(exported):
    _, folder = exported
    extra = folder / "1" / "assets.extra"
    records = [
        record.numpy()
        for record in tf.data.TFRecordDataset(
            str(extra / "tf_serving_warmup_requests")
        )
    ]
    assert len(records) == 2
    assert b"serving_default" in records[0] and b"encoded" in records[1]
    assert sum(map(len, records)) < 4096
    png = records[1][records[1].index(b"\x89PNG") :]
    signatures = tf.saved_model.load(str(folder / "1")).signatures
    signatures["encoded"](image_bytes=tf.constant([png]))


def test_a_network_of_mixed_precision_replaces_the_one_before_in_float32(
    small_model, tmp_path
):
    folder = shutil.copytree(small_model, tmp_path / "wave")
    (folder / "sample.png").write_bytes(b"mine")
    network = _network(1, "mixed_bfloat16")
    exact = _network(1, "float32")
    exact.set_weights(network.get_weights())
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        export_saved_model(network, folder, {"name": "second"})
    finally:
        keras.config.set_dtype_policy("float32")
    assert (folder / "sample.png").read_bytes() == b"mine"
    assert json.loads((folder / "card.json").read_text())["name"] == "second"
    assert list(tmp_path.iterdir()) == [folder]
    pictures = _pictures(1, 24, 24, 3).astype(np.float32)
    got = read_model(folder).signatures["float"](image=pictures)
    np.testing.assert_allclose(
        got["stylized_image"], exact(pictures), atol=0.05
    )
    # The tolerance tells the two precisions apart.
    assert np.abs(network(pictures) - exact(pictures)).max() > 0.1


def test_the_card_describes_the_network(exported):
    network, folder = exported
    card = json.loads((folder / "card.json").read_text())
    assert card["network"] == {
        "width": 0.1,
        "blocks": 1,
        "parameters": network.count_params(),
    }
    assert set(card["files"]) == {
        str(path.relative_to(folder))
        for path in (folder / "1").rglob("*")
        if path.is_file() and path.name != "card.json"
    }
    assert read_card(folder) == {"name": "Small"}
    inner = folder / "1" / "assets.extra" / "card.json"
    assert inner.read_bytes() == (folder / "card.json").read_bytes()


def _snapshot(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_failed_export_leaves_the_one_before(
    small_model, tmp_path, monkeypatch
):
    folder = shutil.copytree(small_model, tmp_path / "wave")
    before = _snapshot(folder)
    write = saved_model._write
    # What is written is another network: the verification must find out.
    monkeypatch.setattr(
        saved_model, "_write", lambda network, to: write(_network(5), to)
    )
    with pytest.raises(ExportError, match="differs from the network"):
        export_saved_model(_network(1), folder, {})
    assert _snapshot(folder) == before
    assert list(tmp_path.iterdir()) == [folder]


def test_nan_is_not_taken_for_equal():
    expected = np.zeros((1, 2, 2, 3), np.float32)
    actual = expected.copy()
    saved_model._compare("float", actual, expected)
    actual[0, 0, 0, 0] = np.nan
    with pytest.raises(ExportError, match="'float' differs"):
        saved_model._compare("float", actual, expected)


def test_a_model_is_found_by_every_name_it_goes_by(exported, tmp_path):
    _, folder = exported
    (tmp_path / "model").symlink_to(folder)
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "9").mkdir()  # Not a model.
    (versions / "10").symlink_to(folder / "1")
    for path in (folder, folder / "1", tmp_path, versions):
        assert set(read_model(path).signatures) == set(saved_model.SIGNATURES)


def test_what_is_no_model_is_refused_in_one_line(exported, tmp_path):
    _, folder = exported
    (tmp_path / "text").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged" / "1").mkdir(parents=True)
    (tmp_path / "damaged" / "1" / "saved_model.pb").write_bytes(b"\xff" * 99)
    foreign = tf.Module()
    foreign.f = tf.function(
        lambda x: x, input_signature=[tf.TensorSpec((), "float32")]
    )
    tf.saved_model.save(foreign, str(tmp_path / "foreign"))
    for name, message in (
        ("nowhere", "no such folder"),
        ("text", "not a folder"),
        ("empty", "no exported model"),
        ("damaged", "damaged"),
        ("foreign", "no signature"),
    ):
        with pytest.raises(RequestError, match=message) as error:
            read_model(tmp_path / name)
        assert "\n" not in str(error.value)
