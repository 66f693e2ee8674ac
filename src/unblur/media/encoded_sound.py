"""Sound that a container does not take as it is: decoded, and encoded in a form that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream

_CODECS = {
    "matroska": "flac",
    "webm": "libopus",
    "avi": "pcm_s16le",
    "mp4": "aac",
    "mov": "aac",
    "mpegts": "aac",
}
"""By muxer: what players know, without loss where they do."""
_DEEP_FORMATS = {"s32", "s32p", "s64", "s64p", "dbl", "dblp"}
"""How sound of more than 16 bits is decoded, but for that of codecs that lose some."""
_DEEPER = {"flac": ("flac", "s32"), "pcm_s16le": ("pcm_s24le", "s32")}
"""Encoder and sample format for such sound."""
_USUAL_RATE, _USUAL_LAYOUT = 48_000, "stereo"
"""What every encoder takes."""
_WITH_BIT_RATE, _BIT_RATE = {"aac", "libopus"}, 192_000
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
"""Layouts of files that do not say which speaker a channel is for."""


@dataclass(slots=True)
class EncodedSound:
    """A sound stream of an output, and how packets of the input become its own."""

    template: AudioStream
    stream: AudioStream
    _resampler: AudioResampler | None = None
    _form: tuple[str, str, int] | None = None
    """Sample format, layout and rate of the frames so far."""
    _end_s: Fraction = Fraction(0)
    """Where the last frame ended."""

    def encode(self, packet: av.Packet[Stream] | None) -> Iterator[av.Packet[AudioStream]]:
        """What a packet of the input becomes; nothing where it cannot be decoded.

        None: what the decoder still holds.
        """
        frames: list[AudioFrame] = []
        with suppress(FFmpegError):
            frames = self.template.codec_context.decode(packet)  # pyright: ignore[reportArgumentType]
        for frame in frames:
            yield from self._encode(frame)

    def flush(self) -> Iterator[av.Packet[AudioStream]]:
        """What decoder, resampler and encoder still hold."""
        yield from self.encode(None)
        yield from self._resampled(None)
        yield from self._kept(self.stream.encode(None))

    def _encode(self, frame: AudioFrame) -> Iterator[av.Packet[AudioStream]]:
        """What a frame becomes; one without a time stamp follows the one before.

        Sound may change its form midway: broadcasts go from two channels to six.
        """
        time_base = frame.time_base or self.template.time_base or Fraction(1, frame.sample_rate)
        if frame.pts is None:
            frame.pts, frame.time_base = round(self._end_s / time_base), time_base
        self._end_s = frame.pts * time_base + Fraction(frame.samples, frame.sample_rate)
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            yield from self._resampled(None)
            context = self.stream.codec_context
            self._form = form
            self._resampler = AudioResampler(context.format, context.layout, context.sample_rate)
        yield from self._resampled(frame)

    def _resampled(self, frame: AudioFrame | None) -> Iterator[av.Packet[AudioStream]]:
        """What a frame becomes in the encoder's own form; None: the rest."""
        if self._resampler is not None:
            for resampled in self._resampler.resample(frame):
                yield from self._kept(self.stream.encode(resampled))

    def _kept(self, packets: Iterable[av.Packet[AudioStream]]) -> Iterator[av.Packet[AudioStream]]:
        """Those with sound in them, and none before 0 where the container has no such times."""
        has_times_before_0 = self.stream.container.format.name != "mpegts"
        for packet in packets:
            if packet.size and packet.pts is not None and (has_times_before_0 or packet.pts >= 0):
                yield packet


def add_encoded_sound(output: OutputContainer, template: Stream) -> EncodedSound | None:
    """A stream of `output` with the sound of `template` in another form; None: it has none."""
    name = _CODECS.get(output.format.name)
    if name is None or not isinstance(template, AudioStream):
        return None
    context = template.codec_context
    if context is None:  # pyright: ignore[reportUnnecessaryComparison] - FFmpeg has no decoder
        return None
    is_deep = getattr(context.format, "name", None) in _DEEP_FORMATS
    name, sample_format = _DEEPER.get(name, (name, None)) if is_deep else (name, None)
    named = context.layout.name
    own = _LAYOUTS.get(context.channels, _USUAL_LAYOUT) if named.endswith(" channels") else named
    for rate, layout in (
        (context.sample_rate, own),
        (_USUAL_RATE, own),
        (_USUAL_RATE, _USUAL_LAYOUT),
    ):
        if _is_taken(name, rate, layout, sample_format):
            stream = output.add_stream(name, rate=rate, layout=layout)
            if not isinstance(stream, AudioStream):
                raise TypeError(f"{name} is no sound encoder")
            _set_up(stream.codec_context, name, sample_format)
            return EncodedSound(template, stream)
    return None


def _is_taken(name: str, rate: int, layout: str, sample_format: str | None) -> bool:
    """Whether the encoder `name` takes sound of such a form."""
    if name not in av.codecs_available:
        return False
    context = av.CodecContext.create(name, "w")
    if not isinstance(context, AudioCodecContext):
        return False
    try:
        context.sample_rate, context.layout = rate, layout
        context.format = sample_format or context.codec.audio_formats[0]  # pyright: ignore
        _set_up(context, name, sample_format)
        context.time_base = Fraction(1, rate)
        context.open()
    except (FFmpegError, ValueError, TypeError, IndexError):
        return False
    return True


def _set_up(context: AudioCodecContext, name: str, sample_format: str | None) -> None:
    """Tell an encoder what it needs beside rate and layout."""
    if name in _WITH_BIT_RATE:
        context.bit_rate = _BIT_RATE
    if sample_format is not None:
        context.format = sample_format  # pyright: ignore[reportAttributeAccessIssue]
