"""Small collections of content photos, made on the spot."""

import json
import pathlib

import numpy as np
import pytest
from PIL import Image


def photo(number: int, height: int, width: int) -> Image.Image:
    """A smooth photo that tells its number, its rows and its columns.

    Red grows to the right, green grows downwards, blue is ten times the
    number; nothing that JPEG would change by more than a few levels.
    """
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / (width - 1), 255 * y / (height - 1)
    rgb = np.stack([red, green, np.full_like(red, 10 * number)], -1)
    return Image.fromarray(rgb.round().astype(np.uint8))


@pytest.fixture
def make_photo():
    return photo


@pytest.fixture
def numbers_of():
    """The numbers of the photos that a source's crops come from."""

    def numbers(source, start, count, seed=3):
        crops = (source.crop(start + i, 40, seed) for i in range(count))
        return [round(crop[..., 2].mean() / 10) for crop in crops]

    return numbers


@pytest.fixture
def photo_folder(tmp_path) -> pathlib.Path:
    """Eleven photos of different sizes and two formats."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(11):
        suffix = "png" if number % 3 == 0 else "jpg"
        picture = photo(number, 150 + 10 * number, 330 - 17 * number)
        picture.save(folder / f"{number:02}.{suffix}")
    return folder


@pytest.fixture
def coco_downloads(tmp_path, monkeypatch):
    """Hands small local folders to the builder in place of the downloads.

    Returns a function of the numbers of photos whose files are damaged; call
    it before the data set is opened.
    """
    import tensorflow_datasets as tfds

    # The builder wants 80 of them.
    kinds = [
        {"id": i, "name": f"kind {i}", "supercategory": "thing"}
        for i in range(1, 81)
    ]
    box = {"category_id": 1, "area": 9.0, "bbox": [1, 2, 3.0, 3], "iscrowd": 0}

    def serve(year: str, count: int = 9, damaged: tuple[int, ...] = ()):
        root = tmp_path / "extracted"
        (root / "annotations").mkdir(parents=True)
        splits = [f"train{year}", f"val{year}", f"test{year}"]
        for split in [*splits, "test2015"] if year == "2014" else splits:
            (root / split).mkdir()
            train = split.startswith("train")
            images = []
            for number in range(count if train else 4):
                name = f"{split}_{number:012}.jpg"
                height, width = 120 + 7 * number, 200 - 5 * number
                picture = photo(number, height, width)
                picture.save(root / split / name, quality=95)
                if train and number in damaged:
                    (root / split / name).write_bytes(b"not a photo")
                facts = {"id": number, "height": height, "width": width}
                images.append(facts | {"file_name": name})
            content = {"images": images, "categories": kinds}
            kind = "image_info"
            if not split.startswith("test"):
                kind = "instances"
                content["annotations"] = [
                    box | {"id": image["id"], "image_id": image["id"]}
                    for image in images
                ]
            path = root / "annotations" / f"{kind}_{split}.json"
            path.write_text(json.dumps(content))

        def download_and_extract(self, urls):
            return {key: str(root) for key in urls}

        manager = tfds.download.DownloadManager
        monkeypatch.setattr(
            manager, "download_and_extract", download_and_extract
        )
        monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
        return tmp_path / "tfds"

    return serve
