"""COCO through the real builder of TensorFlow Datasets, on local files."""

import itertools
import os
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tiny_material import web_server

from fast_depth_style.content.batches import batches, content_dataset
from fast_depth_style.content.folder import open_content
from fast_depth_style.errors import RequestError


@pytest.mark.parametrize("year,size", [("2014", "37.6"), ("2017", "25.2")])
def test_the_real_builder_prepares_once_and_is_read(
    coco_downloads, monkeypatch, numbers_of, capsys, year, size
):
    data_dir = coco_downloads(year)
    source = open_content(f"tfds:coco/{year}")
    assert f"{size} GiB" in capsys.readouterr().err
    assert (data_dir / "coco" / year / "1.1.0" / "dataset_info.json").exists()
    assert len(source) == 9
    for epoch in range(2):
        assert sorted(numbers_of(source, 9 * epoch, 9)) == list(range(9))
    assert source.skipped == {}

    def refuse(self, urls):
        raise AssertionError("downloaded again")

    manager = tfds.download.DownloadManager
    monkeypatch.setattr(manager, "download_and_extract", refuse)
    again = open_content(f"tfds:coco/{year}")
    assert capsys.readouterr().err == ""
    np.testing.assert_array_equal(source.crop(5, 40, 1), again.crop(5, 40, 1))


def test_records_are_those_that_tfds_reads(coco_downloads):
    """Every record, byte for byte, in the order of the files."""
    coco_downloads("2017", count=20)
    builder = tfds.builder("coco/2017", data_dir=os.environ["TFDS_DATA_DIR"])
    shards = tfds.download.DownloadConfig(num_shards=4)
    builder.download_and_prepare(download_config=shards)
    assert len(builder.info.splits["train"].filepaths) == 4
    source = open_content("tfds:coco/2017")
    dataset = builder.as_dataset(
        split="train",
        shuffle_files=False,
        decoders={"image": tfds.decode.SkipDecoding()},
        read_config=tfds.ReadConfig(interleave_cycle_length=1),
    )
    expected = [
        (record["image/filename"].decode(), record["image"])
        for record in dataset.as_numpy_iterator()
    ]
    assert [source._encoded(i) for i in range(len(source))] == expected


def test_stream_and_pipeline_go_on_where_they_stopped(coco_downloads):
    coco_downloads("2017", damaged=(4,))
    source = open_content("tfds:coco/2017")
    whole = list(itertools.islice(batches(source, 40, 4, 3), 7))
    for start in (1, 3, 6):
        again = open_content("tfds:coco/2017")
        pipeline = content_dataset(again, 40, 4, 3, start).take(7 - start)
        rest = list(pipeline.as_numpy_iterator())
        np.testing.assert_array_equal(rest, whole[start:])
    assert source.skipped == {"train2017_000000000004.jpg": "not a picture"}
    assert source.skipped == again.skipped


def test_damaged_files_are_named(coco_downloads):
    data_dir = coco_downloads("2017")
    open_content("tfds:coco/2017")
    (shard,) = (data_dir / "coco" / "2017").rglob("*train*tfrecord*")
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(RequestError, match="8 photos where 9 should be"):
        open_content("tfds:coco/2017")


@pytest.mark.parametrize("network", ["none", "a captive portal"])
def test_a_failed_download_is_a_wrong_request(tmp_path, monkeypatch, network):
    """The real download: it asks a proxy, which answers its own or not."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    start = time.monotonic()
    with web_server(b"<html>Please log in</html>") as portal:
        message = "delete .*tfds/downloads "
        if network == "none":
            portal, message = "http://127.0.0.1:9", "use a folder"
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, portal)
        with pytest.raises(RequestError, match=message) as failure:
            open_content("tfds:coco/2017")
    assert time.monotonic() - start < 30
    assert "\n" not in str(failure.value)
    assert not (tmp_path / "tfds" / "coco" / "2017" / "1.1.0").exists()
