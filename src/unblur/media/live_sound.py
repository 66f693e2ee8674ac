"""Packets of sound of a live source: one for each frame, and each with its moment."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.stream import Stream


class SoundSplitter:
    """Splits the packets of one stream, as FFmpeg's demuxers do where they are let parse.

    It also dates those without a time stamp, which such demuxers give at the begin: each is
    shown when the one before ends.
    """

    def __init__(self, stream: AudioStream, *, is_parsed: bool = False) -> None:
        """`is_parsed` says that FFmpeg has split them already."""
        context = stream.codec_context
        self._parser = None if is_parsed else av.CodecContext.create(context.name, "r")
        samples, rate = context.frame_size, context.sample_rate
        self._frame_s = Fraction(samples, rate) if samples and rate else None
        self._next_pts: int | None = None

    def split(self, packet: av.Packet[Stream]) -> Iterator[av.Packet[Stream]]:
        """The frames of `packet`, each a frame's duration after the one before.

        Codecs whose frames differ in length are passed on whole and as they are.
        """
        stamps = (packet.pts, packet.dts, self._next_pts)
        first_pts = next((stamp for stamp in stamps if stamp is not None), None)
        if self._frame_s is None or first_pts is None:
            yield packet
            return
        frame_ticks = self._frame_s / packet.time_base
        parts = [packet]
        if self._parser is not None:
            found = [*self._parser.parse(bytes(packet)), *self._parser.parse(None)]
            parts = [part for part in found if part.size]
        for index, part in enumerate(parts):
            part.time_base = packet.time_base
            part.pts = part.dts = first_pts + round(index * frame_ticks)
            part.duration = round(frame_ticks)
            yield part
        self._next_pts = first_pts + round(len(parts) * frame_ticks)
