"""FCRN: the depth network of the report that this project reproduces."""

import pathlib
import pickle
from collections.abc import Iterator

import numpy as np
from keras import ops

from fast_depth_style.perception.depth_estimator import (
    DepthEstimator,
    resize_bilinear,
)
from fast_depth_style.requests import RequestError

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

    quantity = "depth"
    is_metric = True

    def __init__(
        self,
        weights: str | pathlib.Path,
        input_size: tuple[int, int] | None = (228, 304),
        dtype="float32",
        name: str = "fcrn",
    ):
        """Reads the weights.

        Args:
            weights: The published `NYU_ResNet-UpProj.npy`: a pickled dict
                {layer: {"weights", "biases" | "mean", "variance", "scale",
                "offset"}}. The unpickler admits numpy arrays and nothing
                else, so a hostile file is refused, not run. The number of
                channels after the first convolution sets the width of all
                others (64 in the published file).
            input_size: Height and width that pictures are resized to, by
                default what it was trained at; None takes them as they are.
            dtype: Keras dtype policy; the map and features are float32 always.
            name: Name of the model.

        Raises:
            RequestError: The file cannot be read, or a layer is missing or
                has another shape; the message names the first one.
        """
        super().__init__(name=name, dtype=dtype)
        self.input_size = input_size
        self._constants = {
            key: (
                self._add_constant(kernel, f"{key}_kernel"),
                self._add_constant(bias, f"{key}_bias"),
            )
            for key, kernel, bias in _read_weights(pathlib.Path(weights))
        }
        self.built = True

    def outputs(self, pictures):
        """Depth and features, computed once.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255. The
                published network takes this range as it is, no mean is
                subtracted.

        Returns:
            The depth map in metres, (batch, 128, 160) float32 for the default
            input size, half the input size rounded up to a multiple of 16 in
            general; and eight float32 features: the ends of the four ResNet
            stages at 1/4, 1/8, 1/16 and 1/32, then the four up-projections at
            1/16, 1/8, 1/4 and 1/2 of the input size.
        """
        if self.input_size is not None:
            pictures = resize_bilinear(pictures, self.input_size)
        x = ops.cast(pictures, self.compute_dtype)
        x = ops.relu(self._convolution(x, "conv1", strides=2))
        x = ops.max_pool(x, 3, 2, padding="same")
        features = []
        for stage, blocks in _BLOCKS.items():
            for block in blocks:
                x = self._residual_block(x, f"res{stage}{block}")
            features.append(x)
        x = self._convolution(x, "layer1")
        for scale in _UP_PROJECTIONS:
            x = self._up_projection(x, f"layer{scale}")
            features.append(x)
        depth = ops.relu(self._convolution(x, "ConvPred"))[..., 0]
        features = [ops.cast(feature, "float32") for feature in features]
        return ops.cast(depth, "float32"), features

    def _residual_block(self, x, key):
        strides = 2 if key[-1] == "a" and key != "res2a" else 1
        shortcut = x
        if key[-1] == "a":
            shortcut = self._convolution(x, f"{key}_branch1", strides)
        x = ops.relu(self._convolution(x, f"{key}_branch2a", strides))
        x = ops.relu(self._convolution(x, f"{key}_branch2b"))
        return ops.relu(shortcut + self._convolution(x, f"{key}_branch2c"))

    def _up_projection(self, x, key):
        residual = ops.relu(self._up_convolution(x, f"{key}_br1"))
        residual = self._convolution(residual, f"{key}_Conv")
        return ops.relu(residual + self._up_convolution(x, f"{key}_br2"))

    def _up_convolution(self, x, key):
        a, b, c, d = (
            self._convolution(x, f"{key}_Conv{part}") for part in _KERNELS
        )
        return _interleave(a, b, c, d)

    def _convolution(self, x, key, strides=1):
        kernel, bias = self._constants[key]
        # Even kernels see one more pixel above and to the left.
        height, width = ((n // 2, (n - 1) // 2) for n in kernel.shape[:2])
        if max(height + width):
            x = ops.pad(x, ((0, 0), height, width, (0, 0)))
        kernel = ops.cast(kernel, self.compute_dtype)
        return ops.conv(x, kernel, strides, "valid") + ops.cast(
            bias, self.compute_dtype
        )


def _interleave(a, b, c, d):
    """Puts a, b, c, d at (even, even), (odd, even), (even, odd), (odd, odd).

    Rows are named first. Gradients of stack and reshape compile under XLA.
    """
    _, height, width, channels = ops.shape(a)
    even = ops.stack([a, c], axis=3)
    odd = ops.stack([b, d], axis=3)
    x = ops.stack([even, odd], axis=2)
    return ops.reshape(x, (-1, 2 * height, 2 * width, channels))


def _layout(
    unit: int = 64,
) -> Iterator[tuple[str, str | None, tuple[int, ...]]]:
    """Yields (convolution, its batch normalization, kernel shape) in order.

    Args:
        unit: Channels after the first convolution, 64 as published.
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


def _read_weights(path: pathlib.Path):
    """Yields (convolution, kernel, bias), batch normalization folded in."""
    table = _read_table(path)

    def array(layer, part, shape):
        try:
            values = table[layer][part]
        except (KeyError, TypeError) as error:
            raise RequestError(
                f"{path} does not hold FCRN's weights: layer {layer} "
                f"({part}) is missing"
            ) from error
        if np.shape(values) != shape:
            raise RequestError(
                f"{path} does not hold FCRN's weights: layer {layer} "
                f"({part}) has shape {np.shape(values)}, not {shape}"
            )
        return np.asarray(values, "float64")

    try:
        unit = table["conv1"]["weights"].shape[-1]
    except (KeyError, TypeError, AttributeError, IndexError):
        unit = 64
    for layer, norm, shape in _layout(unit):
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
        yield layer, kernel.astype("float32"), bias.astype("float32")


def _read_table(path: pathlib.Path) -> dict:
    try:
        with open(path, "rb") as file:
            read_header = _NPY_HEADERS[np.lib.format.read_magic(file)]
            _, _, dtype = read_header(file)
            if not dtype.hasobject:
                raise pickle.UnpicklingError("an array, not a dict")
            # Python 2 wrote the published file.
            return _ArrayUnpickler(file, encoding="latin1").load().item()
    except OSError as error:
        raise RequestError(
            f"FCRN's weights {path} cannot be read ({error.strerror})"
        ) from error
    except (
        pickle.UnpicklingError,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        # A damaged pickle raises any of these.
        raise RequestError(
            f"{path} is no dict of arrays: give NYU_ResNet-UpProj.npy"
        ) from error


class _ArrayUnpickler(pickle.Unpickler):
    """Knows numpy arrays, dtypes and scalars only; nothing can be run."""

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
