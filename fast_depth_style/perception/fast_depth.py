"""FastDepth: depth in metres from one picture, fast enough to train with."""

import os
import pathlib
from typing import Any

import numpy as np
from keras import ops

from fast_depth_style import files
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.perception.frozen_network import resize_bilinear
from fast_depth_style.perception.weight_files import damaged_files_named

_STRIDE_TWO = (0, 3, 7, 11, 23)
# Convolutions whose results are shown as features, and added as skips.
_ENCODER_END = 26
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

    is_metric = True

    def __init__(
        self,
        weights: str | os.PathLike[str],
        input_size: int = 224,
        **kwargs: Any,
    ):
        """Reads the weights; `kwargs` go to `FrozenNetwork`.

        They are an .npz file of `NN_CONV_2D_w`, `NN_CONV_2D_b`,
        `NN_DEPTHWISE_CONV_2D_w`, … for NN = 00 … 37. Pictures are resized to
        squares of `input_size`, a multiple of 32.
        """
        path = pathlib.Path(weights)
        with damaged_files_named(path, "FastDepth"):
            convolutions = _named(files.read_arrays(path))
        super().__init__(convolutions, **{"name": "fast_depth", **kwargs})
        self._input_size = (input_size, input_size)

    def outputs(self, pictures: Any) -> tuple[list[Any], list[Any]]:
        """(batch, size, size) metres and six features, float32 always.

        The end of the encoder at 1/32 of the size (512 channels as published,
        values in 0..6), then the decoder's blocks before their upsampling, at
        1/32, 1/16, 1/8, 1/4 and 1/2 (200, 256, 120, 56, 16 channels, from 0).
        """
        x = resize_bilinear(pictures, self._input_size) / 255.0
        x = ops.cast(x, self.compute_dtype)
        ends: dict[int, Any] = {}
        for index in range(_HEAD):
            if index - 1 in _DECODER_ENDS:
                x = _double(x)
            # The skip of a stage is added before its first convolution.
            if index + 1 in _SKIP_OF:
                x = x + ends[_SKIP_OF[index + 1]]
            x = ends[index] = self._convolution(x, index)
        # The paper upsamples, then applies the 1x1 head; the other order
        # gives the same values for a quarter of the work.
        depth = _double(self._convolution(x, _HEAD))[..., 0]
        # Earlier stages see texture more than depth.
        deep = (_ENCODER_END, *_DECODER_ENDS)
        features = [ops.cast(ends[index], "float32") for index in deep]
        return [ops.cast(depth, "float32")], features

    def _convolution(self, x, index):
        strides, padding = 1, "same"
        if index in _STRIDE_TWO:
            # "same" would pad even sizes at the bottom and right only.
            x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            strides, padding = 2, "valid"
        rectify = ops.relu6 if index <= _ENCODER_END else ops.relu
        key, depthwise = _key(index)
        return self._convolve(x, key, strides, padding, rectify, depthwise)


def _key(index: int) -> tuple[str, bool]:
    """Name of a convolution, and whether it is depthwise."""
    depthwise = index % 2 == 1 and index != _HEAD
    return f"{index:02d}_{'DEPTHWISE_' * depthwise}CONV_2D", depthwise


def _double(x: Any) -> Any:
    """Nearest upsampling by two; its gradient compiles under XLA."""
    _, height, width, channels = ops.shape(x)
    x = ops.reshape(x, (-1, height, 1, width, 1, channels))
    x = ops.tile(x, (1, 1, 2, 1, 2, 1))
    return ops.reshape(x, (-1, 2 * height, 2 * width, channels))


def _named(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """{name: (kernel, bias)} of the 38 convolutions, shapes checked."""
    found, channels = {}, 3
    for index in range(_HEAD + 1):
        key, depthwise = _key(index)
        kernel, bias = arrays.get(f"{key}_w"), arrays.get(f"{key}_b")
        # 5x5 in the decoder, 3x3 in the encoder, 1x1 pointwise.
        side = 3 if index == 0 else 1
        if depthwise:
            side = 3 if index < _ENCODER_END else 5
        outputs = channels if depthwise else np.size(bias)
        shape = (side, side, channels, 1 if depthwise else outputs)
        if np.shape(kernel) != shape or np.shape(bias) != (outputs,):
            raise ValueError(f"no {key} of shape {shape}")
        channels = outputs
        found[key] = (np.float32(kernel), np.float32(bias))
    return found
