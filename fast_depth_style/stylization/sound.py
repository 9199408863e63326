"""The sound of a video, copied or encoded anew."""

import fractions
from collections.abc import Iterable
from typing import Any

# Sound that players expect in each; what is not in the list becomes AAC.
_COPIED = {
    "mp4": {"aac", "ac3", "alac", "eac3", "mp3"},
    "mov": {"aac", "ac3", "alac", "mp3", "pcm_s16le", "pcm_s24le"},
    "matroska": {"aac", "ac3", "eac3", "flac", "mp3", "opus", "vorbis"},
}


class Sound:
    """One sound track, copied or encoded as AAC."""

    def __init__(self, source: Any, writer: Any):
        """Adds the track to an output container of PyAV."""
        self._writer = writer
        self._resampler: Any = None
        self._end: int | None = None
        name = source.codec_context.codec.canonical_name
        if name in _COPIED[writer.format.name]:
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
