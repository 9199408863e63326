import itertools
import threading

import numpy as np

from fast_depth_style.content.batches import batches
from fast_depth_style.content.folder import FolderContent


def _take(count, *arguments, **options):
    return list(itertools.islice(batches(*arguments, **options), count))


def test_batches_are_the_crops_in_order(photo_folder):
    source = FolderContent(photo_folder)
    taken = _take(5, source, 40, 4, 7)
    assert all(batch.shape == (4, 40, 40, 3) for batch in taken)
    assert all(batch.dtype == np.float32 for batch in taken)
    expected = [source.crop(index, 40, 7) for index in range(20)]
    np.testing.assert_array_equal(np.concatenate(taken), expected)
    assert np.concatenate(taken).max() > 200


def test_a_stream_goes_on_where_it_stopped(photo_folder):
    whole = _take(9, FolderContent(photo_folder), 40, 3, 7)
    for start in (1, 4, 6):  # 4 is in the second epoch of 11 photos.
        rest = _take(
            9 - start, FolderContent(photo_folder), 40, 3, 7, start_step=start
        )
        np.testing.assert_array_equal(rest, whole[start:])


def test_an_abandoned_stream_leaves_no_threads(photo_folder):
    before = threading.active_count()
    stream = batches(FolderContent(photo_folder), 40, 3, 7)
    next(stream)
    assert threading.active_count() > before
    stream.close()
    assert threading.active_count() == before


def test_little_is_decoded_ahead(photo_folder):
    class Counting(FolderContent):
        asked = 0

        def crop(self, *arguments):
            self.asked += 1
            return super().crop(*arguments)

    source = Counting(photo_folder)
    stream = batches(source, 40, 3, 7)
    for _ in range(4):
        next(stream)
    stream.close()
    assert 12 <= source.asked <= 18
