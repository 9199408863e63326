"""Training batches as a tf.data pipeline."""

import numpy as np
import tensorflow as tf

from fast_depth_style.content.photo_source import PhotoSource


def content_dataset(
    source: PhotoSource,
    image_size: int,
    batch_size: int,
    seed: int,
    start_step: int = 0,
) -> tf.data.Dataset:
    """Builds an endless pipeline of crops, decoded in parallel and ahead.

    The batches equal those of `content.batches.batches`.

    Args:
      source: The photos.
      image_size: Height and width of a crop in pixels.
      batch_size: Crops in a batch.
      seed: Order and crops follow from it.
      start_step: Batches to leave out at the start; what follows is what an
        uninterrupted pipeline gives from there on.

    Returns:
      A dataset of float32 tensors (batch_size, image_size, image_size, 3) in
      0..255.
    """

    def crop(index: np.ndarray) -> np.ndarray:
        return source.crop(int(index), image_size, seed)

    def crop_in_python(index: tf.Tensor) -> tf.Tensor:
        rgb = tf.numpy_function(crop, [index], tf.uint8, stateful=False)
        return tf.ensure_shape(rgb, (image_size, image_size, 3))

    first = start_step * batch_size
    return (
        tf.data.Dataset.range(first, np.iinfo(np.int64).max)
        .map(crop_in_python, tf.data.AUTOTUNE, deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .map(lambda rgb: tf.cast(rgb, tf.float32))
        .prefetch(2)
    )
