"""Models in TensorFlow: exported ones, and the shipped network."""

import functools
import os
import pathlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting import FRAME, REGION_FRAME
from fast_depth_style.exporting.saved_model import find_model, read_model
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.exporting.shipped_card import FOLDER
from fast_depth_style.exporting.signatures import (
    SIGNATURES,
    inputs_of,
    make_signatures,
)
from fast_depth_style.exporting.style_file import add_styles
from fast_depth_style.networks import DIALS
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.stylization.request import (
    style_files,
    style_inputs,
    styles_of,
)
from fast_depth_style.stylization.settings import StylizeSettings

_LOADING = threading.RLock()
"""One thread at a time loads and traces; any number paint."""


class TensorFlowModel:
    """Signatures of a model, with style and dials filled in."""

    def __init__(
        self,
        signatures: Mapping[str, Callable[..., Any]],
        given: Mapping[str, Any],
        folder: pathlib.Path,
        model: Any = None,
    ):
        """Adds the inputs `given` to every call; keeps `model` alive.

        `folder` is where its files lie.
        """
        self.signatures = {
            name: functools.partial(_run, function, given)
            for name, function in signatures.items()
        }
        self.folder, self._model = folder, model


def load_shipped(
    settings: StylizeSettings, folder: pathlib.Path = FOLDER
) -> TensorFlowModel:
    """The network of the package, or one that `write_shipped` wrote.

    Raises:
        RequestError: There is no such style.
    """
    paths, settings = style_files(settings)
    with _LOADING:
        network = read_shipped(folder)
        if paths:
            network = _extended(network, paths)
    traced = {
        name: functools.partial(_run_traced, network, name)
        for name in (*SIGNATURES, FRAME, REGION_FRAME)
    }
    inputs = style_inputs(network.styles, settings)
    return TensorFlowModel(traced, inputs, folder)


def load_exported(
    model: str | os.PathLike[str], settings: StylizeSettings
) -> TensorFlowModel:
    """A model as for `read_model`.

    Raises:
        RequestError: There is no such model or style, or the model has nothing
            to choose.
    """
    folder = find_model(model)
    with _LOADING:
        loaded = _read_once(folder, _newest(folder))
    signatures = {name: loaded.signatures[name] for name in loaded.signatures}
    if "style" in inputs_of(signatures["serving_default"]):
        inputs = style_inputs(styles_of(model), settings)
        return TensorFlowModel(signatures, inputs, folder, loaded)
    for name in ("style", *DIALS):
        value = getattr(settings, name)
        if value is not None:
            raise RequestError(
                f"--{name}={value}: this model has one style without dials:"
                f" leave --{name} out"
            )
    return TensorFlowModel(signatures, {}, folder, loaded)


@functools.lru_cache(maxsize=4)
def _read_once(folder: pathlib.Path, newest: int) -> Any:
    """A model, read when it is first asked for and after it has changed."""
    return read_model(folder)


def _newest(folder: pathlib.Path) -> int:
    return max(path.stat().st_mtime_ns for path in (folder, *folder.rglob("*")))


@functools.lru_cache(maxsize=8)
def _extended(
    network: ImageTransformationNetwork, paths: tuple[pathlib.Path, ...]
) -> ImageTransformationNetwork:
    return add_styles(network, paths)


def _run(function: Any, given: Mapping[str, Any], **inputs: Any) -> Any:
    inputs |= given
    return function(**{k: tf.convert_to_tensor(v) for k, v in inputs.items()})


def _run_traced(
    network: ImageTransformationNetwork, name: str, **inputs: Any
) -> Any:
    with _LOADING:
        function = _traced(network, name)
    return function(**inputs)


@functools.cache
def _traced(network: ImageTransformationNetwork, name: str) -> Any:
    """A signature of a network, traced when it is first used."""
    return make_signatures(network, (name,))[name]
