import os
import pathlib
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from clip_files import add_tone, read_clip, write_clip

from fast_depth_style.errors import MissingExtraError
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.stylization import hdr, painting, tiles, video
from fast_depth_style.stylization.settings import StylizeSettings

av = pytest.importorskip("av")


def _scene(number=0, height=48, width=64):
    """Coloured bars that move."""
    y, x = np.mgrid[0:height, 0:width]
    bars = [(x + 5 * number) % width * 4, y * 255 // height, 128 + 0 * x]
    return np.stack(bars, -1).astype(np.uint8)


@pytest.fixture
def unpainted(monkeypatch):
    """What is tested is the video: the painting is the photo itself."""
    monkeypatch.setattr(painting, "paint", lambda model, rgb, *settings: rgb)


def _differs(frame, expected):
    """The mean difference of two frames in grey levels."""
    return np.abs(frame.astype(int) - expected).mean()


def test_every_frame_is_painted_at_its_time(model, tmp_path):
    """Variable rate: phones and screen recorders write it."""
    times = [0, 100, 150, 900, 1000, 3000, 3040, 3080]
    frames = [_scene(n) for n in range(8)]
    clip = write_clip(tmp_path / "a.mp4", frames, times, sound="aac")
    target = tmp_path / "new" / "b.mp4"
    seen = []
    video.stylize_video(
        model,
        clip,
        target,
        lambda frames, *numbers: seen.append(numbers) or frames,
        StylizeSettings(steady=False),
    )
    assert seen == [(8, 0)]
    before, frames, _ = read_clip(clip)
    after, painted, facts = read_clip(target)
    for found in (before, after):
        np.testing.assert_allclose(found, np.array(times) / 1000, atol=0.001)
    assert facts["seconds"] == pytest.approx(3.12, abs=0.05)
    assert facts["sound"] == ["aac"] and facts["colors"] == (1, 1, 1)
    for frame, photo in zip(painted, frames, strict=True):
        error = frame.astype(float) - tiles.stylize(model, photo)
        # The codec halves the colours' size; the frame is still that painting.
        assert np.sqrt(np.mean(error**2)) < 25
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    "source,codec,sound,target,written",
    [
        ("a.mov", "libx264", "pcm_s16le", "b.mov", "pcm_s16le"),
        ("a.mov", "libx264", "pcm_s16le", "b.mp4", "aac"),
        ("a.webm", "libvpx-vp9", "libopus", "b.mp4", "aac"),
        ("a.webm", "libvpx-vp9", "libopus", "b.mkv", "opus"),
        ("a.avi", "mpeg4", "mp3", "b.m4v", "mp3"),
        ("a.mkv", "libx264", "flac", "b.mov", "aac"),
    ],
)
def test_containers_and_sound(
    unpainted, tmp_path, source, codec, sound, target, written
):
    frames = [_scene(n) for n in range(25)]
    clip = write_clip(tmp_path / source, frames, codec=codec, sound=sound)
    video.stylize_video(None, clip, tmp_path / target)
    times, painted, facts = read_clip(tmp_path / target)
    found = facts["sound"][0].removeprefix("lib").removesuffix("float")
    assert found == written and len(facts["sound"]) == 1
    before, frames, _ = read_clip(clip)
    np.testing.assert_allclose(np.diff(times), np.diff(before), atol=0.002)
    for frame, photo in zip(painted, frames, strict=True):
        assert _differs(frame, photo) < 6


def test_what_was_filmed_upright_with_wide_pixels_stays_so(unpainted, tmp_path):
    clip = write_clip(
        tmp_path / "a.mov",
        [_scene()] * 3,
        rotation=90,
        sample_aspect_ratio=Fraction(4, 3),
    )
    video.stylize_video(None, clip, tmp_path / "b.mp4")
    _, (frame, *_), facts = read_clip(tmp_path / "b.mp4")
    assert facts["shape"] == Fraction(3, 4)
    assert frame.shape == (64, 48, 3)
    assert _differs(frame, np.rot90(_scene())) < 6


def test_odd_sides_become_even(unpainted, tmp_path):
    odd = _scene(height=47, width=63)
    clip = write_clip(tmp_path / "a.mkv", [odd] * 3, pix_fmt="yuv444p")
    video.stylize_video(None, clip, tmp_path / "b.mkv")
    _, (frame, *_), _ = read_clip(tmp_path / "b.mkv")
    assert frame.shape == (48, 64, 3)
    assert _differs(frame[:47, :63], odd) < 6


@pytest.mark.parametrize("height,matrix", [(48, 5), (720, 1)])
def test_untagged_colors_are_those_of_the_size(
    unpainted, tmp_path, height, matrix
):
    red = np.zeros((height, 64, 3), np.uint8) + np.array([220, 20, 20], "u1")
    clip = write_clip(
        tmp_path / "a.mkv", [red] * 2, matrix=matrix, colorspace=2
    )
    assert read_clip(clip)[2]["colors"][2] == 2  # Which says: not said.
    video.stylize_video(None, clip, tmp_path / "b.mp4")
    _, (frame, *_), _ = read_clip(tmp_path / "b.mp4")
    assert _differs(frame, red) < 4


def _hlg(light):
    """BT.2100: the signal of scene light."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    high = a * np.log(np.maximum(12 * light - b, 1e-9)) + c
    return np.where(light <= 1 / 12, np.sqrt(3 * light), high)


def _pq(light):
    """BT.2100: the signal of cd/m²."""
    power = (light / 10000) ** 0.1593017578125
    return (
        (0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)
    ) ** 78.84375


@pytest.mark.parametrize("transfer", [hdr.HLG, hdr.PQ])
def test_hdr_is_tone_mapped(unpainted, tmp_path, transfer):
    """Greys of an SDR display, in HDR as BT.2408 has it, come back."""
    sdr = np.array([0, 32, 64, 96, 128, 160, 192, 220])
    light = 203 * (sdr / 255) ** 2.4
    signal = _hlg((light / 1000) ** (1 / 1.2))
    if transfer == hdr.PQ:
        signal = _pq(light)
    row = np.rint(65535 * signal).astype(np.uint16).repeat(8)
    frame = np.broadcast_to(row[None, :, None], (64, 64, 3)).copy()
    clip = write_clip(
        tmp_path / "a.mp4",
        [frame] * 2,
        matrix=9,
        pix_fmt="yuv420p10le",
        color_primaries=9,
        color_trc=transfer,
        options={"crf": "2"},
    )
    video.stylize_video(None, clip, tmp_path / "b.mp4")
    _, (painted, *_), facts = read_clip(tmp_path / "b.mp4")
    assert facts["colors"] == (1, 1, 1)
    levels = painted[32, 4::8].astype(int)
    assert np.abs(levels - sdr[:, None]).max() <= 5


def test_hdr_highlights_are_compressed_and_keep_their_hue():
    peak = np.full((1, 1, 3), 65535, np.uint16)
    assert hdr.to_sdr(peak, hdr.HLG).min() >= 254
    ramp = np.linspace(0, 65535, 512).astype(np.uint16)[None, :, None]
    for transfer in (hdr.HLG, hdr.PQ):
        grey = hdr.to_sdr(ramp.repeat(3, -1), transfer)[0].astype(int)
        assert (np.diff(grey[:, 0]) >= 0).all()
        assert np.ptp(grey, axis=-1).max() <= 1
        orange = np.multiply(ramp, [1, 0.8, 0.6]).astype(np.uint16)
        mapped = hdr.to_sdr(orange, transfer)[0].astype(int)
        assert (np.diff(mapped[100:], axis=-1) < 0).all()


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_cut_file_is_an_error_and_leaves_nothing(unpainted, tmp_path, name):
    codec = "mpeg4" if name == "a.avi" else "libx264"
    frames = [_scene(n) for n in range(50)]
    clip = write_clip(tmp_path / name, frames, codec=codec, head_first=True)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(UnreadablePicture, match=name):
        video.stylize_video(None, clip, tmp_path / "b.mp4")
    assert list(tmp_path.iterdir()) == [clip]


@pytest.mark.parametrize("content", [b"not a video", b"", b"\0" * 4000])
def test_what_is_no_video_is_refused(tmp_path, content):
    source = tmp_path / "text.mp4"
    source.write_bytes(content)
    with pytest.raises(UnreadablePicture, match="not a video"):
        video.stylize_video(None, source, tmp_path / "painted.mp4")
    assert list(tmp_path.iterdir()) == [source]


def test_sound_alone_is_no_video(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        add_tone(out, out.add_stream("flac", rate=48000), 0.5)
    with pytest.raises(UnreadablePicture, match="no moving picture"):
        video.stylize_video(None, tmp_path / "a.mkv", tmp_path / "b.mp4")


def test_a_full_disk_is_an_error_of_the_system(unpainted, tmp_path):
    noise = np.random.default_rng(0)
    shape = (20, 256, 256, 3)
    clip = write_clip(
        tmp_path / "a.mp4", [*noise.integers(0, 256, shape, np.uint8)]
    )
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", small],
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("no small disk can be made here")
    try:
        with pytest.raises(OSError, match="No space left") as failure:
            video.stylize_video(None, clip, small / "b.mp4")
        assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert failure.value.errno == 28


def test_without_its_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"videos: .*\[video\]"):
        video.stylize_video(None, pathlib.Path("a.mp4"), tmp_path / "b.mp4")
