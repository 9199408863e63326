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

    def serve(year: str, count: int = 9, damaged: tuple[int, ...] = ()):
        root = tmp_path / "extracted"
        (root / "annotations").mkdir(parents=True)
        splits = [f"train{year}", f"val{year}", f"test{year}"]
        if year == "2014":
            splits.append("test2015")
        for split in splits:
            (root / split).mkdir()
            images, annotations = [], []
            for number in range(count if split.startswith("train") else 4):
                name = f"{split}_{number:012}.jpg"
                height, width = 120 + 7 * number, 200 - 5 * number
                photo(number, height, width).save(
                    root / split / name, quality=95
                )
                if split.startswith("train") and number in damaged:
                    (root / split / name).write_bytes(b"not a photo")
                images.append(
                    {
                        "id": number,
                        "file_name": name,
                        "height": height,
                        "width": width,
                    }
                )
                annotations.append(
                    {
                        "id": number,
                        "image_id": number,
                        "category_id": 1,
                        "area": 100.0,
                        "bbox": [10.0, 20.0, 30.0, 40.0],
                        "iscrowd": 0,
                    }
                )
            content = {
                "images": images,
                "categories": [
                    {"id": i, "name": f"kind {i}", "supercategory": "thing"}
                    for i in range(1, 81)  # The builder wants 80 of them.
                ],
            }
            kind = "image_info"
            if not split.startswith("test"):
                kind, content["annotations"] = "instances", annotations
            (root / "annotations" / f"{kind}_{split}.json").write_text(
                json.dumps(content)
            )

        def download_and_extract(self, urls):
            return {key: str(root) for key in urls}

        monkeypatch.setattr(
            tfds.download.DownloadManager,
            "download_and_extract",
            download_and_extract,
        )
        monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
        return tmp_path / "tfds"

    return serve
