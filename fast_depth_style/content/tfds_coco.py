"""Content photos from the COCO data sets of TensorFlow Datasets."""

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Iterator

import numpy as np

from fast_depth_style.content.photo_source import PhotoSource
from fast_depth_style.requests import RequestError

#: What the first use of a data set downloads, in GiB.
DOWNLOAD_GIB = {"coco/2014": 37.6, "coco/2017": 25.2}

_HOST = ("images.cocodataset.org", 80)


class TfdsCocoContent(PhotoSource):
    """The train split of `coco/2014` or `coco/2017`.

    The data set is downloaded and prepared where that was not done before.
    Its TFRecord files are then read at random positions, so a run resumes
    at once and its order is a full shuffle, not that of a buffer. The JPEG
    files in them are decoded like those of a folder.
    """

    def __init__(self, name: str, data_dir: str | None = None):
        """Opens the data set, downloading it if need be.

        Args:
          name: `coco/2014` or `coco/2017`.
          data_dir: Folder of TensorFlow Datasets; by default the environment
            variable TFDS_DATA_DIR, else `~/tensorflow_datasets`.

        Raises:
          RequestError: No such data set, it cannot be downloaded or stored,
            or what is prepared on disk is damaged.
        """
        super().__init__()
        if name not in DOWNLOAD_GIB:
            raise RequestError(
                f"tfds:{name}: unknown content; use a folder or "
                + " or ".join(f"tfds:{known}" for known in DOWNLOAD_GIB)
            )
        try:
            import tensorflow as tf
            import tensorflow_datasets as tfds
        except ImportError as error:
            raise RequestError(
                f"tfds:{name} needs tensorflow and tensorflow-datasets "
                f"({error}); install them or use a folder of photos"
            ) from error
        self._parse = tf.train.Example.FromString
        builder = tfds.builder(
            name, data_dir=data_dir or os.environ.get("TFDS_DATA_DIR")
        )
        if not builder.is_prepared():
            _prepare(builder, name)
        split = builder.info.splits["train"]
        if builder.info.file_format != tfds.core.FileFormat.TFRECORD:
            raise RequestError(
                f"{builder.data_path}: prepared as "
                f"{builder.info.file_format.value}, only tfrecord can be read"
            )
        self._shards = [os.fspath(path) for path in split.filepaths]
        self._records = np.array(
            [
                (shard, start, length)
                for shard, path in enumerate(self._shards)
                for start, length in _records(path)
            ],
            np.int64,
        )
        if len(self._records) != split.num_examples or not len(self):
            raise RequestError(
                f"{builder.data_path}: {len(self._records)} photos where "
                f"{split.num_examples} should be; delete that folder to have "
                "it prepared again"
            )
        self._check_one_is_usable()

    def __len__(self) -> int:
        """Number of photos, the unusable ones included."""
        return len(self._records)

    def _encoded(self, photo: int) -> tuple[str, bytes]:
        shard, start, length = self._records[photo]
        with open(self._shards[shard], "rb") as file:
            file.seek(start)
            features = self._parse(file.read(length)).features.feature
        name = features["image/filename"].bytes_list.value[0].decode()
        return name, features["image"].bytes_list.value[0]


def _records(path: str) -> Iterator[tuple[int, int]]:
    """Yields (start, length) in bytes of each record of a TFRecord file.

    A record is its length (uint64), a checksum of that (4 bytes), the data,
    a checksum of the data (4 bytes); see the TensorFlow guide to TFRecord.
    """
    with open(path, "rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):
            # Without read-ahead only the pages with lengths are fetched.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        end = file.seek(0, os.SEEK_END)
        start = 0
        while start + 16 <= end:
            file.seek(start)
            (length,) = struct.unpack("<Q", file.read(8))
            if start + 16 + length > end:
                return  # Cut short: the caller finds records missing.
            yield start + 12, length
            start += 16 + length


def _prepare(builder, name: str) -> None:
    """Downloads and prepares a data set with its real builder."""
    print(
        f"{name} is not in {builder.data_path} yet: downloading "
        f"{DOWNLOAD_GIB[name]} GiB and preparing it, which takes about three "
        "times that space on disk. TFDS_DATA_DIR names another place.",
        file=sys.stderr,
        flush=True,
    )
    from tensorflow_datasets.core.download.util import DownloadError

    try:
        with _few_retries_without_network():
            builder.download_and_prepare()
    except (OSError, DownloadError) as error:
        reason = " ".join(str(error).split())
        raise RequestError(
            f"cannot download tfds:{name} to {builder.data_path}: {reason}; "
            "use a folder of photos, or set TFDS_DATA_DIR to where the data "
            "set is prepared"
        ) from error


@contextlib.contextmanager
def _few_retries_without_network() -> Iterator[None]:
    """Lets downloads fail at once, not after minutes, if there is no host.

    They are still tried: files may have been downloaded before, or a proxy
    may know the way.
    """
    from tensorflow_datasets.core.download import downloader

    retries = downloader.MAX_RETRIES
    try:
        socket.create_connection(_HOST, timeout=10).close()
    except OSError:
        downloader.MAX_RETRIES = 1
    try:
        yield
    finally:
        downloader.MAX_RETRIES = retries
