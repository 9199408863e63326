"""FCRN: the depth network of the report that this project reproduces."""

import os
import pathlib
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
from keras import ops

from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.perception.frozen_network import resize_bilinear
from fast_depth_style.perception.weight_files import damaged_files_named

_BLOCKS = {2: "abc", 3: "abcd", 4: "abcdef", 5: "abc"}  # of ResNet-50
_UP_PROJECTIONS = ("2x", "4x", "8x", "16x")
_KERNELS = {"A": (3, 3), "B": (2, 3), "C": (3, 2), "D": (2, 2)}
_EPSILON = 1e-4  # of the batch normalization in the published network
_NPY_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class FCRN(DepthEstimator):
    """ResNet-UpProj (Laina et al., 3DV 2016, arXiv:1606.00373).

    ResNet-50 without its classifier, a 1x1 convolution, and four fast
    up-projections (section 3.2 of the paper): each doubles the size by
    interleaving the results of a 3x3, a 2x3, a 3x2 and a 2x2 convolution.
    Trained on rooms (NYU Depth v2). Batch normalization is folded into the
    convolutions when the weights are read.
    """

    is_metric = True

    def __init__(
        self,
        weights: str | os.PathLike[str],
        input_size: tuple[int, int] = (228, 304),
        **kwargs: Any,
    ):
        """Reads the weights; `kwargs` go to `FrozenNetwork`.

        They are the published `NYU_ResNet-UpProj.npy`, a pickled dict {layer:
        {"weights", "biases" | "mean", "variance", "scale", "offset"}} of any
        width. Pictures are resized to `input_size`, (height, width).
        """
        path = pathlib.Path(weights)
        with damaged_files_named(path, "FCRN"):
            convolutions = _fold(_read_table(path))
        super().__init__(convolutions, **{"name": "fcrn", **kwargs})
        self._input_size = input_size

    def outputs(self, pictures: Any) -> tuple[list[Any], list[Any]]:
        """Metres and eight features, float32 always.

        The map is half the input size, rounded up to a multiple of 16. The
        features are the ends of the four ResNet stages at 1/4, 1/8, 1/16 and
        1/32 and the four up-projections at 1/16, 1/8, 1/4 and 1/2.
        """
        # No mean is subtracted.
        x = resize_bilinear(pictures, self._input_size)
        x = self._conv(ops.cast(x, self.compute_dtype), "conv1", 2)
        x = ops.max_pool(x, 3, 2, "same", data_format="channels_last")
        features = []
        for stage, blocks in _BLOCKS.items():
            for block in blocks:
                x = self._residual_block(x, f"res{stage}{block}")
            features.append(x)
        x = self._conv(x, "layer1", activation=None)
        for scale in _UP_PROJECTIONS:
            x = self._up_projection(x, f"layer{scale}")
            features.append(x)
        depth = self._conv(x, "ConvPred")[..., 0]
        features = [ops.cast(feature, "float32") for feature in features]
        return [ops.cast(depth, "float32")], features

    def _residual_block(self, x, key):
        strides = 2 if key[-1] == "a" and key != "res2a" else 1
        shortcut = x
        if key[-1] == "a":
            shortcut = self._conv(x, f"{key}_branch1", strides, None)
        x = self._conv(x, f"{key}_branch2a", strides)
        x = self._conv(x, f"{key}_branch2b")
        return ops.relu(shortcut + self._conv(x, f"{key}_branch2c", 1, None))

    def _up_projection(self, x, key):
        def up(key):
            parts = (f"{key}_Conv{part}" for part in _KERNELS)
            return _interleave(*(self._conv(x, p, 1, None) for p in parts))

        x_1, x_2 = ops.relu(up(f"{key}_br1")), up(f"{key}_br2")
        return ops.relu(self._conv(x_1, f"{key}_Conv", 1, None) + x_2)

    def _conv(self, x, key, strides=1, activation=ops.relu):
        # Even kernels see one more pixel above and to the left.
        sides = self._convolutions[key][0].shape[:2]
        pads = [(n // 2, (n - 1) // 2) for n in sides]
        if max(sides) > 1:
            x = ops.pad(x, ((0, 0), *pads, (0, 0)))
        return self._convolve(x, key, strides, "valid", activation)


def _interleave(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Puts a, b, c, d at (even, even), (odd, even), (even, odd), (odd, odd).

    Rows are named first. Gradients of stack and reshape compile under XLA.
    """
    _, height, width, channels = ops.shape(a)
    rows = [ops.stack(pair, axis=3) for pair in ([a, c], [b, d])]
    x = ops.stack(rows, axis=2)
    return ops.reshape(x, (-1, 2 * height, 2 * width, channels))


def _layout(unit: int) -> Iterator[tuple[str, str | None, tuple[int, ...]]]:
    """Yields (convolution, its batch normalization, kernel shape) in order.

    `unit` is the number of channels after the first convolution.
    """
    yield "conv1", "bn_conv1", (7, 7, 3, unit)
    channels, inner = unit, unit
    for stage, blocks in _BLOCKS.items():
        for block in blocks:
            key = f"{stage}{block}_branch"
            shapes = {
                "2a": (1, 1, channels, inner),
                "2b": (3, 3, inner, inner),
                "2c": (1, 1, inner, 4 * inner),
            }
            if block == "a":
                shapes = {"1": (1, 1, channels, 4 * inner), **shapes}
            for branch, shape in shapes.items():
                yield f"res{key}{branch}", f"bn{key}{branch}", shape
            channels = 4 * inner
        inner *= 2
    yield "layer1", "layer1_BN", (1, 1, channels, channels // 2)
    channels //= 2
    for scale in _UP_PROJECTIONS:
        half = channels // 2
        for branch in ("br1", "br2"):
            key = f"layer{scale}_{branch}"
            for part, size in _KERNELS.items():
                yield f"{key}_Conv{part}", f"{key}_BN", (*size, channels, half)
        yield f"layer{scale}_Conv", f"layer{scale}_BN", (3, 3, half, half)
        channels = half
    yield "ConvPred", None, (3, 3, channels, 1)


def _fold(table: Any) -> dict[str, Any]:
    """{convolution: (kernel, bias)}, batch normalization folded in."""

    def array(layer, part, shape):
        values = table.get(layer, {}).get(part)
        if np.shape(values) != shape:
            raise ValueError(f"no layer {layer} ({part}) of shape {shape}")
        return np.asarray(values, "float64")

    found = {}
    for layer, norm, shape in _layout(table["conv1"]["weights"].shape[-1]):
        outputs = shape[-1:]
        kernel = array(layer, "weights", shape)
        bias = np.zeros(outputs)
        if not layer.startswith("res"):  # followed by a normalization only
            bias = array(layer, "biases", outputs)
        if norm is not None:
            variance = array(norm, "variance", outputs)
            gain = array(norm, "scale", outputs) / np.sqrt(variance + _EPSILON)
            kernel = kernel * gain
            bias = (bias - array(norm, "mean", outputs)) * gain
            bias = bias + array(norm, "offset", outputs)
        found[layer] = (kernel.astype("float32"), bias.astype("float32"))
    return found


def _read_table(path: pathlib.Path) -> Any:
    with path.open("rb") as file:
        _, _, dtype = _NPY_HEADERS[np.lib.format.read_magic(file)](file)
        if not dtype.hasobject:
            raise ValueError("an array, not a dict")
        # Python 2 wrote the published file.
        return _ArrayUnpickler(file, encoding="latin1").load().item()


class _ArrayUnpickler(pickle.Unpickler):
    """Knows numpy arrays only: a hostile file is refused, not run."""

    _KNOWN = {
        "ndarray": np.ndarray,
        "dtype": np.dtype,
        "_reconstruct": np.zeros(1).__reduce__()[0],
        "_frombuffer": np.zeros(1).__reduce_ex__(5)[0],
        "scalar": np.float32(0).__reduce__()[0],
    }

    def find_class(self, module, name):
        if module.split(".")[0] == "numpy" and name in self._KNOWN:
            return self._KNOWN[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not admitted")
