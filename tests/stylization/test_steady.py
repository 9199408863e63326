import concurrent.futures

import numpy as np
import pytest
from PIL import Image

import fast_depth_style as fds
from fast_depth_style.demo.samples import sample_painting
from fast_depth_style.evaluation import clips
from fast_depth_style.images.size import resize
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.frames import FramePainter
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.steady import Memory


@pytest.fixture(scope="module")
def photo():
    return sample_painting(125, 125)


def _frames(photo, count=4):
    return clips.film(photo, "pan", count).frames


@pytest.mark.parametrize(
    "movement, most",
    [("pan", 0.85), ("zoom", 0.85), ("passing", 0.9), ("still", 0.5)],
)
def test_a_video_holds_still(photo, movement, most):
    """The shipped network; figures of real photos are in the docs."""
    clip = clips.film(photo, movement, 4)
    settings = StylizeSettings(style="udnie")
    model = load_styled("shipped", settings)
    plain = [tiles.stylize(model, rgb) for rgb in clip.frames]
    painter = FramePainter(model, settings)
    steady = [painter.paint(rgb) for rgb in clip.frames]
    errors = [clips.warping_error(clip, p) for p in (plain, steady)]
    assert errors[1] < most * errors[0]
    # It is the same painting, neither late nor blurred.
    assert np.abs(steady[-1].astype(int) - plain[-1]).mean() < 8
    assert _strength(steady[-1]) > 0.85 * _strength(plain[-1])


@pytest.mark.filterwarnings("error")
def test_flat_frames_are_painted_as_alone():
    """As in a fade; once they were no numbers.

    In the mean: the texture of a flat picture is rounding that normalization
    makes large, and differs from one way of painting to another.
    """
    settings = StylizeSettings(style="udnie", engine="light")
    model = load_styled("shipped", settings)
    painter = FramePainter(model, settings)
    for level in (120, 120, 124):
        rgb = np.full((48, 64, 3), (level, 40, 200), np.uint8)
        painted = painter.paint(rgb).mean((0, 1))
        alone = tiles.stylize(model, rgb).mean((0, 1))
        assert np.abs(painted - alone).max() < 20


def _strength(rgb):
    return np.abs(np.diff(rgb.astype(int), axis=1)).mean()


def test_strokes_that_lie_apart_keep_their_strength(photo):
    """The mean of two noises would have 0.76 of the strength of one."""
    random = np.random.default_rng(0)
    frame = resize(photo, (96, 96))
    noises = random.integers(60, 190, (2, 96, 96, 3), np.uint8)
    made = _carried(frame, frame, noises)
    assert 0.9 < _strength(made) / _strength(noises[1]) < 1.1


def _carried(before, now, painted):
    """What becomes of two frames that were painted so."""
    memory = Memory()
    for rgb, picture in zip((before, now), painted, strict=True):
        memory.follow(rgb)
        made = memory.carry(picture)
    return made


def test_what_stays_is_carried_over_and_what_changes_leaves_no_ghost(photo):
    before = resize(photo, (96, 128))
    now = before.copy()
    now[30:70, 40:80] = 255 - now[30:70, 40:80]
    old, new = (np.full((96, 128, 3), v, np.uint8) for v in (200, 100))
    made = _carried(before, now, (old, new))
    assert (made[35:65, 45:75] == 100).all()
    np.testing.assert_array_equal(made[:10], 155)  # 0.55 of the way back.
    np.testing.assert_array_equal(made[90:], 155)


def test_it_is_carried_along_with_the_photo(photo):
    large = resize(photo, (140, 200))
    before, now = large[10:110, 20:160], large[10:110, 32:172]
    dots = np.zeros((140, 200, 3), np.uint8)
    dots[::20, ::20] = 255
    dots = np.asarray(Image.fromarray(dots).reduce(2).resize((200, 140)))
    old, new = dots[10:110, 20:160], np.zeros((100, 140, 3), np.uint8)
    made = _carried(before, now, (old, new))
    inside = np.s_[10:-10, 10:-24]
    expected = 0.7 * dots[10:110, 32:172][inside]
    assert np.corrcoef(made[inside].ravel(), expected.ravel())[0, 1] > 0.9
    assert (made[:, -10:] == 0).all()  # It was outside before.


def test_a_cut_begins_anew(model, photo):
    painter = FramePainter(load_styled("shipped"), StylizeSettings())
    first, other = _frames(photo)[0], _frames(255 - photo // 2)[0][::-1]
    painter.paint(first)
    made = painter.paint(other).astype(int)
    alone = tiles.stylize(load_styled("shipped"), other)
    assert np.abs(made - alone).max() <= 1


@pytest.mark.parametrize("size", [(9, 20), (16, 16), (97, 101)])
def test_any_size_and_a_size_that_changes(styled_model, photo, size):
    settings = StylizeSettings()
    painter = FramePainter(load_styled(styled_model, settings), settings)
    for shape in (size, size, (40, 50), size):
        assert painter.paint(resize(photo, shape)).shape == (*shape, 3)


@pytest.mark.parametrize("style", ["udnie", "near:udnie,far:scream"])
def test_an_exported_model_holds_as_still(
    styled_network, styled_model, photo, monkeypatch, style
):
    """Its statistics take a pass of their own, with nearly the same result."""
    from fast_depth_style.stylization import tensorflow_model as models

    monkeypatch.setattr(models, "read_shipped", lambda folder: styled_network)
    settings = StylizeSettings(depth=0.3, stroke=0.9, style=style)
    made = []
    for model in ("shipped", styled_model):
        painter = FramePainter(load_styled(model, settings), settings)
        made.append([painter.paint(f).astype(int) for f in _frames(photo)])
    one, two = map(np.array, made)
    assert np.abs(one[0] - two[0]).max() <= 1
    # A pass of their own normalizes with the frame's statistics until the end,
    # the single pass with eased ones on the way: nearly the same. The part
    # that is painted anew, 0.45, shows the difference.
    assert np.abs(one - two).mean() < 2.5 * 0.45


@pytest.mark.parametrize("style", ["udnie", "near:udnie,far:scream"])
def test_what_enters_changes_the_rest_little_by_little(
    styled_model, photo, style
):
    """By the statistics alone; nothing of the painting is carried here."""
    model = load_styled(styled_model, StylizeSettings(style=style))
    near = np.ones((64, 200), np.float32) if ":" in style else None
    frames = [resize(photo, (64, 200)) for _ in range(2)]
    frames[1][10:50, 160:] = 255 - frames[1][10:50, 160:]
    memory = Memory()
    memory.follow(frames[0])
    before = memory.carry(memory.stylize(model, frames[0], iter, near))
    memory.follow(frames[1])
    eased = memory.stylize(model, frames[1], iter, near)
    alone = tiles.stylize(model, frames[1], near=near)
    # What is beyond the sight of the network from what entered.
    changes = [
        np.abs(made[:, :96].astype(int) - before[:, :96]).mean()
        for made in (eased, alone)
    ]
    assert 0 < changes[0] < 0.5 * changes[1]


def test_large_frames_are_painted_in_tiles(styled_model, photo, monkeypatch):
    settings = StylizeSettings(paint_size="full")
    model = load_styled(styled_model, settings)
    whole = FramePainter(model, settings)
    expected = [whole.paint(f).astype(int) for f in _frames(photo, 2)]
    monkeypatch.setattr(tiles, "WHOLE_PIXELS", 4000)
    tiled = FramePainter(model, settings)
    for rgb, one in zip(_frames(photo, 2), expected, strict=True):
        assert np.abs(tiled.paint(rgb) - one).mean() < 12


def test_with_other_settings(styled_model, photo):
    """Colours and size act on steady frames; regions are painted, too."""
    frames = _frames(photo)
    for settings in (
        {"paint_size": "0.003", "colors": "photo"},
        {"style": "near:udnie,far:scream"},
        {"style": "near:udnie,far:none"},
    ):
        made = [*fds.stylize_frames(frames, styled_model, **settings)]
        alone = [fds.stylize(f, styled_model, **settings) for f in frames]
        apart = [
            np.abs(a.astype(int) - b).mean()
            for a, b in zip(made, alone, strict=True)
        ]
        assert apart[0] <= 1 and 0 < apart[-1] < 30


def test_frames_in_python(styled_model, photo):
    frames = _frames(photo)
    settings = StylizeSettings(style="udnie", depth=0.5)
    painter = FramePainter(load_styled(styled_model, settings), settings)
    expected = [painter.paint(rgb) for rgb in frames]
    taken = []
    made = fds.stylize_frames(
        (taken.append(n) or rgb for n, rgb in enumerate(frames)),
        styled_model,
        style="udnie",
        depth=0.5,
    )
    assert taken == []
    np.testing.assert_array_equal(next(made), expected[0])
    assert taken == [0]  # One frame at a time, as a camera gives them.
    np.testing.assert_array_equal([*made], expected[1:])

    images = [Image.fromarray(rgb).convert("RGBA") for rgb in frames]
    found = fds.stylize_frames(images, styled_model, style="udnie", depth=0.5)
    for image, rgb in zip(found, expected, strict=True):
        assert image.mode == "RGBA"
        np.testing.assert_array_equal(np.array(image)[..., :3], rgb)
    alone = fds.stylize_frames(frames, styled_model, steady=False)
    for rgb, made in zip(frames, alone, strict=True):
        np.testing.assert_array_equal(made, fds.stylize(rgb, styled_model))


def test_wrong_frames_and_settings(styled_model):
    with pytest.raises(fds.RequestError, match="no style"):
        fds.stylize_frames([], styled_model, style="nothing")
    with pytest.raises(ValueError, match="rgb must be uint8"):
        next(fds.stylize_frames([np.zeros((20, 20))], styled_model))


def test_threads_paint_at_once_what_they_paint_alone(
    styled_model, photo, monkeypatch
):
    from fast_depth_style.stylization import tensorflow_model as models

    models._read_once.cache_clear()
    read, original = [], models.read_model
    monkeypatch.setattr(
        models, "read_model", lambda folder: read.append(1) or original(folder)
    )

    def work(number):
        style = ("great_wave", "udnie", "scream")[number % 3]
        frames = _frames(photo if number % 2 else photo[::-1].copy())
        made = fds.stylize_frames(frames, styled_model, style=style)
        still = fds.stylize(frames[0], styled_model, style=style)
        return np.stack([still, *made])

    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        together = [*threads.map(work, range(6))]
    assert len(read) == 1
    for number, made in enumerate(together):
        np.testing.assert_array_equal(made, work(number))
