import dataclasses

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.demo.samples import sample_painting
from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation import clips, evaluate
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.images.size import resize


@pytest.fixture(scope="module")
def photo():
    return sample_painting(125, 125)


@pytest.mark.parametrize("movement", clips.MOVEMENTS)
def test_the_motion_of_a_clip_is_known(photo, movement, monkeypatch):
    smooth = resize(resize(photo, (12, 12)), (125, 125))
    monkeypatch.setattr(clips, "_NOISE", 0.0)
    clip = clips.film(smooth, movement, 4)
    assert len(clip.frames) == 4 and clip.frames[0].shape == (96, 96, 3)
    if movement == "still":
        assert clips.warping_error(clip, clip.frames) == 0
        return
    # What is left is of the interpolation; taken for still, much is.
    error = clips.warping_error(clip, clip.frames)
    still = clips.film(smooth, "still", 4)
    assert error < 1.3
    assert error < 0.6 * clips.warping_error(still, clip.frames)
    known = [sum(m.mean() for _, m in pairs) for pairs in clip.origins]
    assert all(0.85 < share <= 1 for share in known)


def test_the_error_is_that_of_noise(photo):
    clip = clips.film(photo, "still", 3)
    error = clips.warping_error(clip, clip.frames)
    assert error == pytest.approx(4 * 2**0.5, rel=0.05)
    flat = [np.full((96, 96, 3), v, np.uint8) for v in (100, 110, 100)]
    assert clips.warping_error(clip, flat) == pytest.approx(10)


def test_a_camera_goes_there_and_back(photo):
    frames = clips.film(photo, "pan", 49).frames
    apart = [np.abs(f.astype(int) - frames[0]).mean() for f in frames]
    assert apart[48] < 6 < 15 < apart[24]


@pytest.fixture
def settings(photo, styled_model, tmp_path):
    (tmp_path / "photos").mkdir()
    for name in "ab":
        Image.fromarray(photo).save(tmp_path / "photos" / f"{name}.png")
    return EvaluationSettings(
        models=(f"mine={styled_model}?style=udnie",),
        style=str(tmp_path / "photos" / "a.png"),
        output=str(tmp_path / "out"),
        video=str(tmp_path / "photos"),
        perceptual_network="compact",
        style_size=64,
        image_size=96,
        frames=4,
    )


def test_a_whole_run(settings, tmp_path):
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"no picture")
    (table,) = evaluate.evaluate(settings)
    assert table.name == "clips" and table.photos == [
        "a.png, pan",
        "b.png, zoom",
    ]
    plain, steady, photos = table.models
    assert (plain, steady) == ("mine, frame by frame", "mine, steady")
    assert [file for file, _ in table.skipped] == ["bad.jpg"]
    ratio = table.values["clip.ratio"]
    assert (ratio[0] == 1).all() and (ratio[1] < 1).all()
    error = table.values["clip.error"]
    np.testing.assert_allclose(ratio[1], error[1] / error[0])
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {
        ".fast_depth_style",
        "index.html",
        "metrics.json",
        "clips.csv",
    }
    page = (out / "index.html").read_text()
    assert "Clips with known motion (2)" in page and "b.png, zoom" in page


def test_wrong_requests(settings):
    nothing = dataclasses.replace(settings, models=("identity",))
    with pytest.raises(RequestError, match="--video: name a model"):
        evaluate.evaluate(nothing)
    judged = dataclasses.replace(settings, content=settings.video)
    with pytest.raises(RequestError, match="--depth_network= names no judge"):
        evaluate.evaluate(judged)
