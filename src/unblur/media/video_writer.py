"""Restored frames as a video file: each at its own moment, beside everything else of the input."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from unblur.errors import OutputError
from unblur.images.arrays import check_pixels
from unblur.media.atomic import replacing
from unblur.media.codecs import EncoderChoice, VideoCodec, choose_encoder
from unblur.media.colours import to_encoder_frame
from unblur.media.containers import open_input, open_output, reason_of
from unblur.media.copied_streams import CopiedStreams, copy_descriptions, describe_picture
from unblur.media.frame import Frame
from unblur.media.picture_stream import (
    DEFAULT_RATE,
    add_picture_stream,
    check_clock,
    foresee_losses,
    muxer_options,
)
from unblur.media.video_reader import VideoReader


@dataclass(slots=True)
class VideoWriter:
    """Writes frames, and what is copied beside them, to one open file."""

    like: VideoReader
    output: OutputContainer
    stream: VideoStream
    copied: CopiedStreams
    frame_count: int = 0
    """Frames taken so far."""
    _held: Frame | None = None
    _last_gap: int = 0
    _durations: dict[int, int] = field(default_factory=dict[int, int])
    _reformatter: VideoReformatter = field(default_factory=VideoReformatter)

    @property
    def notes(self) -> list[str]:
        """Sentences on what of the input could not be kept in this kind of file."""
        return self.copied.notes

    def write(self, frame: Frame) -> None:
        """Add a frame, to be shown at its own time stamp, later than the one before.

        The frame has the size and the time base of the input. It reaches the file a
        little later: encoders look ahead.
        Raises OutputError when it does not fit or cannot be written.
        """
        self._check(frame)
        if self._held is not None:
            self._last_gap = frame.pts - self._held.pts
            self._encode(self._held, self._last_gap)
        self._held = frame
        self.frame_count += 1

    def finish(self) -> None:
        """Write what is still held back and all that is left to copy.

        Raises OutputError when no frame was written.
        """
        if self._held is None:
            raise OutputError(f"there was no frame of {self.like.path} to write")
        end_pts = self.like.end_pts or 0
        known = end_pts - self._held.pts
        self._encode(self._held, known if known > 0 else self._last_gap or self._nominal_gap)
        self._mux_encoded(None)
        self.copied.mux_until(None)

    @property
    def _nominal_gap(self) -> int:
        """Ticks from frame to frame at the average rate."""
        rate = self.like.average_rate or DEFAULT_RATE
        return max(1, round(1 / rate / self.like.time_base))

    def _check(self, frame: Frame) -> None:
        """Raise OutputError for a frame of another size or clock, or one out of order."""
        pixels, like = check_pixels(frame.pixels), self.like
        if pixels.shape[:2] != (like.height, like.width):
            raise OutputError(
                f"expected frames of {like.width}x{like.height} pixels, "
                f"got {pixels.shape[1]}x{pixels.shape[0]}"
            )
        if frame.time_base != like.time_base:
            raise OutputError(
                f"expected frames timed in {like.time_base} s, got {frame.time_base} s"
            )
        if self._held is not None and frame.pts <= self._held.pts:
            raise OutputError(
                f"expected a frame after time stamp {self._held.pts}, got one at {frame.pts}"
            )

    def _encode(self, frame: Frame, duration: int) -> None:
        """Encode a frame, after what is to be copied before its moment."""
        self.copied.mux_until(frame.shown_at_s)
        pixel_format = self.stream.codec_context.pix_fmt or "yuv420p"
        encoded = to_encoder_frame(frame.pixels, pixel_format, self.like.colours, self._reformatter)
        encoded.pts, encoded.time_base = frame.pts, frame.time_base
        encoded.duration = duration
        self._durations[frame.pts] = duration
        self._mux_encoded(encoded)

    def _mux_encoded(self, frame: av.VideoFrame | None) -> None:
        """Write what the encoder gives for a frame, or at the end for None."""
        for packet in self.stream.encode(frame):
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, self._nominal_gap)
            self.output.mux_one(packet)


@contextmanager
def create_video(
    target: Path, *, like: VideoReader, codec: VideoCodec = "h264"
) -> Generator[VideoWriter]:
    """A writer of the video `target`, which appears when the block ends well.

    The ending of `target` names the container. Time stamps, colour tags, rotation
    and pixel shape are those of `like`; its sound, subtitles, data, attachments,
    chapters and metadata are copied without being encoded again, and in step, so that
    memory stays flat. Whatever ends the block early, Ctrl-C included, leaves nothing.

    Raises OutputError for an ending or a codec that cannot be written or do not go
    together, a folder that cannot be written into, a full disk, and a block that
    wrote no frame; MediaError when the input cannot be read any more.
    """
    choice = choose_encoder(codec, target)
    check_clock(target, like)
    with (
        replacing(target) as temporary,
        _explained(target),
        open_input(like.path) as source,
        _opened(temporary, source, like) as output,
    ):
        writer = _prepare(source, output, choice, like)
        yield writer
        writer.finish()


def _prepare(
    source: InputContainer, output: OutputContainer, choice: EncoderChoice, like: VideoReader
) -> VideoWriter:
    """A writer to `output` with all its streams, in the order of `source`."""
    copied = CopiedStreams(source, output, foresee_losses(output, choice, like))
    picture: VideoStream | None = None
    for template in source.streams:
        if template.index == like.stream_index:
            picture = add_picture_stream(output, choice, like)
            describe_picture(template, picture)
        else:
            copied.add(template)
    if picture is None:
        raise OutputError(f"{like.path} lost its video stream while it was restored")
    copy_descriptions(source, output)
    output.start_encoding()
    return VideoWriter(like, output, picture, copied)


@contextmanager
def _opened(
    temporary: Path, source: InputContainer, like: VideoReader
) -> Generator[OutputContainer]:
    """The file at `temporary`, closed in the end; a failing block has its own error told."""
    muxer, options = muxer_options(temporary, source, like)
    output = open_output(temporary, muxer, options)
    try:
        yield output
    except BaseException:
        with suppress(FFmpegError, OSError):
            output.close()
        raise
    output.close()


@contextmanager
def _explained(target: Path) -> Generator[None]:
    """Turn what FFmpeg raises into OutputError; errors of the disk are left to `replacing`."""
    try:
        yield
    except OSError:
        raise
    except FFmpegError as error:
        raise OutputError(f"cannot write {target}: {reason_of(error)}") from error
