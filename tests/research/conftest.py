"""The programs of research/, whose folder is no package, and tiny material."""

import pathlib
import sys

import numpy as np
import pytest
from PIL import Image

# What Python does for `python research/NAME.py`.
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "research"))


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """Folders of photos, paintings and rooms, and weights of VGG19."""
    folder = tmp_path_factory.mktemp("material")
    draw = np.random.default_rng(0)
    for name, count in (("photos", 6), ("paintings", 3)):
        (folder / name).mkdir()
        for number in range(count):
            coarse = draw.integers(0, 256, (6, 7, 3), np.uint8)
            picture = Image.fromarray(coarse).resize((112, 96))
            picture.save(folder / name / f"{number}.png")
    for name in ("rgb", "depth"):
        (folder / "rooms" / name).mkdir(parents=True)
    rows = np.linspace(0.2, 1, 64)[:, None]
    for number in (*range(100, 112), 150, 160, 170):
        # The lower and the redder, the nearer.
        near = rows * draw.uniform(0.5, 1) * np.ones((64, 80))
        rgb = 255 * near[..., None] * (0.9, 0.4, 0.2)
        rgb = (rgb + draw.normal(0, 5, rgb.shape)).clip(0, 255)
        name = f"{number:04}"
        Image.fromarray(rgb.astype(np.uint8)).save(
            folder / "rooms" / "rgb" / f"{name}.jpg"
        )
        metres = (25.5 / near).clip(0, 255).astype(np.uint8)
        Image.fromarray(metres).save(folder / "rooms" / "depth" / f"{name}.png")
    import benchmark

    np.savez(folder / "vgg19.npz", **benchmark.random_vgg19())
    return folder
