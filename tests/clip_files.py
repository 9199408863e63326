"""Clips that tests write with PyAV."""

from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip("av")

_MILLISECOND = Fraction(1, 1000)


def write_clip(
    path,
    frames,
    times=None,
    codec="libx264",
    sound=None,
    matrix=1,
    head_first=False,
    options=None,
    **codec_settings,
):
    """Writes a clip; its frames are shown at `times`, in milliseconds.

    By default 25 a second. Frames of 16 bits are taken for HDR.
    """
    times = times or [40 * n for n in range(len(frames))]
    clock = Fraction(1, 25) if path.suffix == ".avi" else _MILLISECOND
    faststart = head_first and path.suffix == ".mp4"
    container = {"movflags": "faststart"} if faststart else {}
    with av.open(str(path), "w", container_options=container) as out:
        track = out.add_stream(codec, rate=25, options=options)
        track.height, track.width = frames[0].shape[:2]
        track.pix_fmt = codec_settings.pop("pix_fmt", "yuv420p")
        turn = codec_settings.pop("rotation", 0)
        if turn:
            track.set_display_rotation(turn)
        context = track.codec_context
        context.time_base, context.colorspace = clock, matrix
        for name, value in codec_settings.items():
            setattr(context, name, value)
        tone = out.add_stream(sound, rate=48000) if sound else None
        for rgb, time in zip(frames, times, strict=True):
            deep = rgb.dtype == np.uint16
            frame = av.VideoFrame.from_ndarray(
                rgb, format="rgb48le" if deep else "rgb24"
            ).reformat(format=track.pix_fmt, dst_colorspace=matrix)
            frame.pts, frame.time_base = round(time / 1000 / clock), clock
            out.mux(track.encode(frame))
        out.mux(track.encode())
        if tone:
            add_tone(out, tone, times[-1] / 1000)
    return path


def add_tone(out, track, seconds):
    """Writes a tone into a track of sound."""
    wave = np.sin(np.arange(round(48000 * seconds)) / 20)
    frame = av.AudioFrame.from_ndarray(
        wave.astype(np.float32)[None], format="fltp", layout="mono"
    )
    frame.sample_rate, frame.pts = 48000, 0
    context = track.codec_context
    resampler = av.AudioResampler(
        format=context.format,
        layout="stereo",
        rate=48000,
        frame_size=context.frame_size or 1024,
    )
    for part in resampler.resample(frame) + resampler.resample(None):
        out.mux(track.encode(part))
    out.mux(track.encode())


def read_clip(path):
    """The times in seconds, the frames as RGB, and the streams' facts."""
    with av.open(str(path)) as clip:
        track, *sounds = *clip.streams.video, *clip.streams.audio
        frames = list(clip.decode(track))
        context = track.codec_context
        primaries, transfer = context.color_primaries, context.color_trc
        facts = {
            "colors": (primaries, transfer, context.colorspace),
            "shape": track.sample_aspect_ratio,
            "sound": [each.codec_context.name for each in sounds],
            "seconds": clip.duration / 1e6,
        }
        times = [frame.time for frame in frames]
        return times, [f.to_ndarray(format="rgb24") for f in frames], facts
