import json

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.distillation import perceptual_run
from fast_depth_style.distillation.perceptual import PerceptualDistillation
from fast_depth_style.perception.compact_perceptual import (
    compact_perceptual_body,
)
from fast_depth_style.perception.shipped_weights import read_shipped_weights
from fast_depth_style.requests import RequestError


@pytest.fixture
def folders(tmp_path):
    draw = np.random.default_rng(0)
    for folder, count in (("photos", 52), ("paintings", 3)):
        (tmp_path / folder).mkdir()
        for i in range(count):
            noise = draw.integers(0, 256, (40, 48, 3), np.uint8)
            Image.fromarray(noise).save(tmp_path / folder / f"{i:02}.png")
    return tmp_path


def test_what_is_held_out_is_not_trained_on(folders):
    sources = perceptual_run.find_sources(
        [str(folders / "photos")], str(folders / "paintings")
    )
    assert [p.stem for p in sources.held_out_photos] == ["00", "25", "50"]
    assert [p.stem for p in sources.held_out_paintings] == ["02"]
    assert len(sources.photos) == 49 and len(sources.paintings) == 2
    assert not set(sources.photos) & set(sources.held_out_photos)


def test_a_missing_folder_or_too_few_pictures_is_one_line(folders):
    with pytest.raises(RequestError, match="no folder"):
        perceptual_run.find_sources(["nowhere"], str(folders / "paintings"))
    with pytest.raises(RequestError, match="too few"):
        perceptual_run.find_sources(
            [str(folders / "paintings")], str(folders / "paintings")
        )


@pytest.mark.slow
def test_a_run_writes_weights_that_the_loader_takes(folders, vgg19_file):
    config = PerceptualDistillation(
        steps=2,
        picture_size=32,
        fresh=2,
        pooled=2,
        pool_from=0,
        pool_size=3,
        judged_size=32,
        judged_steps=6,
    )
    said = []
    agreements = perceptual_run.run_perceptual(
        config,
        vgg19_file,
        [str(folders / "photos")],
        str(folders / "paintings"),
        folders / "work",
        folders / "weights",
        said.append,
    )
    assert [a.painting for a in agreements] == ["00", "01", "02 (held out)"]
    written = json.loads((folders / "work/agreement.json").read_text())
    assert [one["spearman"] for one in written] == [
        a.spearman for a in agreements
    ]
    arrays = read_shipped_weights("compact_perceptual.npz", folders / "weights")
    count = sum(array.size for array in arrays.values())
    assert count == compact_perceptual_body().count_params()
    assert any(line.startswith("mean: Spearman") for line in said)
