"""A video, frame by frame, through a trained network."""

import fractions
import functools
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from fast_depth_style.errors import MissingExtraError
from fast_depth_style.files import printable, replacing
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.stylization import hdr, painting
from fast_depth_style.stylization.settings import StylizeSettings

_CONTAINERS = {".mkv": "matroska", ".mov": "mov"}  # Others are mp4.
# Sound that players expect in each; what is not in the list becomes AAC.
_SOUND = {
    "mp4": {"aac", "ac3", "alac", "eac3", "mp3"},
    "mov": {"aac", "ac3", "alac", "mp3", "pcm_s16le", "pcm_s24le"},
    "matroska": {"aac", "ac3", "eac3", "flac", "mp3", "opus", "vorbis"},
}
_BT709, _BT601, _BT2020 = 1, 5, 9  # Numbers of matrices that PyAV takes.
_FRAME_DURATION = 1 << 8  # FFmpeg's flag: frames bring theirs.
_QUALITY = "10"  # x264's rate factor: painted strokes are hard to compress.


Track = Callable[[Iterable[Any], int], Iterable[Any]]
"""Goes round frames, about so many; shows progress."""


def stylize_video(
    model: Any,
    source: pathlib.Path,
    target: pathlib.Path,
    track: Track = lambda frames, total: frames,
    settings: StylizeSettings | None = None,
) -> None:
    """Stylizes a video, every frame on its own.

    The time of each frame, the shape of its pixels and the sound are kept;
    sound that the container does not hold becomes AAC. Frames are turned
    upright. HDR (HLG, PQ) is tone-mapped; the result is H.264, BT.709. Odd
    widths and heights become even by repeating the last column or row.

    Any video that FFmpeg can read becomes one of `plan.WRITTEN_VIDEOS`, written
    whole or not at all.

    Raises:
        MissingExtraError: The extra `video` is not installed.
        UnreadablePicture: It is no video, is damaged or cut off.
        OSError: The target cannot be written.
    """
    name, chosen = printable(source), settings or StylizeSettings()
    paint = functools.partial(painting.paint, model, settings=chosen)
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(f"{name}: videos", "video") from error

    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with av.open(str(source)) as reader:
            first: Any = None
            if reader.streams.video:
                first = next(reader.decode(video=0), None)
            if first is None:
                raise UnreadablePicture(f"{name}: no moving picture in it")
        container = _CONTAINERS.get(target.suffix.lower(), "mp4")
        with av.open(str(source)) as reader, replacing(target) as aside:
            with av.open(str(aside), "w", format=container) as writer:
                _copy(reader, writer, first, name, paint, track)
    except (av.error.FFmpegError, EOFError) as error:
        if isinstance(error, OSError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadablePicture(
            f"{name}: not a video, or damaged ({reason})"
        ) from error


def _copy(
    reader: Any,
    writer: Any,
    first: Any,
    name: str,
    paint: Callable[[np.ndarray], np.ndarray],
    track: Track,
) -> None:
    """Paints the frames of `reader` into `writer`, beside the sound."""
    import av

    video = reader.streams.video[0]
    video.thread_type = "AUTO"
    painted = _painted_stream(writer, video, first)
    sounds = {s.index: _Sound(s, writer) for s in reader.streams.audio}
    waiting: Any = None
    number = video.frames
    if not number:  # The stream does not say.
        seconds = (reader.duration or 0) / 1e6
        number = round(seconds * float(video.average_rate or 0))
    for frame in track(_frames(reader, video, sounds, name), number):
        rgb = paint(_upright(frame, video))
        even = [(0, side % 2) for side in rgb.shape[:2]]
        rgb = np.pad(rgb, [*even, (0, 0)], mode="edge")
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace=_BT709)
        picture.pts, picture.time_base = frame.pts or 0, video.time_base
        if waiting is not None:
            # Broken clocks stand still or run back; an encoder's may not.
            picture.pts = max(picture.pts, waiting.pts + 1)
            waiting.duration = picture.pts - waiting.pts
            writer.mux(painted.encode(waiting))
        waiting = picture
    left = (video.start_time or 0) + (video.duration or 0) - waiting.pts
    usual = round(1 / ((video.average_rate or 25) * video.time_base))
    waiting.duration = left if left > 0 else usual
    writer.mux(painted.encode(waiting))
    writer.mux(painted.encode())
    for sound in sounds.values():
        sound.end()


def _frames(
    reader: Any, video: Any, sounds: dict[int, "_Sound"], name: str
) -> Iterator[Any]:
    """Yields the frames of the first video track; passes the sound on."""
    end = 0.0
    for packet in reader.demux():
        if packet.is_corrupt:
            raise UnreadablePicture(f"{name}: the file is damaged")
        if packet.pts is not None:
            time = packet.pts + (packet.duration or 0)
            end = max(end, float(time * packet.time_base))
        if packet.stream_index in sounds:
            sounds[packet.stream_index].take(packet)
        elif packet.stream_index == video.index:
            yield from packet.decode()
    # Files say in their head how long they are; streams do not.
    length = (reader.duration or 0) / 1e6
    frame = 1 / float(video.average_rate or 25)
    if "mpeg" not in reader.format.name and end < length - max(0.2, 2 * frame):
        raise UnreadablePicture(
            f"{name}: cut off after {end:.1f} of {length:.1f} seconds"
        )


class _Sound:
    """One sound track, copied or encoded as AAC."""

    def __init__(self, source: Any, writer: Any):
        self._writer = writer
        self._resampler: Any = None
        self._end: int | None = None
        name = source.codec_context.codec.canonical_name
        if name in _SOUND[writer.format.name]:
            self._stream = writer.add_stream_from_template(source)
            return
        import av

        rate = source.codec_context.sample_rate
        self._stream = writer.add_stream("aac", rate=min(rate, 48_000))
        channels = source.codec_context.layout.nb_channels
        self._stream.layout = "mono" if channels == 1 else "stereo"
        self._resampler = av.AudioResampler(
            format="fltp",
            layout=self._stream.layout,
            rate=self._stream.rate,
            frame_size=1024,
        )

    def take(self, packet: Any) -> None:
        """Passes a packet on."""
        if self._resampler is not None:
            for frame in packet.decode():
                self._encode(self._resampler.resample(frame))
        elif packet.dts is not None:  # The last is an empty mark of the end.
            packet.stream = self._stream
            self._writer.mux(packet)

    def end(self) -> None:
        """Writes what is left."""
        if self._resampler is not None:
            self._encode(self._resampler.resample(None))
            self._writer.mux(self._stream.encode())

    def _encode(self, frames: Iterable[Any]) -> None:
        for frame in frames:
            # The clock of sound is its samples; only gaps are taken over.
            rate = frame.sample_rate
            start = self._end or 0
            if frame.pts is not None:
                start = round(frame.pts * frame.time_base * rate)
            if self._end is None or start > self._end + rate / 10:
                self._end = start
            frame.pts, frame.time_base = self._end, fractions.Fraction(1, rate)
            self._end += frame.samples
            self._writer.mux(self._stream.encode(frame))


def _painted_stream(writer: Any, video: Any, first: Any) -> Any:
    """The track that is written: H.264, BT.709, the source's clock."""
    stream = writer.add_stream(
        "libx264", rate=video.average_rate or 25, options={"crf": _QUALITY}
    )
    width, height, shape = first.width, first.height, video.sample_aspect_ratio
    if round(first.rotation / 90) % 2:
        width, height, shape = height, width, shape and 1 / shape
    stream.width, stream.height = width + width % 2, height + height % 2
    stream.pix_fmt = "yuv420p"
    encoder = stream.codec_context
    encoder.time_base = video.time_base
    encoder.flags |= _FRAME_DURATION
    encoder.color_primaries = encoder.color_trc = encoder.colorspace = _BT709
    encoder.color_range = 1  # Limited.
    if shape:
        encoder.sample_aspect_ratio = shape
    return stream


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
