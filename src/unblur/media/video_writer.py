"""Restored frames as a video file: each at its own moment, beside everything else of the input.

The encoded packets are collected in a log that survives a crash, and joined with what is
copied from the input when the last one is there (docs/decisions/resume.md).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from av import library_versions
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from unblur.errors import OutputError
from unblur.images.arrays import check_samples
from unblur.media.atomic import check_name, explaining, replacing, temporary_beside
from unblur.media.captions import add_captions, keeps_captions
from unblur.media.codecs import EncoderChoice, VideoCodec, choose_encoder
from unblur.media.colours import to_encoder_frame
from unblur.media.containers import open_input, reason_of
from unblur.media.frame import Frame
from unblur.media.joining import draft_output, join
from unblur.media.packet_log import EncodedPacket, PacketLog, open_log
from unblur.media.picture_stream import (
    DEFAULT_RATE,
    check_clock,
    colours_for,
    open_encoder,
    pixel_format_for,
)
from unblur.media.video_reader import VideoReader

_SEGMENT_PIXELS = 240 * 1280 * 720
"""Of so many pixels is a segment: ten seconds of 720p, so much is lost with a crash."""
_SEGMENT_FRAMES = (48, 240)
"""The shortest and the longest segment."""
_LONGEST_NAME = 255
_CAPTIONS_LOST = (
    "the closed captions inside the picture are not kept in this codec; "
    "--video-codec h264 and hevc keep them"
)


@dataclass(slots=True)
class VideoWriter:
    """Encodes frames into the log of one video."""

    like: VideoReader
    choice: EncoderChoice
    target: Path
    log: PacketLog
    notes: list[str]
    """Sentences on what of the input could not be kept in this kind of file."""
    frame_count: int = 0
    """Frames taken so far, those of earlier runs included."""
    written_until: int | None = None
    """Time stamp of the last frame that an earlier run left finished; None: there is none."""
    _encoder: VideoStream | None = None
    _segment_count: int = 0
    _held: Frame | None = None
    _last_gap: int = 0
    _durations: dict[int, int] = field(default_factory=dict[int, int])
    _captions: dict[int, bytes] = field(default_factory=dict[int, bytes])
    _reformatter: VideoReformatter = field(default_factory=VideoReformatter)

    def __post_init__(self) -> None:
        self.frame_count = self.log.summary.get("frame_count", 0)
        self.written_until = self.log.summary.get("last_pts")
        self._last_gap = self.log.summary.get("last_duration", 0)

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
        """Encode what is still held back.

        Raises OutputError when no frame was written.
        """
        if self._held is not None:
            known = (self.like.end_pts or 0) - self._held.pts
            self._encode(self._held, known if known > 0 else self._last_gap or self._nominal_gap)
            self._end_segment(self._held)
            self._held = None
        if self.log.is_empty:
            raise OutputError(f"there was no frame of {self.like.path} to write")

    def close(self) -> None:
        """Let go of the encoder at once: the collector of garbage would take its time."""
        if self._encoder is not None:
            self._encoder.container.close()
            self._encoder = None

    @property
    def _nominal_gap(self) -> int:
        """Ticks from frame to frame at the average rate."""
        rate = self.like.average_rate or DEFAULT_RATE
        return max(1, round(1 / rate / self.like.time_base))

    @property
    def segment_length(self) -> int:
        """Frames from one commit to the next: the same in every run."""
        shortest, longest = _SEGMENT_FRAMES
        return max(shortest, min(longest, _SEGMENT_PIXELS // (self.like.height * self.like.width)))

    def _check(self, frame: Frame) -> None:
        """Raise OutputError for a frame of another size or clock, or one out of order."""
        pixels, like = check_samples(frame.pixels), self.like
        if pixels.shape[:2] != (like.height, like.width):
            raise OutputError(
                f"expected frames of {like.width}x{like.height} pixels, "
                f"got {pixels.shape[1]}x{pixels.shape[0]}"
            )
        if frame.time_base != like.time_base:
            raise OutputError(
                f"expected frames timed in {like.time_base} s, got {frame.time_base} s"
            )
        last_pts = self.written_until if self._held is None else self._held.pts
        if last_pts is not None and frame.pts <= last_pts:
            raise OutputError(
                f"expected a frame after time stamp {last_pts}, got one at {frame.pts}"
            )

    def _encode(self, frame: Frame, duration: int) -> None:
        """Encode a frame; where a segment is full with it, commit the segment."""
        if self._encoder is None:
            self._encoder = open_encoder(self.target, self.choice, self.like)
        pixel_format = self._encoder.codec_context.pix_fmt or "yuv420p"
        pixels = frame.pixels if frame.alpha is None else np.dstack((frame.pixels, frame.alpha))
        colours = colours_for(self.choice, self.like)
        encoded = to_encoder_frame(pixels, pixel_format, colours, self._reformatter)
        encoded.pts, encoded.time_base = frame.pts, frame.time_base
        encoded.duration = duration
        self._durations[frame.pts] = duration
        self._take_captions(frame)
        self._log(self._encoder.encode(encoded))
        self._segment_count += 1
        if self._segment_count == self.segment_length:
            self._end_segment(frame)

    def _take_captions(self, frame: Frame) -> None:
        """Keep the frame's captions for its packet, or note once that they are lost."""
        if frame.captions is None:
            return
        if keeps_captions(self.choice.encoder):
            self._captions[frame.pts] = frame.captions
        elif _CAPTIONS_LOST not in self.notes:
            self.notes.append(_CAPTIONS_LOST)

    def _end_segment(self, last: Frame) -> None:
        """Empty the encoder and commit what is there; the next frame gets a new encoder."""
        if self._encoder is None:
            return
        self._log(self._encoder.encode(None))
        self.close()
        self._segment_count = 0
        self.log.commit(
            {
                "frame_count": self.frame_count,
                "last_pts": last.pts,
                "last_duration": self._last_gap,
            }
        )

    def _log(self, packets: list[av.Packet[VideoStream]]) -> None:
        """Add what the encoder gave to the log."""
        for packet in packets:
            pts = packet.pts or 0
            dts = pts if packet.dts is None else packet.dts
            duration = self._durations.pop(pts, self._nominal_gap)
            data = bytes(packet)
            captions = self._captions.pop(pts, None)
            if captions is not None:
                data = add_captions(data, captions, self.choice.encoder)
            self.log.append(EncodedPacket(data, pts, dts, duration, packet.is_keyframe))


@contextmanager
def create_video(
    target: Path,
    *,
    like: VideoReader,
    codec: VideoCodec = "h264",
    made_by: Mapping[str, Any] | None = None,
) -> Generator[VideoWriter]:
    """A writer of the video `target`, which appears when the block ends well.

    The ending of `target` names the container. Time stamps, colour tags, rotation
    and pixel shape are those of `like`; its sound, subtitles, data, attachments,
    chapters and metadata are copied without being encoded again, so that memory
    stays flat.

    `made_by` is whatever the frames depend on beside the input file. If it is given, a
    block that ends early, by Ctrl-C or a power cut, leaves what is encoded so far in
    `log_path(target)`, and the next writer with the same input and the same `made_by`
    goes on after `VideoWriter.written_until`; without it nothing is left.

    Raises OutputError for an ending or a codec that cannot be written or do not go
    together, a folder that cannot be written into, a full disk, another process that
    writes the same video, and a block that wrote no frame; MediaError when the input
    cannot be read any more.
    """
    choice = choose_encoder(codec, target)
    check_clock(target, like)
    with explaining(target), _explained(target), _log_for(target, choice, like, made_by) as log:
        check_name(target)
        with open_input(like.path) as source:
            with draft_output(target, source, choice, like) as notes:
                writer = VideoWriter(like, choice, target, log, notes)
            with closing(writer):
                yield writer
                writer.finish()
            with replacing(target) as temporary:
                join(temporary, source, choice, like, log.packets())
        log.discard()


def log_path(target: Path) -> Path:
    """Where what is done of `target` is kept until it is complete: hidden, beside it."""
    name = f".{target.name}.partial"
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()}.partial"
    return target.with_name(name)


@contextmanager
def _log_for(
    target: Path, choice: EncoderChoice, like: VideoReader, made_by: Mapping[str, Any] | None
) -> Generator[PacketLog]:
    """The log for `target`; without `made_by` one that nobody finds again."""
    if made_by is None:
        temporary = temporary_beside(target)
        try:
            with open_log(temporary, {}) as log:
                yield log
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        return
    status = like.path.stat()
    purpose = {
        "made_by": dict(made_by),
        "source": [str(like.path.resolve()), status.st_size, status.st_mtime_ns],
        "part": [str(like.part), like.deinterlaces],
        "encoder": [choice.encoder, pixel_format_for(choice, like)],
        "options": choice.options,
        "cpu_count": os.cpu_count(),
        "ffmpeg": {name: list(version) for name, version in library_versions.items()},
    }
    with open_log(log_path(target), purpose) as log:
        yield log


@contextmanager
def _explained(target: Path) -> Generator[None]:
    """Turn what FFmpeg raises into OutputError; errors of the disk are left to `explaining`."""
    try:
        yield
    except OSError:
        raise
    except FFmpegError as error:
        raise OutputError(f"cannot write {target}: {reason_of(error)}") from error
