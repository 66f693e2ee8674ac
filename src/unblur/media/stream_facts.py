"""What a file says of its video stream: which it is, how long, how turned."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.buffer import Buffer
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from unblur.errors import MediaError
from unblur.media.decoding import AV_TIME_BASE, announced_end_s


def moving_streams(container: InputContainer) -> list[VideoStream]:
    """The video streams that are no cover pictures or thumbnails."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & still]


def find_video(container: InputContainer, path: Path) -> VideoStream:
    """The stream to read; raises MediaError where there is none that FFmpeg can decode."""
    streams = moving_streams(container)
    if not streams:
        kinds = sorted({stream.type for stream in container.streams})
        found = f", only {' and '.join(kinds)}" if kinds else ""
        raise MediaError(f"{path} holds no video stream{found}")
    if streams[0].codec_context is None:  # pyright: ignore[reportUnnecessaryComparison]
        raise MediaError(f"{path} holds a video of a codec that this FFmpeg cannot decode")
    return streams[0]


def duration_of(container: InputContainer, stream: VideoStream) -> float | None:
    """How long the stream lasts, or else the file; None where neither says."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    end_s = announced_end_s(container)
    if end_s is None:
        return None
    return float(end_s - Fraction(container.start_time or 0, AV_TIME_BASE))


def timecode_of(container: InputContainer, stream: VideoStream) -> str | None:
    """The timecode of the first frame; None where the metadata tell none."""
    told = {key.lower(): text for key, text in (container.metadata | stream.metadata).items()}
    return told.get("timecode")


def read_display_matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
    """The nine numbers of the frame's display matrix; None where it has none."""
    data = cast("Mapping[str, Buffer]", frame.side_data).get("DISPLAYMATRIX")
    return None if data is None else struct.unpack("=9i", bytes(data))
