"""Turning the packets of a video into frames, past whatever in them is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from unblur.media.damage import Damage

AV_TIME_BASE = 1_000_000
"""Ticks per second of a container's own start and duration."""
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def decode_frames(
    container: InputContainer, stream: VideoStream, damage: Damage
) -> Iterator[av.VideoFrame]:
    """The frames of `stream` in the order they are shown, as far as they can be decoded.

    Lazy, one packet at a time. What could not be decoded is noted in `damage`;
    nothing is raised for it.
    """
    decoder = _decoder_of(stream)
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
        yield from frames
    yield from _flush(decoder)


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


def _read_packets(container: InputContainer, damage: Damage) -> Iterator[av.Packet[Stream]]:
    """Packets of all streams, until the end or the first unreadable place."""
    packets = container.demux()
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
