"""What TensorFlow computes faster on a CPU than it is written.

Light operations there are bound by memory, and some gradients have slow
kernels. The results are the same, up to rounding.
"""

import tensorflow as tf

from fast_depth_style.networks.convolutions import UpsamplingConv2D
from fast_depth_style.networks.instance_norm import EPSILON
from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.training.objective import Objective


def use_fast_kernels(objective: Objective, *networks: Transformer):
    """Makes a training step use them.

    Args:
        objective: What is trained on.
        *networks: Those that run in the step.
    """
    objective.compile_pixels(compiled)
    for network in networks:
        for norm in network.norms:
            norm.fused = fused_instance_norm
        for conv in (*network.convs, network.paint):
            conv.pad = pad
            if isinstance(conv, UpsamplingConv2D):
                conv.cut = cut


def compiled(function):
    """`function`, compiled by XLA, which makes one loop of many operations.

    TensorFlow's own convolutions and products of matrices are faster than
    XLA's on a CPU: for functions without them.
    """
    return tf.function(function, jit_compile=True, autograph=False)


def pad(x, width: int, mode: str):
    """What `convolutions.pad` does, where sizes are known in advance.

    Copies of whole rows, forward and backward, take half the time of the
    kernels that mirror, which compute an index for every value.

    Args:
        x: (batch, height, width, channels), at least 2 `width` + 2 a side.
        width: Of the border, in pixels.
        mode: `reflect` or `symmetric`.
    """
    skip = 1 if mode == "reflect" else 0
    return _pad_axis(_pad_axis(x, 1, width, skip), 2, width, skip)


def _pad_axis(x, axis, width, skip):
    def lines(x, start, stop):
        begin, size = [0] * 4, [*x.shape]
        begin[axis], size[axis] = start, stop - start
        return tf.slice(x, begin, size)

    def mirrored(x):
        return tf.reverse(x, [axis])

    # Where the lines that are mirrored begin and end.
    length = x.shape[axis]
    head, tail = (skip, skip + width), (length - skip - width, length - skip)

    @tf.custom_gradient
    def padded(x):
        def gradient(upstream):
            def inner(start, stop):
                return lines(upstream, start + width, stop + width)

            before = lines(upstream, 0, width)
            after = lines(upstream, length + width, length + 2 * width)
            parts = [
                inner(0, head[0]),
                inner(*head) + mirrored(before),
                inner(head[1], tail[0]),
                inner(*tail) + mirrored(after),
                inner(tail[1], length),
            ]
            return tf.concat(parts, axis)

        parts = [mirrored(lines(x, *head)), x, mirrored(lines(x, *tail))]
        return tf.concat(parts, axis), gradient

    return padded(x)


def cut(x, width: int):
    """What `convolutions.cut` does, where sizes are known in advance.

    The gradient of a slice pads, in an eighth of the time that the gradient
    of a strided slice takes in bfloat16.
    """
    batch, rows, columns, channels = x.shape
    size = (batch, rows - 2 * width, columns - 2 * width, channels)
    return tf.slice(x, (0, width, width, 0), size)


def fused_instance_norm(x, scale, shift):
    """What `InstanceNormalization` computes, in one pass over each picture.

    Batch normalization of a batch of one picture is instance normalization.
    On a CPU, forward and backward take a fifth of the time of the single
    operations, which are bound by memory.

    Args:
        x: (batch, height, width, channels), the batch known in advance.
        scale: (channels,), any float type.
        shift: The same.

    Returns:
        The shape and type of `x`; statistics are float32 in any case.
    """
    pictures = [
        tf.raw_ops.FusedBatchNormV3(
            x=picture,
            scale=tf.cast(scale, tf.float32),
            offset=tf.cast(shift, tf.float32),
            mean=[],
            variance=[],
            epsilon=EPSILON,
            is_training=True,
        ).y
        for picture in tf.split(x, x.shape[0])
    ]
    return tf.concat(pictures, axis=0)
