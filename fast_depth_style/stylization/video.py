"""Stylizes a video: frames, times, sound, colours."""

import contextlib
import itertools
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from fast_depth_style.errors import MissingExtraError
from fast_depth_style.files import printable, replacing
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.stylization import hdr
from fast_depth_style.stylization.frames import FramePainter
from fast_depth_style.stylization.request import fingerprint
from fast_depth_style.stylization.segments import Segments
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.sound import Sound

_CONTAINERS = {".mkv": "matroska", ".mov": "mov"}  # Others are mp4.
_BT709, _BT601, _BT2020 = 1, 5, 9  # Numbers of matrices that PyAV takes.
# FFmpeg's flags: frames bring their duration, the header is not in packets.
_FRAME_DURATION, _GLOBAL_HEADER = 1 << 8, 1 << 22
_QUALITY = "10"  # x264's rate factor: painted strokes are hard to compress.
_SEGMENT = 100  # Frames of a part: what a kill costs, and 4 s of key frames.

Track = Callable[[Iterable[Any], int, int], Iterable[Any]]
"""Goes round frames, about so many, of which some are done; shows progress."""


def stylize_video(
    model: Any,
    source: pathlib.Path,
    target: pathlib.Path,
    track: Track = lambda frames, total, done: frames,
    settings: StylizeSettings | None = None,
    segment: int = _SEGMENT,
) -> None:
    """Stylizes a video.

    The source is any video that FFmpeg can read, the target one of
    `output_paths.WRITTEN_VIDEOS`: H.264, BT.709, written whole or not at all.
    The time of each frame, the shape of its pixels and the sound are kept;
    sound that the container does not hold becomes AAC. Frames are turned
    upright; HDR (HLG, PQ) is tone-mapped. Odd widths and heights become even by
    repeating the last column or row.

    Every `segment` frames are kept in a hidden folder beside the target; after
    a kill, or Ctrl-C, the same request continues from there, to the same
    result.

    Raises:
        MissingExtraError: The extra `video` is not installed.
        UnreadablePicture: It is no video, is damaged or cut off.
        OSError: The target cannot be written.
    """
    name, chosen = printable(source), settings or StylizeSettings()
    av = _av(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _explained(name):
        first = _first_frame(source)
    request = fingerprint(model, chosen, [source])
    if request is not None:
        request |= {"segment": segment}
    container = _CONTAINERS.get(target.suffix.lower(), "mp4")
    with Segments(target, request) as parts, _explained(name):
        painter = FramePainter(model, chosen, parts.state)
        with av.open(str(source)) as reader:
            _paint(reader, first, name, parts, painter, track, segment)
        with av.open(str(source)) as reader, replacing(target) as aside:
            with av.open(str(aside), "w", format=container) as writer:
                _join(reader, writer, first, parts)
        parts.remove()


def read_frames(source: pathlib.Path) -> Iterator[tuple[np.ndarray, float]]:
    """Yields the frames of a video, upright SDR RGB, and their seconds.

    Raises:
        MissingExtraError: The extra `video` is not installed.
        UnreadablePicture: It is no video, is damaged or cut off.
    """
    name = printable(source)
    av = _av(name)
    with _explained(name):
        _first_frame(source)
        with av.open(str(source)) as reader:
            video = reader.streams.video[0]
            video.thread_type = "AUTO"
            for frame in _frames(reader, video, name):
                yield _upright(frame, video), float(frame.time or 0)


def _av(name: str) -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(f"{name}: videos", "video") from error
    return av


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turns FFmpeg's errors into one line that names the file."""
    import av

    try:
        yield
    except (av.error.FFmpegError, EOFError) as error:
        if isinstance(error, OSError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadablePicture(
            f"{name}: not a video, or damaged ({reason})"
        ) from error


def _first_frame(source: pathlib.Path) -> Any:
    import av

    with av.open(str(source)) as reader:
        if reader.streams.video:
            for frame in reader.decode(video=0):
                return frame
    raise UnreadablePicture(f"{printable(source)}: no moving picture in it")


def _paint(
    reader: Any,
    first: Any,
    name: str,
    parts: Segments,
    painter: FramePainter,
    track: Track,
    segment: int,
) -> None:
    """Paints the frames of `reader` that are not painted yet into parts."""
    import av

    video = reader.streams.video[0]
    video.thread_type = "AUTO"
    done = parts.done * segment
    frames = _timed(_frames(reader, video, name), video)
    number = video.frames
    if not number:  # The stream does not say.
        seconds = (reader.duration or 0) / 1e6
        number = round(seconds * float(video.average_rate or 0))
    encoder, packets = None, []
    for frame, pts, duration in track(
        itertools.islice(frames, done, None), number, done
    ):
        if encoder is None:
            encoder = av.CodecContext.create("libx264", "w")
            _configure(encoder, video, first)
        rgb = painter.paint(_upright(frame, video))
        even = [(0, side % 2) for side in rgb.shape[:2]]
        rgb = np.pad(rgb, [*even, (0, 0)], mode="edge")
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace=_BT709)
        picture.pts, picture.time_base = pts, video.time_base
        picture.duration = duration
        packets += encoder.encode(picture)
        done += 1
        if done % segment == 0:
            parts.add(packets + encoder.encode(None), painter.state)
            encoder, packets = None, []
    if encoder is not None:
        parts.add(packets + encoder.encode(None), painter.state)


def _join(reader: Any, writer: Any, first: Any, parts: Segments) -> None:
    """Writes the parts, and beside them the sound of `reader`."""
    video = reader.streams.video[0]
    track = writer.add_stream("libx264")
    _configure(track.codec_context, video, first)
    sounds = {s.index: Sound(s, writer) for s in reader.streams.audio}

    def write(packet: Any) -> None:
        packet.stream = track
        writer.mux(packet)

    waiting: Any = None
    packets = parts.packets(video.time_base)
    for packet in reader.demux(*reader.streams.audio) if sounds else ():
        while packet.dts is not None:
            waiting = waiting or next(packets, None)
            if waiting is None or (
                waiting.dts * waiting.time_base > packet.dts * packet.time_base
            ):
                break
            write(waiting)
            waiting = None
        if packet.stream_index in sounds:  # The end has marks of all tracks.
            sounds[packet.stream_index].take(packet)
    for packet in itertools.chain([waiting] if waiting else [], packets):
        write(packet)
    for sound in sounds.values():
        sound.end()


def _timed(frames: Iterable[Any], video: Any) -> Iterator[tuple[Any, int, int]]:
    """Yields frames with time and duration, in units of the video's clock."""
    waiting, start = None, 0
    for frame in frames:
        # Broken clocks stand still or run back; an encoder's may not.
        pts = frame.pts or 0
        if waiting is not None:
            pts = max(pts, start + 1)
            yield waiting, start, pts - start
        waiting, start = frame, pts
    left = (video.start_time or 0) + (video.duration or 0) - start
    usual = round(1 / ((video.average_rate or 25) * video.time_base))
    yield waiting, start, left if left > 0 else usual


def _frames(reader: Any, video: Any, name: str) -> Iterator[Any]:
    """Yields the frames of the first video track; looks at all packets."""
    end = 0.0
    for packet in reader.demux():
        if packet.is_corrupt:
            raise UnreadablePicture(f"{name}: the file is damaged")
        if packet.pts is not None:
            time = packet.pts + (packet.duration or 0)
            end = max(end, float(time * packet.time_base))
        if packet.stream_index == video.index:
            yield from packet.decode()
    # Files say in their head how long they are; streams do not.
    length = (reader.duration or 0) / 1e6
    frame = 1 / float(video.average_rate or 25)
    if "mpeg" not in reader.format.name and end < length - max(0.2, 2 * frame):
        raise UnreadablePicture(
            f"{name}: cut off after {end:.1f} of {length:.1f} seconds"
        )


def _configure(encoder: Any, video: Any, first: Any) -> None:
    """An encoder of H.264, BT.709, by the source's clock."""
    width, height, shape = first.width, first.height, video.sample_aspect_ratio
    if round(first.rotation / 90) % 2:
        width, height, shape = height, width, shape and 1 / shape
    encoder.width, encoder.height = width + width % 2, height + height % 2
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = video.average_rate or 25
    encoder.time_base = video.time_base
    encoder.options = {"crf": _QUALITY}
    encoder.flags |= _FRAME_DURATION | _GLOBAL_HEADER
    encoder.color_primaries = encoder.color_trc = encoder.colorspace = _BT709
    encoder.color_range = 1  # Limited.
    if shape:
        encoder.sample_aspect_ratio = shape


def _upright(frame: Any, video: Any) -> np.ndarray:
    """A frame as SDR RGB, turned as the camera's mark says."""
    transfer = video.codec_context.color_trc
    if transfer in (hdr.HLG, hdr.PQ):
        rgb = frame.reformat(format="rgb48le", src_colorspace=_BT2020)
        rgb = hdr.to_sdr(rgb.to_ndarray(), transfer)
    else:
        matrix = None
        if frame.colorspace not in (_BT709, 4, 5, 6, 7, _BT2020):
            # It is not said.
            matrix = _BT709 if frame.height >= 720 else _BT601
        rgb = frame.reformat(format="rgb24", src_colorspace=matrix).to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))
