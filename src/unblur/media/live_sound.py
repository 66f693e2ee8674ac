"""Packets of sound that hold several frames, split into one packet for each."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.stream import Stream


class SoundSplitter:
    """Splits the packets of one stream, as FFmpeg's demuxers do where they are let parse."""

    def __init__(self, stream: AudioStream) -> None:
        context = stream.codec_context
        self._parser = av.CodecContext.create(context.name, "r")
        samples, rate = context.frame_size, context.sample_rate
        self._frame_s = Fraction(samples, rate) if samples and rate else None

    def split(self, packet: av.Packet[Stream]) -> Iterator[av.Packet[Stream]]:
        """The frames of `packet`, each a frame's duration after the one before.

        Codecs whose frames differ in length are passed on whole.
        """
        if self._frame_s is None or packet.pts is None:
            yield packet
            return
        frame_ticks = self._frame_s / packet.time_base
        parts = [*self._parser.parse(bytes(packet)), *self._parser.parse(None)]
        for index, part in enumerate(part for part in parts if part.size):
            part.time_base = packet.time_base
            part.pts = part.dts = packet.pts + round(index * frame_ticks)
            part.duration = round(frame_ticks)
            yield part
