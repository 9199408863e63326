"""What the shipped networks are made and measured from.

The material is a folder of paintings/NAME.jpg for each of `STYLES`,
photos/diverse, photos/bsds500, weights/vgg19.npz and weights/fast_depth.npz.
"""

import json
import os
import pathlib
import shutil

from PIL import Image, ImageFilter

from fast_depth_style import files
from fast_depth_style.errors import RequestError

STYLES = {
    "great_wave": "The Great Wave off Kanagawa, Katsushika Hokusai",
    "starry_night": "The Starry Night, Vincent van Gogh",
    "scream": "The Scream, Edvard Munch",
    "udnie": "Udnie, Francis Picabia",
    "shipwreck": "The Shipwreck of the Minotaur, J. M. W. Turner",
    "composition_vii": "Composition VII, Wassily Kandinsky",
    "water_lilies": "Water Lilies, Claude Monet",
}
SIZES = {name: 384 if name == "starry_night" else 256 for name in STYLES}
"""Short side in pixels, for strokes of about one breadth."""
# Files whose canvas or noise would be learned as strokes: details of less than
# 3.3 pixels had a fifth of the power of The Starry Night at 443 pixels.
_GRAINY = ("starry_night", "shipwreck", "water_lilies")


def find(folder: str) -> pathlib.Path:
    """The material's folder; a `RequestError` where a part is missing."""
    material = files.resolve(folder, "material")
    for part in ("paintings", "photos", "weights"):
        if not (material / part).is_dir():
            raise RequestError(f"--material={folder}: no folder {part} there")
    return material


def prepare_paintings(
    material: pathlib.Path, folder: pathlib.Path
) -> tuple[str, ...]:
    """Copies the painting of each style to a folder, without grain.

    Returns their paths, in the order of `STYLES`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in STYLES:
        made.append(str(folder / f"{name}.png"))
        with Image.open(material / "paintings" / f"{name}.jpg") as painting:
            rgb = painting.convert("RGB")
        if name in _GRAINY:
            for _ in range(2):
                rgb = rgb.filter(ImageFilter.MedianFilter(3))
        rgb.save(made[-1])
    return tuple(made)


def photo_names(part: str) -> list[str]:
    """Photos of the part "train", "validation" or "test" of the split."""
    split = pathlib.Path(__file__).with_name("photo_split.json")
    return json.loads(split.read_text())[part]


def link_photos(
    part: str, material: pathlib.Path, folder: pathlib.Path
) -> pathlib.Path:
    """Makes a folder of links to a part's photos, and returns it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in photo_names(part):
        photo = (material / "photos" / name).resolve()
        os.symlink(photo, folder / photo.name)
    return folder


def perceptual_network(material: pathlib.Path) -> str:
    """The setting `perceptual_network`: VGG19 with the material's weights."""
    return f"vgg19:{material / 'weights/vgg19.npz'}"


def teacher(material: pathlib.Path) -> str:
    """The setting `depth_network`: FastDepth with the material's weights."""
    return f"fast_depth:{material / 'weights/fast_depth.npz'}"


def copy_small(material: pathlib.Path, folder: pathlib.Path) -> None:
    """Copies what a training needs, photos at a short side of 288 pixels.

    Some 45 MB, for a machine that is lent for minutes.
    """
    for name in photo_names("train"):
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(material / "photos" / name) as photo:
            factor = min(288 / min(photo.size), 1.0)
            size = [round(factor * side) for side in photo.size]
            photo.convert("RGB").resize(size).save(path, quality=85)
    for part in ("paintings", "weights"):
        shutil.copytree(material / part, folder / part, dirs_exist_ok=True)
