"""The shipped network in ONNX Runtime, which starts in a tenth of a second.

Importing TensorFlow takes seconds. The two paintings differ by one grey level
at most.
"""

import functools
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fast_depth_style.exporting.shipped_card import (
    FOLDER,
    WEIGHTS,
    shipped_card,
)
from fast_depth_style.exporting.style_file import with_styles
from fast_depth_style.networks.onnx_graph import runner
from fast_depth_style.networks.onnx_network import network_graph
from fast_depth_style.perception.shipped_weights import read_shipped_weights
from fast_depth_style.stylization.request import style_files, style_inputs
from fast_depth_style.stylization.settings import StylizeSettings

# Of each signature: where its statistics come from, and its regions.
_KINDS = {
    "serving_default": ("own", 0),
    "statistics": ("pooled", 0),
    "tile": ("given", 0),
    "regions": ("own", 2),
    "region_statistics": ("pooled", 2),
    "region_tile": ("given", 2),
}
_INPUTS = ("image", "images", "masks", "vector", "statistics")
"""In the order of the graph."""


class LightModel:
    """Signatures of the network, as `stylization.model` describes them."""

    def __init__(self, network: "_Network", vectors: np.ndarray):
        """Gives the style vectors (k, n) of k regions to every call."""
        self.signatures = {
            name: functools.partial(_run, network, vectors, name)
            for name in _KINDS
        }


def load_light(
    settings: StylizeSettings, folder: pathlib.Path = FOLDER
) -> LightModel:
    """The network of the package, or one that `write_shipped` wrote.

    Raises:
        RequestError: There is no such style, or a file is damaged.
    """
    network = _read(folder)
    paths, settings = style_files(settings)
    names = [*network.styles, *map(os.fspath, paths)]
    table = network.weights["table"]
    if paths:
        table = with_styles(network.weights, paths)["table"]
    inputs = style_inputs(names, settings)
    rows = np.tensordot(inputs["style"], table, 1)
    vectors = rows[:, 0]
    if rows.shape[1] > 1:
        dials = np.stack([inputs["depth"], inputs["stroke"]], axis=1)
        vectors = vectors + (dials[:, :, None] * rows[:, 1:]).sum(axis=1)
    return LightModel(network, vectors)


class _Network:
    """Weights, and a session of each kind that has been used."""

    def __init__(self, weights: Mapping[str, np.ndarray], card: dict[str, Any]):
        self.weights, self.styles = weights, card["network"]["styles"]
        self._blocks = card["network"]["blocks"]
        self._sessions: dict[str, Callable[..., np.ndarray]] = {}

    def session(self, name: str) -> Callable[..., np.ndarray]:
        if name not in self._sessions:
            statistics, regions = _KINDS[name]
            model = network_graph(
                self.weights,
                self._blocks,
                statistics=statistics,
                regions=regions,
            )
            self._sessions[name] = runner(model.SerializeToString())
        return self._sessions[name]


@functools.lru_cache(maxsize=2)
def _read(folder: pathlib.Path) -> _Network:
    return _Network(read_shipped_weights(WEIGHTS, folder), shipped_card(folder))


def _run(
    network: _Network, vectors: np.ndarray, name: str, **inputs: Any
) -> dict[str, np.ndarray]:
    statistics, regions = _KINDS[name]
    inputs["vector"] = vectors if regions else vectors[0]
    given = [np.asarray(inputs[k], "float32") for k in _INPUTS if k in inputs]
    made = network.session(name)(*given)
    if statistics == "pooled":
        return {"statistics": made}
    return {"stylized_image": np.rint(made, out=made).astype(np.uint8)}
