"""COCO through the real builder of TensorFlow Datasets, on local files."""

import itertools
import os
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds

from fast_depth_style.content.batches import batches
from fast_depth_style.content.pipeline import content_dataset
from fast_depth_style.content.source import open_content
from fast_depth_style.content.tfds_coco import TfdsCocoContent
from fast_depth_style.requests import RequestError


def _numbers(source, start, count):
    return [
        round(source.crop(start + i, 40, 3)[..., 2].mean() / 10)
        for i in range(count)
    ]


@pytest.mark.parametrize("year,size", [("2014", "37.6"), ("2017", "25.2")])
def test_the_real_builder_prepares_and_is_read(
    coco_downloads, capsys, year, size
):
    data_dir = coco_downloads(year)
    source = open_content(f"tfds:coco/{year}")
    assert f"{size} GiB" in capsys.readouterr().err
    assert (data_dir / "coco" / year / "1.1.0" / "dataset_info.json").exists()
    assert len(source) == 9
    for epoch in range(2):
        assert sorted(_numbers(source, 9 * epoch, 9)) == list(range(9))
    assert source.skipped == {}


def test_prepared_data_are_not_downloaded_again(
    coco_downloads, monkeypatch, capsys
):
    data_dir = coco_downloads("2017")
    first = open_content("tfds:coco/2017")
    capsys.readouterr()

    def refuse(self, urls):
        raise AssertionError("downloaded again")

    monkeypatch.setattr(
        tfds.download.DownloadManager, "download_and_extract", refuse
    )
    monkeypatch.delenv("TFDS_DATA_DIR")
    again = TfdsCocoContent("coco/2017", data_dir=str(data_dir))
    assert capsys.readouterr().err == ""
    np.testing.assert_array_equal(first.crop(5, 40, 1), again.crop(5, 40, 1))


def test_records_are_those_that_tfds_reads(coco_downloads):
    """Every record, byte for byte, in the order of the files."""
    coco_downloads("2017", count=20)
    source = open_content("tfds:coco/2017")
    builder = tfds.builder("coco/2017", data_dir=os.environ["TFDS_DATA_DIR"])
    dataset = builder.as_dataset(
        split="train",
        shuffle_files=False,
        decoders={"image": tfds.decode.SkipDecoding()},
    )
    expected = [
        (record["image/filename"].decode(), record["image"])
        for record in dataset.as_numpy_iterator()
    ]
    assert [source._encoded(i) for i in range(len(source))] == expected


def test_several_shards(coco_downloads):
    data_dir = coco_downloads("2017", count=20)
    builder = tfds.builder("coco/2017", data_dir=str(data_dir))
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(num_shards=4)
    )
    assert len(builder.info.splits["train"].filepaths) == 4
    source = open_content("tfds:coco/2017")
    assert sorted(_numbers(source, 0, 20)) == list(range(20))


def test_stream_and_pipeline_go_on_where_they_stopped(coco_downloads):
    coco_downloads("2017", damaged=(4,))
    source = open_content("tfds:coco/2017")
    whole = list(itertools.islice(batches(source, 40, 4, 3), 7))
    for start in (1, 3, 6):
        again = open_content("tfds:coco/2017")
        pipeline = content_dataset(again, 40, 4, 3, start).take(7 - start)
        np.testing.assert_array_equal(
            list(pipeline.as_numpy_iterator()), whole[start:]
        )
        stream = batches(again, 40, 4, 3, start)
        np.testing.assert_array_equal(next(stream), whole[start])
        stream.close()
    assert source.skipped == {"train2017_000000000004.jpg": "not a picture"}
    assert source.skipped == again.skipped


def test_damaged_files_are_named(coco_downloads):
    data_dir = coco_downloads("2017")
    open_content("tfds:coco/2017")
    folder = data_dir / "coco" / "2017" / "1.1.0"
    (shard,) = folder.glob("*train*tfrecord*")
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(RequestError, match="8 photos where 9 should be"):
        open_content("tfds:coco/2017")


def test_no_network_is_a_wrong_request(tmp_path, monkeypatch):
    """The real download, from a host that does not answer."""
    import requests

    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    # A proxy that nobody serves stands for the missing network, so that the
    # test neither waits for a name server nor ever downloads anything.
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        "fast_depth_style.content.tfds_coco._HOST", ("127.0.0.1", 9)
    )
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get("http://images.cocodataset.org", timeout=5)
    start = time.monotonic()
    with pytest.raises(RequestError, match="use a folder") as failure:
        open_content("tfds:coco/2017")
    assert time.monotonic() - start < 30
    assert "\n" not in str(failure.value)
    assert not (tmp_path / "tfds" / "coco" / "2017" / "1.1.0").exists()
