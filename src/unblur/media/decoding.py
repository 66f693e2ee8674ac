"""Turning the packets of a video into frames, past whatever in them is damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heappop, heappush

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from unblur.media.clock_mending import mend_clock
from unblur.media.damage import Damage

AV_TIME_BASE = 1_000_000
"""Ticks per second of a container's own start and duration."""
_MISTIMED_IN_AVI = {"h264", "hevc"}
"""Codecs whose packets FFmpeg takes to be in the order shown, where AVI says nothing of it."""
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def decode_frames(
    container: InputContainer, stream: VideoStream, damage: Damage
) -> Iterator[av.VideoFrame]:
    """The frames of `stream` in the order they are shown, as far as they can be decoded.

    Lazy, one packet at a time. What could not be decoded is noted in `damage`;
    nothing is raised for it.
    """
    decoder = _decoder_of(stream)
    order = _ShownOrder() if _is_mistimed(container, stream) else None
    for packet in _read_packets(container, damage):
        if packet.stream_index != stream.index:
            continue
        moment_s = packet_moment_s(packet)
        if moment_s is not None and not packet.is_discard:
            damage.note_packet(moment_s)
        try:
            frames = decoder.decode(packet)
        except FFmpegError:
            damage.lost.add(damage.read_until_s if moment_s is None else moment_s)
            continue
        if packet.is_corrupt and moment_s is not None:
            damage.note_damage(moment_s)
        if order is not None:
            order.note_packet(packet)
            frames = order.stamp(frames)
        yield from frames
    flushed = _flush(decoder)
    yield from flushed if order is None else order.stamp(flushed)


def packet_moment_s(packet: av.Packet[Stream]) -> Fraction | None:
    """When a packet is shown, or else decoded; None where the file does not say."""
    ticks = packet.dts if packet.pts is None else packet.pts
    return None if ticks is None else ticks * packet.time_base


def announced_end_s(container: InputContainer) -> Fraction | None:
    """Where `container` says that its last stream ends; None where it does not say."""
    if not container.duration:
        return None
    # Matroska announces the moment of its end, the others the time from start to end.
    counts_from_zero = "matroska" in container.format.name
    start = 0 if counts_from_zero else container.start_time or 0
    return Fraction(start + container.duration, AV_TIME_BASE)


@dataclass(slots=True)
class _ShownOrder:
    """Gives the time stamps of packets that stand in decoding order to frames as they are shown.

    Of the stamps of all packets decoded so far, the earliest belongs to the next frame.
    """

    _waiting: list[int] = field(default_factory=list[int])

    def note_packet(self, packet: av.Packet[Stream]) -> None:
        """Take the stamp of a packet that was decoded."""
        if packet.pts is not None:
            heappush(self._waiting, packet.pts)

    def stamp(self, frames: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """The same frames, their stamps rising."""
        for frame in frames:
            if frame.pts is not None:
                frame.pts = self._next(frame.pts, is_key=frame.key_frame)
            yield frame

    def _next(self, pts: int, *, is_key: bool) -> int:
        """The earliest stamp; at a key frame those are dropped that no frame has come for."""
        while is_key and self._waiting and self._waiting[0] < pts:
            heappop(self._waiting)
        return heappop(self._waiting) if self._waiting else pts


def _is_mistimed(container: InputContainer, stream: VideoStream) -> bool:
    """Whether FFmpeg can only guess when the pictures of a stream are shown, and guesses wrong."""
    codec = stream.codec_context
    return container.format.name == "avi" and codec.has_b_frames and codec.name in _MISTIMED_IN_AVI


def _read_packets(container: InputContainer, damage: Damage) -> Iterator[av.Packet[Stream]]:
    """Packets of all streams, until the end or the first unreadable place."""
    packets = mend_clock(container, container.demux(), damage)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return
        if packet.size:
            moment_s = packet_moment_s(packet)
            if moment_s is not None:
                end_s = moment_s + (packet.duration or 0) * packet.time_base
                damage.read_until_s = max(damage.read_until_s, end_s)
            yield packet


def _decoder_of(stream: VideoStream) -> VideoCodecContext:
    """The stream's own decoder, or one that reads its transparency: FFmpeg's own for VP8 and
    VP9 do not.
    """
    name = _ALPHA_DECODERS.get(stream.codec_context.name)
    if name not in av.codecs_available or stream.metadata.get("alpha_mode") != "1":
        return stream.codec_context
    decoder = av.CodecContext.create(name, "r")
    if not isinstance(decoder, VideoCodecContext):
        raise TypeError(f"{name} is no video decoder")
    return decoder


def _flush(decoder: VideoCodecContext) -> Iterator[av.VideoFrame]:
    """The frames that the decoder still holds after the last packet."""
    try:
        yield from decoder.decode(None)
    except FFmpegError:
        return
