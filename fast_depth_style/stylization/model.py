"""A model with what is asked of it: style, depth, stroke."""

import dataclasses
import functools
import os
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.saved_model import (
    find_model,
    read_card,
    read_model,
)
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.exporting.shipped_card import (
    FOLDER,
    SHIPPED,
    shipped_styles,
)
from fast_depth_style.exporting.signatures import (
    SIGNATURES,
    inputs_of,
    make_signatures,
)
from fast_depth_style.exporting.style_file import SUFFIX, add_styles
from fast_depth_style.networks.blend import parse_blend
from fast_depth_style.networks.image_transformation import (
    DIALS,
    ImageTransformationNetwork,
)
from fast_depth_style.stylization.settings import StylizeSettings


class StyledModel:
    """Signatures of a model, by name, to which style and dials are given.

    Those of `exporting.signatures`, with inputs of pictures alone.
    """

    def __init__(
        self,
        signatures: Mapping[str, Callable[..., Any]],
        asked: Mapping[str, Any],
        model: Any = None,
    ):
        """Gives `asked` to every call; keeps `model` alive."""
        self.signatures = {
            name: functools.partial(_run, function, asked)
            for name, function in signatures.items()
        }
        self._model = model


def load_styled(
    model: str | os.PathLike[str], settings: StylizeSettings | None = None
) -> StyledModel:
    """Loads a model for the style and dials of the settings.

    Args:
        model: "shipped", or as for `read_model`.
        settings: By default the model's first style.

    Raises:
        RequestError: There is no such model or style, or the model has nothing
            to choose.
    """
    settings = settings or StylizeSettings()
    if model == SHIPPED:
        network, settings = _with_style_files(read_shipped(), settings)
        asked = _asked(network.styles, settings)
        traced = {
            name: functools.partial(_run_traced, network, name)
            for name in SIGNATURES
        }
        return StyledModel(traced, asked)
    loaded = read_model(model)
    signatures = {name: loaded.signatures[name] for name in loaded.signatures}
    if "style" in inputs_of(signatures["serving_default"]):
        asked = _asked(styles_of(model), settings)
        return StyledModel(signatures, asked, loaded)
    for name in ("style", *DIALS):
        value = getattr(settings, name)
        if value is not None:
            raise RequestError(
                f"--{name}={value}: this model has one style without dials:"
                f" leave --{name} out"
            )
    return StyledModel(signatures, {}, loaded)


def _with_style_files(
    network: ImageTransformationNetwork, settings: StylizeSettings
) -> tuple[ImageTransformationNetwork, StylizeSettings]:
    """The network with the styles of the files that are asked for."""
    tokens = re.split("([,:])", settings.style or "")
    paths: list[pathlib.Path] = []
    for i, token in enumerate(tokens):
        if token.strip().endswith(SUFFIX):
            path = files.resolve(token.strip(), "style")
            if {*",:"} & {*str(path)}:
                raise RequestError(
                    f"--style={settings.style}: the path of a style file has no"
                    " commas or colons"
                )
            paths.append(path)
            tokens[i] = str(path)
    if not paths:
        return network, settings
    larger = _extended(network, tuple(dict.fromkeys(paths)))
    return larger, dataclasses.replace(settings, style="".join(tokens))


@functools.lru_cache(maxsize=8)
def _extended(
    network: ImageTransformationNetwork, paths: tuple[pathlib.Path, ...]
) -> ImageTransformationNetwork:
    return add_styles(network, paths)


def styles_of(model: str | os.PathLike[str]) -> list[str]:
    """Names of a model's styles; RequestError where it has none to choose."""
    if model == SHIPPED:
        return shipped_styles()
    names = read_card(model).get("network", {}).get("styles")
    if not names:
        raise RequestError(f"{model}: this model has one style")
    return names


def model_folder(model: str | os.PathLike[str]) -> pathlib.Path:
    """The folder that a model's files lie in; arguments of `load_styled`."""
    return FOLDER if model == SHIPPED else find_model(model)


def _asked(names: Sequence[str], settings: StylizeSettings) -> dict[str, Any]:
    """Inputs of a signature: for one picture, or for each of its regions."""
    depth = 1.0 if settings.depth is None else settings.depth
    stroke = 0.5 if settings.stroke is None else settings.stroke
    blends = [names[0] if settings.style is None else settings.style]
    if regions := settings.regions():
        styles = (regions["near"], regions["far"])
        blends = [style for style in styles if style != "none"]
    weights = [parse_blend(blend, names) for blend in blends]
    return {
        "style": tf.constant(np.stack(weights)),
        "depth": tf.fill((len(blends),), depth),
        "stroke": tf.fill((len(blends),), stroke),
    }


def _run(function: Any, asked: Mapping[str, Any], **inputs: Any) -> Any:
    return function(**inputs, **asked)


def _run_traced(
    network: ImageTransformationNetwork, name: str, **inputs: Any
) -> Any:
    return _traced(network, name)(**inputs)


@functools.cache
def _traced(network: ImageTransformationNetwork, name: str) -> Any:
    """A signature of a network, traced when it is first used."""
    return make_signatures(network, (name,))[name]
