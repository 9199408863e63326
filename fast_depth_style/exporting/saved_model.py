"""A network as a SavedModel: written, verified, read again.

The files need nothing but TensorFlow; their signatures are in `signatures`. The
same network gives the same files, byte for byte.
"""

import contextlib
import json
import os
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from fast_depth_style import files
from fast_depth_style.errors import RequestError, one_line
from fast_depth_style.exporting.card import write_card, write_warmup
from fast_depth_style.exporting.encoded_pictures import encode_pictures
from fast_depth_style.exporting.reproducible import make_reproducible
from fast_depth_style.exporting.signatures import (
    SIGNATURES,
    example_request,
    make_signatures,
    verify_signatures,
)
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)

_NEEDED = SIGNATURES[:4]  # Older exports have no more, and are read as well.
_VERSION = "1"
_WARMUP_SHAPE = (1, 256, 256, 3)
_COPY_WITH_CARD = "copy models with the card that their export wrote"


def export_saved_model(
    network: ImageTransformationNetwork,
    folder: str | os.PathLike[str],
    card: dict[str, Any],
) -> pathlib.Path:
    """Writes a built network to `folder/1/`, with its card beside it.

    The model is written aside, loaded and compared; only then does it take the
    place of what was there. It is float32, whatever the network's policy.
    `folder` gets `1/`, `card.json` and `README.md` (see `write_card`); other
    files in it stay.

    Returns:
        The folder of the model, `folder/1`.

    Raises:
        RequestError: The folder holds something else.
        ExportError: The written model and the network differ; nothing changed.
        OSError: It cannot be written; nothing changed.
    """
    folder = files.resolve(folder, "output")
    files.require_own_folder(folder, "output", "model", ("card.json",))
    folder.parent.mkdir(parents=True, exist_ok=True)
    exact = float32_copy(network)
    card = card | {
        "network": {
            **exact.get_config(),
            "parameters": exact.count_params(),
        }
    }
    with (
        files.temporary_folder(
            folder.parent, f".{folder.name}.writing-"
        ) as written,
        utf8_name(written) as aside,
    ):
        model = aside / _VERSION
        # `keras.export.ExportArchive` would store the variables in an order
        # that changes from run to run.
        root = tf.Module()
        root.weights = [variable.value for variable in exact.variables]
        signatures = make_signatures(exact)
        tf.saved_model.save(root, str(model), signatures=signatures)
        make_reproducible(model)
        grey = tf.fill(_WARMUP_SHAPE, tf.constant(128, "uint8"))
        # As one number and a shape: a few bytes for the whole picture.
        image = tf.make_tensor_proto(128, dtype="uint8", shape=_WARMUP_SHAPE)
        requests = {
            "serving_default": {"image": image},
            "encoded": {"image_bytes": encode_pictures(grey)},
        }
        for name, inputs in requests.items():
            inputs |= example_request(signatures[name], exact.styles, 0, 1)
        write_warmup(model, requests)
        verify_signatures(signatures, str(model), exact.styles)
        write_card(aside, card)
        install_model(folder, aside)
    return folder / _VERSION


def install_model(folder: pathlib.Path, aside: pathlib.Path) -> None:
    """Moves a model from `aside` to `folder`, on the same file system.

    The old one goes to `aside`; it is put back if something fails.
    """
    files.mark_own_folder(folder, "model")
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


def float32_copy(
    network: ImageTransformationNetwork, kernels: str = "portable"
) -> ImageTransformationNetwork:
    """The same network in float32; see `layers.KERNELS`."""
    copy = ImageTransformationNetwork(
        **network.get_config(), kernels=kernels, name="image_transformation"
    )
    copy.build()
    copy.set_weights(network.get_weights())
    return copy


def read_model(path: str | os.PathLike[str]) -> Any:
    """Loads an exported model, with `signatures[name]` for each signature.

    Models of older versions have no `encoded`.

    Args:
        path: The folder of a model, whose highest version is taken; one of its
            versions; or the workdir of a finished training.

    Raises:
        RequestError: There is no such model there, or it is damaged.
    """
    found = find_model(path)
    shown = files.printable(found)
    try:
        with utf8_name(found) as folder:
            model = tf.saved_model.load(str(folder))
    except (OSError, ValueError, LookupError, tf.errors.OpError) as error:
        raise RequestError(f"{shown}: {_damage(found, error)}") from error
    missing = [s for s in _NEEDED if s not in model.signatures]
    if missing:
        raise RequestError(
            f"{shown}: a SavedModel, but not a style exported by this project "
            f"(no signature {missing[0]!r})"
        )
    return model


def find_model(path: str | os.PathLike[str]) -> pathlib.Path:
    """Finds the version folder that `read_model` loads, or RequestError."""
    path = files.resolve(path, "model")
    shown = files.printable(path)
    if not path.is_dir():
        what = "not a folder" if path.exists() else "no such folder"
        raise RequestError(f"{shown}: {what}; give that of an exported model")
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
        f"{shown}: no exported model in it, nor in its folder model/; "
        "a training writes one when it ends"
    )


def read_card(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads the card of an exported model.

    Raises:
        RequestError: There is no such model at `path`, or it has no card.
    """
    file = find_model(path).parent / "card.json"
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(card, dict):
            raise ValueError("no JSON object")
    except (OSError, ValueError) as error:
        raise RequestError(
            f"{files.printable(file)}: not a card ({error}); {_COPY_WITH_CARD}"
        ) from error
    return card


def read_network(path: str | os.PathLike[str]) -> ImageTransformationNetwork:
    """Reads the network of an exported model, to train or export it again.

    It is built and float32.

    Raises:
        RequestError: There is no such model at `path`, or no card beside its
            versions, or they do not belong together.
    """
    model = read_model(path)  # Its variables live no longer than it does.
    variables = model.signatures["serving_default"].variables
    card = read_card(path)
    wrong = f"{files.printable(find_model(path).parent)}/card.json describes"
    config = card.get("network")
    if isinstance(config, dict) and "styles" not in config:
        raise RequestError(
            f"{files.printable(find_model(path))} was made by version 0.1.0 and"
            " can only be painted with: train it anew for all else"
        )
    try:
        config = dict(card["network"])
        config.pop("parameters", None)
        network = ImageTransformationNetwork(**config, dtype="float32")
    except (ValueError, LookupError, TypeError) as error:
        raise RequestError(f"{wrong} no network; {_COPY_WITH_CARD}") from error
    network.build()
    weights = {_place(v.name): v for v in variables}
    for weight in network.variables:
        saved = weights.get(_place(weight.path))
        if saved is None or saved.shape != tuple(weight.shape):
            raise RequestError(
                f"{wrong} another network than the model holds: they differ at"
                f" {_place(weight.path)}"
            )
        weight.assign(saved)
    return network


@contextlib.contextmanager
def utf8_name(folder: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """A path of a folder that TensorFlow can open: it needs UTF-8 names."""
    name = os.fspath(folder)
    try:
        name.encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory() as place:
            link = pathlib.Path(place, "folder")
            link.symlink_to(os.path.abspath(name))
            yield link
    else:
        yield pathlib.Path(name)


def _damage(folder: pathlib.Path, error: Exception) -> str:
    """Says what is wrong with a model that TensorFlow cannot load."""
    again = "copy the model again, or export it"
    for name in (
        "saved_model.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
    ):
        path = folder / name
        if not path.is_file():
            return f"{name} is missing: {again}"
        if files.is_lfs_pointer(path):
            return f"{name} is a pointer of git-LFS: run git lfs pull"
        if not path.stat().st_size:
            return f"{name} is empty: {again}"
    reason = one_line(error)[:200]
    return f"one of its files is cut or changed ({reason}): {again}"


def _place(name: str) -> str:
    """`layer/weight` of a variable, without the network's own name."""
    return name.partition(":")[0].partition("/")[2]
