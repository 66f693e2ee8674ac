"""From encoded packets and the input to the finished file: nothing is encoded any more."""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream

from unblur.errors import OutputError
from unblur.media.codecs import EncoderChoice
from unblur.media.containers import open_output
from unblur.media.copied_streams import CopiedStreams, copy_descriptions, describe_picture
from unblur.media.packet_log import EncodedPacket
from unblur.media.picture_stream import add_picture_stream, foresee_losses, muxer_options
from unblur.media.video_reader import VideoReader


@dataclass(frozen=True, slots=True)
class _Streams:
    """The streams of an output: the restored picture, and all that is copied."""

    picture: VideoStream
    copied: CopiedStreams


@contextmanager
def draft_output(
    target: Path, source: InputContainer, choice: EncoderChoice, like: VideoReader
) -> Generator[list[str]]:
    """Try on nothing what `join` will do; gives sentences on what cannot be kept.

    Raises OutputError and FFmpegError as `join` would, before any frame is restored.
    """
    muxer, options = muxer_options(target, source, like)
    with av.open(io.BytesIO(), mode="w", format=muxer, container_options=options) as draft:
        yield _add_streams(source, draft, choice, like).copied.notes


def join(
    target: Path,
    source: InputContainer,
    choice: EncoderChoice,
    like: VideoReader,
    packets: Iterable[EncodedPacket],
) -> None:
    """Write `packets` to `target`, and in step with them everything else of `source`.

    On return the file is on the disk. Raises OutputError, FFmpegError or OSError.
    """
    muxer, options = muxer_options(target, source, like)
    with _opened(target, muxer, options) as output:
        streams = _add_streams(source, output, choice, like)
        for packet in packets:
            streams.copied.mux_until(packet.pts * like.time_base)
            output.mux_one(_to_mux(packet, streams.picture, like))
        streams.copied.mux_until(None)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _add_streams(
    source: InputContainer, output: OutputContainer, choice: EncoderChoice, like: VideoReader
) -> _Streams:
    """Give `output` all its streams, in the order of `source`, and write its header."""
    losses = foresee_losses(output, choice, like)
    copied = CopiedStreams(like.path, source, output, like.part, losses)
    picture: VideoStream | None = None
    for template in source.streams:
        if template.index == like.stream_index:
            picture = add_picture_stream(output, choice, like)
            describe_picture(template, picture, like)
        else:
            copied.add(template)
    if picture is None:
        raise OutputError(f"{like.path} lost its video stream while it was restored")
    copy_descriptions(source, output, like)
    output.start_encoding()
    return _Streams(picture, copied)


def _to_mux(encoded: EncodedPacket, stream: VideoStream, like: VideoReader) -> av.Packet[Stream]:
    """The packet as FFmpeg has it."""
    packet = av.Packet(encoded.data)
    packet.stream = stream
    packet.time_base = like.time_base
    packet.pts, packet.dts, packet.duration = encoded.pts, encoded.dts, encoded.duration
    packet.is_keyframe = encoded.is_keyframe
    return packet


@contextmanager
def _opened(path: Path, muxer: str, options: dict[str, str]) -> Generator[OutputContainer]:
    """The file at `path`, closed in the end; a failing block has its own error told."""
    output = open_output(path, muxer, options)
    try:
        yield output
    except BaseException:
        with suppress(FFmpegError, OSError):
            output.close()
        raise
    output.close()
