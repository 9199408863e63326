import itertools
import threading

import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.content.batches import batches, content_dataset
from fast_depth_style.content.folder import FolderContent


def _numpy(count, *arguments, **options):
    return list(itertools.islice(batches(*arguments, **options), count))


def _tf_data(count, *arguments, **options):
    dataset = content_dataset(*arguments, **options)
    return list(dataset.take(count).as_numpy_iterator())


@pytest.fixture(params=[_numpy, _tf_data])
def take(request):
    return request.param


def test_batches_are_the_crops_in_order(take, photo_folder):
    source = FolderContent(photo_folder)
    taken = take(5, source, 40, 4, 7)
    assert all(batch.shape == (4, 40, 40, 3) for batch in taken)
    assert all(batch.dtype == np.float32 for batch in taken)
    expected = [source.crop(index, 40, 7) for index in range(20)]
    np.testing.assert_array_equal(np.concatenate(taken), expected)
    assert np.concatenate(taken).max() > 200
    assert (take(2, source, 40, 4, 8)[1] != taken[1]).any()


def test_a_stream_goes_on_where_it_stopped(take, photo_folder):
    whole = take(9, FolderContent(photo_folder), 40, 3, 7)
    for start in (1, 4, 6):  # 4 is in the second epoch of 11 photos.
        rest = take(
            9 - start, FolderContent(photo_folder), 40, 3, 7, start_step=start
        )
        np.testing.assert_array_equal(rest, whole[start:])


def test_far_positions_start_at_once(take, photo_folder):
    source = FolderContent(photo_folder)
    (batch,) = take(1, source, 40, 2, 7, start_step=10**9)
    np.testing.assert_array_equal(batch[1], source.crop(2 * 10**9 + 1, 40, 7))


def test_the_shape_is_known(photo_folder):
    dataset = content_dataset(FolderContent(photo_folder), 48, 4, 3)
    assert dataset.element_spec == tf.TensorSpec((4, 48, 48, 3), tf.float32)


def test_little_is_decoded_ahead_and_no_threads_are_left(photo_folder):
    class Counting(FolderContent):
        asked = 0

        def crop(self, *arguments):
            self.asked += 1
            return super().crop(*arguments)

    source = Counting(photo_folder)
    before = threading.active_count()
    stream = batches(source, 40, 3, 7)
    for _ in range(4):
        next(stream)
    assert threading.active_count() > before
    stream.close()
    assert threading.active_count() == before
    assert 12 <= source.asked <= 18
