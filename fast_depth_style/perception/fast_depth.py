"""FastDepth: depth in metres from one picture, fast enough to train with."""

import pathlib
import zipfile
import zlib

import numpy as np
from keras import ops

from fast_depth_style.perception.depth_estimator import (
    DepthEstimator,
    resize_bilinear,
)
from fast_depth_style.requests import RequestError

_SIZE_STEP = 32  # the encoder halves the picture five times
_STRIDE_TWO = (0, 3, 7, 11, 23)
# Convolutions whose results are shown as features, and added as skips.
_ENCODER_ENDS = (2, 6, 10, 22, 26)
_DECODER_ENDS = (28, 30, 32, 34, 36)
_SKIP_OF = {32: 10, 34: 6, 36: 2}  # decoder stage: encoder stage of its size
_HEAD = 37


class FastDepth(DepthEstimator):
    """FastDepth (Wofk et al., ICRA 2019, arXiv:1903.03273), pruned.

    A MobileNet encoder and five NNConv5 decoder blocks (5x5 depthwise and
    pointwise convolution, then nearest upsampling by two), with the encoder's
    results at 1/2, 1/4 and 1/8 of the size added after the upsampling. Batch
    normalization is folded into the convolutions. Channels are pruned and are
    read from the weights. It was trained on rooms (NYU Depth v2).
    """

    quantity = "depth"
    is_metric = True

    def __init__(
        self,
        weights: str | pathlib.Path,
        input_size: int | None = 224,
        dtype="float32",
        name: str = "fast_depth",
    ):
        """Reads the weights.

        Args:
            weights: .npz file with `NN_CONV_2D_w`, `NN_CONV_2D_b`,
                `NN_DEPTHWISE_CONV_2D_w`, … for NN = 00 … 37, kernels as
                (height, width, in, out) and (height, width, channels, 1).
            input_size: Side of the square that pictures are resized to, a
                multiple of 32 (224 is what it was trained at); None takes
                the pictures' own size, which must be static in a graph,
                rounded to multiples of 32.
            dtype: Keras dtype policy; `mixed_bfloat16` computes in bfloat16.
                The maps and features are float32 always.
            name: Name of the model.

        Raises:
            RequestError: The file cannot be read or holds other weights, or
                the size is no multiple of 32.
        """
        super().__init__(name=name, dtype=dtype)
        if input_size is not None and (
            input_size < _SIZE_STEP or input_size % _SIZE_STEP
        ):
            raise RequestError(
                f"FastDepth's input size must be a multiple of {_SIZE_STEP}, "
                f"not {input_size}"
            )
        self.input_size = input_size
        self._kernels, self._biases = [], []
        for key, kernel, bias in _read_weights(pathlib.Path(weights)):
            self._kernels.append(self._add_constant(kernel, f"{key}_w"))
            self._biases.append(self._add_constant(bias, f"{key}_b"))
        self.built = True

    def outputs(self, pictures):
        """Depth and features, computed once.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            The depth map as (batch, size, size) float32 metres, and six
            float32 features: the end of the encoder at 1/32 of the size (512
            channels in the published network, values in 0..6), then the
            decoder's blocks before their upsampling, at 1/32, 1/16, 1/8, 1/4
            and 1/2 (200, 256, 120, 56 and 16 channels, values from 0 up).
        """
        x = ops.cast(self._resize(pictures) / 255.0, self.compute_dtype)
        ends = {}
        for index in range(_ENCODER_ENDS[-1] + 1):
            x = ops.relu6(self._convolution(x, index))
            if index in _ENCODER_ENDS:
                ends[index] = x
        for index in _DECODER_ENDS:
            if index != _DECODER_ENDS[0]:
                x = _double(x)
            if index in _SKIP_OF:
                x = x + ends[_SKIP_OF[index]]
            x = ops.relu(self._convolution(x, index - 1))
            x = ops.relu(self._convolution(x, index))
            ends[index] = x
        # The paper upsamples, then applies the 1x1 head; the other order
        # gives the same values for a quarter of the work.
        depth = _double(ops.relu(self._convolution(x, _HEAD)))
        # Earlier stages see texture more than depth.
        deep = (_ENCODER_ENDS[-1], *_DECODER_ENDS)
        features = [ops.cast(ends[index], "float32") for index in deep]
        return ops.cast(depth[..., 0], "float32"), features

    def _resize(self, pictures):
        if self.input_size is not None:
            size = (self.input_size, self.input_size)
        else:
            size = tuple(_nearest_multiple(n) for n in pictures.shape[1:3])
        return resize_bilinear(pictures, size)

    def _convolution(self, x, index):
        kernel = ops.cast(self._kernels[index], self.compute_dtype)
        bias = ops.cast(self._biases[index], self.compute_dtype)
        strides = 2 if index in _STRIDE_TWO else 1
        padding = "same"
        if strides == 2:
            # "same" would pad even sizes at the bottom and right only.
            x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            padding = "valid"
        convolve = ops.depthwise_conv if _is_depthwise(index) else ops.conv
        return convolve(x, kernel, strides, padding) + bias


def _is_depthwise(index: int) -> bool:
    return index % 2 == 1 and index != _HEAD


def _side(index: int) -> int:
    """Side of a kernel: 5 in the decoder, 3 in the encoder, 1 pointwise."""
    if _is_depthwise(index):
        return 3 if index < _ENCODER_ENDS[-1] else 5
    return 3 if index == 0 else 1


def _nearest_multiple(pixels: int | None) -> int:
    if pixels is None:
        raise ValueError(
            "FastDepth(input_size=None) needs pictures of a static size: "
            "give an input size"
        )
    steps = (pixels + _SIZE_STEP // 2) // _SIZE_STEP
    return max(steps, 1) * _SIZE_STEP


def _double(x):
    """Nearest upsampling by two; its gradient compiles under XLA."""
    _, height, width, channels = ops.shape(x)
    x = ops.reshape(x, (-1, height, 1, width, 1, channels))
    x = ops.tile(x, (1, 1, 2, 1, 2, 1))
    return ops.reshape(x, (-1, 2 * height, 2 * width, channels))


def _read_weights(path: pathlib.Path):
    """Lists (key, kernel, bias) of the 38 convolutions, shapes checked."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (
        OSError,
        ValueError,
        EOFError,
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise RequestError(
            f"FastDepth's weights {path} cannot be read: give the .npz file"
        ) from error
    layers, channels = [], 3
    for index in range(_HEAD + 1):
        depthwise = _is_depthwise(index)
        key = f"{index:02d}_{'DEPTHWISE_' if depthwise else ''}CONV_2D"
        kernel, bias = arrays.get(f"{key}_w"), arrays.get(f"{key}_b")
        if kernel is None or bias is None:
            raise RequestError(
                f"{path} does not hold FastDepth's weights: {key} is missing"
            )
        outputs = channels if depthwise else bias.size
        side = _side(index)
        shape = (side, side, channels, 1 if depthwise else outputs)
        if kernel.shape != shape or bias.shape != (outputs,):
            raise RequestError(
                f"{path} does not hold FastDepth's weights: {key} has shapes "
                f"{kernel.shape} and {bias.shape}"
            )
        channels = outputs
        layers.append((key, kernel, bias))
    return layers
