"""A network as a SavedModel: written, verified, read again.

The file needs nothing but TensorFlow. Its signatures, all with dynamic sizes:

| signature         | inputs                                 | output         |
|-------------------|----------------------------------------|----------------|
| `serving_default` | `image` (b, h, w, 3) uint8             | `stylized_image` (b, h, w, 3) uint8 |
| `float`           | `image` (b, h, w, 3) float32, 0..255   | `stylized_image` (b, h, w, 3) float32, unclipped |
| `statistics`      | `images` (n, h, w, 3) uint8, patches of one picture | `statistics` (2, c) float32 |
| `tile`            | `image` (b, h, w, 3) uint8, `statistics` (2, c) float32 | `stylized_image` (b, h, w, 3) uint8 |
| `encoded`         | `image_bytes` (b,) string: JPEG, PNG, WebP | `stylized_image_bytes` (b,) string: PNG |

`statistics` and `tile` stylize a picture that is too large to be taken whole:
see `fast_depth_style.stylization.tiles`. What `encoded` takes and refuses is in
`fast_depth_style.serving.encoded_pictures`.

The same network gives the same files, byte for byte. Requests that warm a
TensorFlow Serving up are in `assets.extra/`, with the card.
"""  # noqa: E501 (a table)

import json
import os
import pathlib
import tempfile

import numpy as np
import tensorflow as tf

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.card import write_card
from fast_depth_style.serving.encoded_pictures import (
    decode_pictures,
    encode_pictures,
)
from fast_depth_style.serving.reproducible import make_reproducible
from fast_depth_style.serving.warmup import write_warmup

SIGNATURES = ("serving_default", "float", "statistics", "tile", "encoded")
_NEEDED = SIGNATURES[:4]  # Older exports have no more, and are read as well.

_VERSION = "1"
_WARMUP_SIZE = (256, 256)


class ExportError(RuntimeError):
    """A written model does not compute what the network computes."""


def export_saved_model(
    network: Transformer, folder: str | pathlib.Path, card: dict
) -> pathlib.Path:
    """Writes a network to `folder/1/`, with a card beside it.

    The model is written aside, loaded with plain `tf.saved_model.load` and
    compared with the network; only then does it take the place of what was
    there. It is float32 whatever policy the network was trained under.

    Args:
        network: A built network.
        folder: Becomes `folder/1/`, `folder/card.json`, `folder/README.md`;
            other files in it stay.
        card: What the card says; see `write_card`.

    Returns:
        The folder of the model, `folder/1`.

    Raises:
        ExportError: The written model and the network differ; `folder` is as
            it was.
        OSError: It cannot be written; `folder` is as it was.
    """
    folder = pathlib.Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    exact = float32_copy(network)
    card = card | {
        "network": {
            "width": exact.width,
            "blocks": exact.blocks,
            "parameters": exact.count_params(),
        }
    }
    with tempfile.TemporaryDirectory(
        dir=folder.parent, prefix=f".{folder.name}.writing-"
    ) as aside:
        aside = pathlib.Path(aside)
        _write(exact, aside / _VERSION)
        make_reproducible(aside / _VERSION)
        write_warmup(aside / _VERSION, _warmup_requests())
        _verify(exact, aside / _VERSION)
        write_card(aside, card)
        install_model(folder, aside)
    return folder / _VERSION


def read_model(path: str | pathlib.Path) -> tf.Module:
    """Loads an exported model.

    Args:
        path: The folder of a model, whose highest version is taken; one of its
            versions; or the workdir of a finished training.

    Returns:
        The loaded object, with `signatures[name]` for each of `SIGNATURES`; a
        model of an older version has no `encoded`.

    Raises:
        RequestError: There is no such model there.
    """
    path = pathlib.Path(path)
    found = find_model(path)
    try:
        model = tf.saved_model.load(str(found))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RequestError(
            f"{found}: the model is damaged, export it again ({reason})"
        ) from error
    missing = [s for s in _NEEDED if s not in model.signatures]
    if missing:
        raise RequestError(
            f"{found}: a SavedModel, but not a style exported by this project "
            f"(no signature {missing[0]!r})"
        )
    return model


def find_model(path: pathlib.Path) -> pathlib.Path:
    """Finds the version folder that `read_model` loads.

    Raises:
        RequestError: There is no exported model.
    """
    if not path.is_dir():
        what = "not a folder" if path.exists() else "no such folder"
        raise RequestError(
            f"{path}: {what}; give the folder of an exported model"
        )
    for folder in (path, path / "model"):
        if (folder / "saved_model.pb").is_file():
            return folder
        versions = [
            entry
            for entry in (folder.iterdir() if folder.is_dir() else ())
            if entry.name.isdecimal() and (entry / "saved_model.pb").is_file()
        ]
        if versions:
            return max(versions, key=lambda entry: int(entry.name))
    raise RequestError(
        f"{path}: no exported model in it, nor in its folder model/; "
        "a training writes one when it ends"
    )


def read_card(path: str | pathlib.Path) -> dict:
    """Reads what was told of a model when it was exported.

    Args:
        path: As for `read_model`.

    Returns:
        What `export_saved_model` was given as `card`.

    Raises:
        RequestError: There is no such model, or it has no card.
    """
    file = find_model(pathlib.Path(path)).parent / "card.json"
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(
            f"{file}: not a card ({error}): copy models with the card that"
            " their export wrote"
        ) from error
    added = ("network", "versions", "files")
    return {name: card[name] for name in card if name not in added}


def float32_copy(network: Transformer) -> Transformer:
    """The same network, whatever policy it was trained under."""
    copy = Transformer(
        **network.get_config(), dtype="float32", name="transformer"
    )
    copy.build()
    copy.set_weights(network.get_weights())
    return copy


def _write(network: Transformer, folder: pathlib.Path) -> None:
    def serve(image):
        return {"stylized_image": _to_bytes(network(_to_float(image)))}

    def serve_float(image):
        return {"stylized_image": network(image)}

    def statistics(images):
        return {"statistics": network.statistics(_to_float(images))}

    def tile(image, statistics):
        painted = network.stylize_tile(_to_float(image), statistics)
        return {"stylized_image": _to_bytes(painted)}

    def encoded(image_bytes):
        painted = _to_bytes(network(_to_float(decode_pictures(image_bytes))))
        return {"stylized_image_bytes": encode_pictures(painted)}

    def pictures(name, dtype="uint8"):
        return tf.TensorSpec((None, None, None, 3), dtype, name=name)

    given = tf.TensorSpec((2, None), "float32", name="statistics")
    files = tf.TensorSpec((None,), "string", name="image_bytes")
    # `keras.export.ExportArchive` would store the variables in an order that
    # changes from run to run.
    root = tf.Module()
    root.weights = [variable.value for variable in network.variables]
    signatures = {}
    for name, function, inputs in (
        ("serving_default", serve, [pictures("image")]),
        ("float", serve_float, [pictures("image", "float32")]),
        ("statistics", statistics, [pictures("images")]),
        ("tile", tile, [pictures("image"), given]),
        ("encoded", encoded, [files]),
    ):
        graph = tf.function(function, input_signature=inputs, autograph=False)
        signatures[name] = graph.get_concrete_function()
    tf.saved_model.save(root, str(folder), signatures=signatures)


def _warmup_requests() -> dict[str, dict]:
    shape = (1, *_WARMUP_SIZE, 3)
    grey = tf.fill(shape, tf.constant(128, "uint8"))
    return {
        # As one number and a shape: a few bytes for the whole picture.
        "serving_default": {
            "image": tf.make_tensor_proto(128, dtype="uint8", shape=shape)
        },
        "encoded": {"image_bytes": encode_pictures(grey)},
    }


def _to_float(image: tf.Tensor) -> tf.Tensor:
    return tf.cast(image, "float32")


def _to_bytes(painted: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.round(tf.clip_by_value(painted, 0.0, 255.0)), "uint8")


def _verify(network: Transformer, folder: pathlib.Path) -> None:
    """Compares every signature of a written model with the network."""
    signatures = tf.saved_model.load(str(folder)).signatures
    for size in ((64, 48), (33, 50)):
        image = _test_pictures(size)
        floats = _to_float(image)
        whole = network(floats)
        given = network.statistics(floats)
        tile = network.stylize_tile(floats, given)
        files = {"image_bytes": encode_pictures(image)}
        for name, inputs, expected in (
            ("serving_default", {"image": image}, _to_bytes(whole)),
            ("float", {"image": floats}, whole),
            ("statistics", {"images": image}, given),
            ("tile", {"image": image, "statistics": given}, _to_bytes(tile)),
            ("encoded", files, _to_bytes(whole)),
        ):
            (actual,) = signatures[name](**inputs).values()
            if name == "encoded":
                actual = tf.stack([tf.io.decode_png(png) for png in actual])
            _compare(name, actual.numpy(), expected.numpy())


def _test_pictures(size: tuple[int, int]) -> tf.Tensor:
    """Two pictures of soft coloured shapes, (2, height, width, 3) uint8."""
    coarse = np.random.default_rng(0).uniform(0, 255, (2, 5, 6, 3))
    return _to_bytes(tf.image.resize(coarse, size, method="bicubic"))


def _compare(name: str, actual: np.ndarray, expected: np.ndarray) -> None:
    """Raises unless two results agree; one with a NaN in it never does."""
    if expected.dtype == np.uint8:
        allowed = 1.0
    elif name == "float":
        allowed = 1e-3 * 255.0
    else:
        allowed = 1e-3 * np.maximum(np.abs(expected), 1.0)
    error = np.abs(actual.astype("float64") - expected)
    if actual.shape != expected.shape or not np.all(error <= allowed):
        raise ExportError(
            f"the exported model is wrong and was not kept: signature {name!r} "
            f"differs from the network by up to {np.max(error):.3g}"
        )


def install_model(folder: pathlib.Path, aside: pathlib.Path) -> None:
    """Moves a finished export into place, the old one back if that fails.

    Args:
        folder: Where it shall be; on the same file system.
        aside: Where it was written. What was in `folder` ends here.
    """
    folder.mkdir(exist_ok=True)
    place, old = folder / _VERSION, aside / "previous"
    if place.exists():
        os.rename(place, old)
    try:
        os.rename(aside / _VERSION, place)
    except BaseException:
        if old.exists():
            os.rename(old, place)
        raise
    for name in ("card.json", "README.md"):
        os.replace(aside / name, folder / name)
