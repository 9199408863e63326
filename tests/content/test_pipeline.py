import itertools

import numpy as np
import tensorflow as tf

from fast_depth_style.content.batches import batches
from fast_depth_style.content.folder import FolderContent
from fast_depth_style.content.pipeline import content_dataset


def _take(count, *arguments, **options):
    dataset = content_dataset(*arguments, **options)
    return list(dataset.take(count).as_numpy_iterator())


def test_the_pipeline_equals_the_batches(photo_folder):
    source = FolderContent(photo_folder)
    taken = _take(8, source, 48, 4, 3)
    other = itertools.islice(batches(FolderContent(photo_folder), 48, 4, 3), 8)
    np.testing.assert_array_equal(taken, list(other))


def test_shape_and_type_are_known(photo_folder):
    dataset = content_dataset(FolderContent(photo_folder), 48, 4, 3)
    assert dataset.element_spec == tf.TensorSpec((4, 48, 48, 3), tf.float32)


def test_a_pipeline_goes_on_where_it_stopped(photo_folder):
    whole = _take(9, FolderContent(photo_folder), 40, 3, 7)
    for start in (1, 4, 6):
        rest = _take(
            9 - start, FolderContent(photo_folder), 40, 3, 7, start_step=start
        )
        np.testing.assert_array_equal(rest, whole[start:])


def test_far_positions_start_at_once(photo_folder):
    source = FolderContent(photo_folder)
    (batch,) = _take(1, source, 40, 2, 7, start_step=10**9)
    np.testing.assert_array_equal(batch[1], source.crop(2 * 10**9 + 1, 40, 7))


def test_seeds_differ(photo_folder):
    source = FolderContent(photo_folder)
    assert (
        _take(2, source, 40, 3, 7)[1] != _take(2, source, 40, 3, 8)[1]
    ).any()


def test_skipped_photos_come_through(photo_folder):
    (photo_folder / "bad.jpg").write_text("no photo")
    source = FolderContent(photo_folder)
    batches_ = _take(4, source, 40, 3, 7)
    assert np.isfinite(batches_).all()
    assert source.skipped == {str(photo_folder / "bad.jpg"): "not a picture"}
