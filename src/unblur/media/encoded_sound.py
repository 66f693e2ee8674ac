"""Sound that a container does not take as it is: decoded, and encoded in a form that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream

_CODECS = {
    "matroska": "flac",
    "webm": "libopus",
    "avi": "pcm_s16le",
    "mp4": "aac",
    "mov": "aac",
    "mpegts": "aac",
}
"""By muxer; without loss where the container has such a form that players know."""
_RATES = {"libopus": 48_000}
_WITH_BIT_RATE, _BIT_RATE = {"aac", "libopus"}, 192_000
_USUAL = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
"""Layouts of files that do not say which speaker a channel is for."""


@dataclass(slots=True)
class EncodedSound:
    """A sound stream of an output, and how packets of the input become its own."""

    template: AudioStream
    stream: AudioStream
    _end_s: Fraction = Fraction(0)
    """Where the last frame ended."""

    def encode(self, packet: av.Packet[Stream]) -> Iterator[av.Packet[AudioStream]]:
        """What a packet of the input becomes; nothing where it cannot be decoded."""
        with suppress(FFmpegError):
            for frame in self.template.codec_context.decode(packet):  # pyright: ignore[reportArgumentType]
                yield from self._encode(frame)

    def flush(self) -> Iterator[av.Packet[AudioStream]]:
        """What decoder and encoder still hold."""
        with suppress(FFmpegError):
            for frame in self.template.codec_context.decode(None):
                yield from self._encode(frame)
        yield from self._kept(self.stream.encode(None))

    def _encode(self, frame: AudioFrame) -> Iterator[av.Packet[AudioStream]]:
        """What a frame becomes; one without a time stamp follows the one before."""
        time_base = frame.time_base or self.template.time_base or Fraction(1, frame.sample_rate)
        if frame.pts is None:
            frame.pts, frame.time_base = round(self._end_s / time_base), time_base
        self._end_s = frame.pts * time_base + Fraction(frame.samples, frame.sample_rate)
        yield from self._kept(self.stream.encode(frame))

    def _kept(self, packets: Iterable[av.Packet[AudioStream]]) -> Iterator[av.Packet[AudioStream]]:
        """Those with sound in them, and none before 0 where the container has no such times."""
        has_times_before_0 = self.stream.container.format.name != "mpegts"
        for packet in packets:
            if packet.size and packet.pts is not None and (has_times_before_0 or packet.pts >= 0):
                yield packet


def add_encoded_sound(output: OutputContainer, template: Stream) -> EncodedSound | None:
    """A stream of `output` with the sound of `template` in another form; None: it has none."""
    name = _CODECS.get(output.format.name)
    if name not in av.codecs_available or not isinstance(template, AudioStream):
        return None
    context = template.codec_context
    if context is None:  # pyright: ignore[reportUnnecessaryComparison] - FFmpeg has no decoder
        return None
    stream = output.add_stream(name, rate=_RATES.get(name, context.sample_rate))
    if not isinstance(stream, AudioStream):
        raise TypeError(f"{name} is no sound encoder")
    stream.layout = (
        context.layout.name if _is_named(context.layout) else _USUAL.get(context.channels, "stereo")
    )
    if name in _WITH_BIT_RATE:
        stream.bit_rate = _BIT_RATE
    stream.metadata.update(template.metadata)
    stream.disposition = Disposition(template.disposition)
    return EncodedSound(template, stream)


def _is_named(layout: av.AudioLayout) -> bool:
    """Whether it is known which speaker each channel is for."""
    return not layout.name.endswith(" channels")
