import os
import pathlib
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from clip_files import write_clip

from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.stylization import video
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings

av = pytest.importorskip("av")

_SETTINGS = StylizeSettings()


@pytest.fixture
def clip(tmp_path):
    """18 frames, moving, some long, with sound."""
    random = np.random.default_rng(0)
    wall = random.integers(0, 256, (12, 30, 3), np.uint8).repeat(6, 0)
    wall = wall.repeat(6, 1)
    frames = [wall[:64, 2 * n : 2 * n + 96].copy() for n in range(18)]
    steps = [800 if n in (3, 8) else 40 for n in range(17)]
    times = np.cumsum([0, *steps]).tolist()
    return write_clip(tmp_path / "a.mkv", frames, times, sound="flac")


def _stop_after(number):
    def track(frames, total, done):
        for frame in frames:
            if done == number:
                raise KeyboardInterrupt
            yield frame
            done += 1

    return track


def _run(model, clip, target, track=None, settings=_SETTINGS, segment=4):
    track = track or (lambda frames, total, done: frames)
    video.stylize_video(model, clip, target, track, settings, segment)
    return target.read_bytes()


def _decoded(path):
    with av.open(str(path)) as video:
        yield from video.decode(video=0)


def _require_same(one, other):
    """But for rounding, to which encoding adds."""
    for made, expected in zip(_decoded(one), _decoded(other), strict=True):
        assert made.pts == expected.pts
        difference = made.to_ndarray().astype(int) - expected.to_ndarray()
        assert np.abs(difference).mean() < 2


def test_an_interrupted_video_goes_on_to_the_same_result(
    styled_model, clip, tmp_path
):
    model = load_styled(styled_model)
    _run(model, clip, tmp_path / "whole.mp4")
    target, seen = tmp_path / "b.mp4", []
    for number in (2, 9, 13):
        with pytest.raises(KeyboardInterrupt):
            _run(model, clip, target, _stop_after(number))
        # Nothing of one part alone is kept.
        assert len([*tmp_path.glob(".*")]) == (number > 4)
    track = lambda frames, *numbers: seen.append(numbers) or frames  # noqa: E731
    _run(model, clip, target, track)
    _require_same(target, tmp_path / "whole.mp4")
    assert [done for _, done in seen] == [12]
    assert {path.name for path in tmp_path.iterdir()} == {
        "a.mkv",
        "b.mp4",
        "whole.mp4",
    }
    with av.open(str(target)) as made:
        times = [frame.time for frame in made.decode(video=0)]
    with av.open(str(clip)) as source:
        before = [frame.time for frame in source.decode(video=0)]
    np.testing.assert_allclose(times, before, atol=0.002)


@pytest.mark.parametrize(
    "settings", [StylizeSettings(stroke=0.9), StylizeSettings(steady=False)]
)
def test_another_request_begins_anew(styled_model, clip, tmp_path, settings):
    target, seen = tmp_path / "b.mp4", []
    model = load_styled(styled_model)
    with pytest.raises(KeyboardInterrupt):
        _run(model, clip, target, _stop_after(9))
    other = load_styled(styled_model, settings)
    track = lambda frames, *numbers: seen.append(numbers) or frames  # noqa: E731
    _run(other, clip, target, track, settings)
    assert [done for _, done in seen] == [0]


def test_another_video_begins_anew_and_a_damaged_one_leaves_nothing(
    styled_model, clip, tmp_path
):
    model, target = load_styled(styled_model), tmp_path / "b.mp4"
    with pytest.raises(KeyboardInterrupt):
        _run(model, clip, target, _stop_after(9))
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 3])
    with pytest.raises(UnreadablePicture):
        _run(model, clip, target)
    assert [*tmp_path.iterdir()] == [clip]


def test_a_damaged_part_begins_anew(styled_model, clip, tmp_path):
    model, target = load_styled(styled_model), tmp_path / "b.mp4"
    with pytest.raises(KeyboardInterrupt):
        _run(model, clip, target, _stop_after(9))
    (state,) = tmp_path.glob(".*/*.state.npz")
    state.write_bytes(b"not what was written")
    seen = []
    track = lambda frames, *numbers: seen.append(numbers) or frames  # noqa: E731
    _run(model, clip, target, track)
    assert [done for _, done in seen] == [0]


def test_a_killed_process_leaves_what_the_next_one_goes_on_with(
    styled_model, clip, tmp_path
):
    model, target = load_styled(styled_model), tmp_path / "b.mp4"
    whole = tmp_path / "whole.mp4"
    _run(model, clip, whole)
    program = f"""
        import os, pathlib
        from fast_depth_style.stylization import video
        from fast_depth_style.stylization.model import load_styled

        def track(frames, total, done):
            for frame in frames:
                if done == 10:
                    os.kill(os.getpid(), {int(signal.SIGKILL)})
                yield frame
                done += 1

        video.stylize_video(
            load_styled({str(styled_model)!r}), pathlib.Path({str(clip)!r}),
            pathlib.Path({str(target)!r}), track, segment=4,
        )
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=pathlib.Path(__file__).parents[2],
        env=os.environ,
    )
    assert killed.returncode == -signal.SIGKILL and not target.exists()
    seen = []
    track = lambda frames, *numbers: seen.append(numbers) or frames  # noqa: E731
    _run(model, clip, target, track)
    assert [done for _, done in seen] == [8]
    _require_same(target, whole)
