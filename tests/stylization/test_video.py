import subprocess

import numpy as np
import pytest

from fast_depth_style.requests import RequestError
from fast_depth_style.stylization import tiles, video

ffmpeg = pytest.importorskip("imageio_ffmpeg")


@pytest.fixture
def clip(tmp_path):
    """Six frames at 12.5 per second of a moving pattern, with a tone."""
    path = tmp_path / "clip.mp4"
    subprocess.run(
        [ffmpeg.get_ffmpeg_exe(), "-v", "error"]
        + ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=25/2:duration=0.48"]
        + ["-f", "lavfi", "-i", "sine=duration=0.48"]
        + ["-pix_fmt", "yuv420p", str(path)],
        check=True,
    )
    return path


def _read(path):
    frames = ffmpeg.read_frames(path)
    facts = next(frames)
    width, height = facts["size"]
    return facts, [
        np.frombuffer(frame, np.uint8).reshape(height, width, 3)
        for frame in frames
    ]


def test_rate_size_and_sound_are_kept(model, clip, tmp_path):
    target = tmp_path / "new" / "painted.mp4"
    seen = []
    number = video.stylize_video(
        model, clip, target, lambda frames, total: seen.append(total) or frames
    )
    facts, painted = _read(target)
    before, frames = _read(clip)
    assert number == len(painted) == len(frames) == 6 and seen == [6]
    for fact in ("fps", "size", "audio_codec"):
        assert facts[fact] == before[fact]
    assert facts["audio_codec"]
    for frame, photo in zip(painted, frames, strict=True):
        error = frame.astype(float) - tiles.stylize(model, photo)
        # The codec halves the colours' size; the frame is still that painting.
        assert np.sqrt(np.mean(error**2)) < 25
    assert list(target.parent.iterdir()) == [target]


def test_what_is_no_video_is_refused(model, tmp_path):
    source = tmp_path / "text.mp4"
    source.write_text("not a video")
    with pytest.raises(RequestError, match="not a video"):
        video.stylize_video(model, source, tmp_path / "painted.mp4")
    assert list(tmp_path.iterdir()) == [source]


def test_without_ffmpeg_it_says_what_to_install(model, tmp_path, monkeypatch):
    monkeypatch.setattr(video, "imageio_ffmpeg", None)
    with pytest.raises(RequestError, match=r"pip install .*\[video\]"):
        video.stylize_video(model, tmp_path / "a.mp4", tmp_path / "b.mp4")
