"""Content photos from the COCO data sets of TensorFlow Datasets."""

import os
import pathlib
import struct
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from fast_depth_style.content.source import PhotoSource
from fast_depth_style.errors import RequestError, one_line
from fast_depth_style.files import printable

DOWNLOAD_GIB = {"coco/2014": 37.6, "coco/2017": 25.2}
"""What the first use of a data set downloads."""

_RETRIES = 3  # Half a second to two apart; TFDS's ten take minutes offline.


class TfdsCocoContent(PhotoSource):
    """The train split of `coco/2014` or `coco/2017`.

    It is downloaded and prepared where that was not done before: in the folder
    of the environment variable TFDS_DATA_DIR, else `~/tensorflow_datasets`.
    Its TFRecord files are then read at random positions, so a run resumes at
    once and its order is a full shuffle. (`tfds.data_source` wants the data
    set prepared a second time, as ArrayRecord.)
    """

    def __init__(self, name: str):
        """Opens the data set, downloading it if need be.

        Raises:
            RequestError: No such data set, it cannot be downloaded or stored,
                or what is prepared on disk is damaged.
        """
        if name not in DOWNLOAD_GIB:
            raise RequestError(
                f"tfds:{name}: unknown content; use a folder or "
                + " or ".join(f"tfds:{known}" for known in DOWNLOAD_GIB)
            )
        import tensorflow as tf
        import tensorflow_datasets as tfds

        self._parse = tf.train.Example.FromString
        data_dir = os.environ.get("TFDS_DATA_DIR")
        builder = tfds.builder(name, data_dir=data_dir)
        if not builder.is_prepared():
            _prepare(builder, name)
        split = builder.info.splits["train"]
        self._shards = [os.fspath(path) for path in split.filepaths]
        records = [
            (shard, start, length)
            for shard, path in enumerate(self._shards)
            for start, length in _records(path)
        ]
        if len(records) != split.num_examples or not records:
            raise RequestError(
                f"{builder.data_path}: {len(records)} photos where "
                f"{split.num_examples} should be; delete that folder to have "
                "it prepared again"
            )
        self._records = np.array(records, np.int64)
        super().__init__()

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
        start, end = 0, file.seek(0, os.SEEK_END)
        while start + 16 <= end:
            file.seek(start)
            (length,) = struct.unpack("<Q", file.read(8))
            if start + 16 + length > end:
                return  # Cut short: the caller finds records missing.
            yield start + 12, length
            start += 16 + length


def _prepare(builder: Any, name: str) -> None:
    """Downloads and prepares a data set with its real builder."""
    print(
        f"{name} is not in {builder.data_path} yet: downloading "
        f"{DOWNLOAD_GIB[name]} GiB and preparing it, which takes about three "
        "times that space on disk. TFDS_DATA_DIR names another place.",
        file=sys.stderr,
        flush=True,
    )
    from tensorflow_datasets.core.download import (
        download_manager,
        downloader,
        util,
    )

    before, downloader.MAX_RETRIES = downloader.MAX_RETRIES, _RETRIES
    try:
        builder.download_and_prepare()
    except download_manager.NonMatchingChecksumError as error:
        downloads = pathlib.Path(builder.data_path).parents[2] / "downloads"
        raise RequestError(
            f"tfds:{name}: what was downloaded is not the data set (the page "
            "of a login or a proxy?): check the network, delete "
            f"{printable(downloads)} and run the command again"
        ) from error
    except (OSError, util.DownloadError) as error:
        raise RequestError(
            f"cannot download tfds:{name} to {builder.data_path}: "
            f"{one_line(error)}; "
            "use a folder of photos, or set TFDS_DATA_DIR to where the data "
            "set is prepared"
        ) from error
    finally:
        downloader.MAX_RETRIES = before
