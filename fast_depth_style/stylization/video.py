"""A video, frame by frame, through a trained network."""

import contextlib
import pathlib
import secrets
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf

from fast_depth_style.requests import RequestError
from fast_depth_style.stylization import tiles

try:
    import imageio_ffmpeg
except ImportError:
    imageio_ffmpeg = None

_QUALITY = 8  # Of 10; painted strokes are hard to compress.


def stylize_video(
    model: tf.Module,
    source: pathlib.Path,
    target: pathlib.Path,
    track: Callable[[Iterable, int], Iterable] = lambda frames, total: frames,
) -> int:
    """Stylizes a video, every frame on its own.

    The rate of frames and the first sound track are kept. Odd widths and
    heights become even, as H.264 wants them.

    Args:
        model: From `fast_depth_style.serving.saved_model.read_model`.
        source: Any video that ffmpeg can read.
        target: What to write, whole or not at all; see `plan.VIDEO_SUFFIXES`.
        track: Is given the frames and about how many they are; shows progress.

    Returns:
        The number of frames.

    Raises:
        RequestError: The extra `video` is not installed, or the source is not
            a video.
        RuntimeError: The video ends in the middle of a frame, or ffmpeg wrote
            another number of frames than it was given.
    """
    if imageio_ffmpeg is None:
        raise RequestError(
            f"{source}: videos need pip install 'fast-depth-style[video]'"
        )
    frames, facts = _open(source)
    width, height = facts["size"]
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{secrets.token_hex(6)}.writing{target.suffix}")
    sound = {}
    if facts.get("audio_codec"):
        sound = {"audio_path": str(source), "audio_codec": "copy"}
    writer = imageio_ffmpeg.write_frames(
        aside,
        (width, height),
        fps=facts["fps"],
        quality=_QUALITY,
        macro_block_size=2,
        ffmpeg_log_level="error",
        **sound,
    )
    written = 0
    try:
        with contextlib.closing(frames), contextlib.closing(writer):
            writer.send(None)
            expected = round(facts["duration"] * facts["fps"])
            for frame in track(frames, expected):
                rgb = np.frombuffer(frame, np.uint8).reshape(height, width, 3)
                writer.send(tiles.stylize(model, rgb))
                written += 1
        kept, _ = imageio_ffmpeg.count_frames_and_secs(aside)
        if kept != written:
            raise RuntimeError(f"{target}: {kept} of {written} frames written")
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return written


def _open(source: pathlib.Path) -> tuple[Iterator[bytes], dict]:
    """The frames of a video, at a constant rate, and the facts about it."""
    frames = imageio_ffmpeg.read_frames(
        source, output_params=["-fps_mode", "cfr"]
    )
    try:
        facts = next(frames)
    except (OSError, IndexError, ValueError) as error:
        raise RequestError(f"{source}: not a video") from error
    if not (facts.get("fps") and facts.get("size")):
        raise RequestError(f"{source}: no moving picture in it")
    return frames, facts
