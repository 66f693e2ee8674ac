"""A video file as a stream of RGB frames, each with its exact moment.

Leaves everything but the picture (sound, subtitles, metadata) to `copied_streams`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from unblur.errors import MediaError
from unblur.media.captions import read_captions
from unblur.media.clock_mending import has_one_clock
from unblur.media.colours import (
    Colours,
    bit_depth_of,
    chroma_share,
    has_alpha,
    read_colours,
    to_pixels,
)
from unblur.media.containers import open_input
from unblur.media.damage import Damage
from unblur.media.decoding import AV_TIME_BASE, decode_frames
from unblur.media.deinterlacing import deinterlace
from unblur.media.frame import Frame
from unblur.media.hdr import Hdr, read_hdr
from unblur.media.part import WHOLE, Part
from unblur.media.seeking import decode_part
from unblur.media.stream_facts import (
    duration_of,
    find_video,
    moving_streams,
    read_display_matrix,
    timecode_of,
)
from unblur.media.timecodes import add_frames, counting_rate

VIDEO_ENDINGS: frozenset[str] = frozenset(
    {
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts"),
        *(".mpg", ".mpeg", ".vob", ".m2v", ".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2"),
        *(".ogv", ".mxf", ".dv", ".nut", ".y4m"),
    }
)
"""Endings, in lower case, of the files taken for videos."""


@dataclass(slots=True)
class VideoReader:
    """One video stream of a file: what is known of it, and its frames.

    Sizes are those of the decoded pictures: rotation is not applied to them, it is
    in `display_matrix`.
    """

    path: Path
    stream_index: int
    height: int
    width: int
    time_base: Fraction
    """Seconds per tick of every time stamp."""
    start_pts: int
    """Time stamp of the first frame."""
    average_rate: Fraction | None
    """Frames per second on average, as the file says or FFmpeg guesses, or its timecode counts."""
    frame_count_estimate: int | None
    duration_s: float | None
    """Of the stream, or of the whole file where only that is known."""
    has_audio: bool
    colours: Colours
    bit_depth: int
    """Of each colour; frames of more than 8 bits are given in 16."""
    has_alpha: bool
    chroma_share: Fraction
    """Samples of colour for each of brightness: 1/4 of 4:2:0, 1 of RGB, 0 of grey."""
    hdr: Hdr
    sample_aspect_ratio: Fraction | None
    """Width over height of a pixel; None where the file does not say."""
    display_matrix: tuple[int, ...] | None
    """FFmpeg's nine numbers of how the picture is turned when shown; None: not at all."""
    is_interlaced: bool
    """Whether the first frame says so."""
    deinterlaces: bool = False
    part: Part = WHOLE
    """What of the file is read; everything beside the picture goes by it too."""
    warnings: list[str] = field(default_factory=list[str])
    """Sentences on what the result cannot keep or the file lost; grows while frames are read."""
    end_pts: int | None = None
    """Where the last frame ends, in ticks; None until `frames` has come to the end."""
    _sizes: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    _readings: list[Generator[Frame]] = field(default_factory=list[Generator[Frame]])

    def frames(self, *, after: int | None = None) -> Iterator[Frame]:
        """All frames in the order they are shown; each call starts from the beginning.

        With `after`, those later than that time stamp: the ones before are decoded,
        so that the same frames come whatever the file is like, but not converted.

        Lazy: one frame is decoded at a time, so memory stays flat whatever the
        length. Time stamps are the file's own and strictly increase. What the file
        lost is told in `warnings` once the end is reached.

        Pictures that change their size midway are scaled to that of the first.
        """
        reading = self._read(after)
        self._readings.append(reading)
        return reading

    def move_timecode(self, timecode: str) -> str:
        """The timecode of the part's first frame, in a file that begins with `timecode`."""
        if self.average_rate is None:
            return timecode
        begin = ceil(self.part.start_s / self.time_base) - Fraction(1, 2)  # stamps are rounded
        count = ceil(begin * self.time_base * self.average_rate)
        return add_frames(timecode, max(0, count), self.average_rate)

    def close(self) -> None:
        """Close the file; frames still being read end. May be called again."""
        while self._readings:
            self._readings.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def _read(self, after: int | None) -> Generator[Frame]:
        """The frames, from a file opened for them alone."""
        with decode_part(self.path, self.part) as (decoded, damage):
            reformatter = VideoReformatter()
            if self.deinterlaces:
                decoded = deinterlace(decoded, only_marked=self.is_interlaced)
            for frame, pts in self._in_part(self._in_order(decoded, damage)):
                if after is None or pts > after:
                    yield self._to_frame(frame, pts, reformatter)
        self._add_warnings(damage.sentences())

    def _to_frame(self, frame: av.VideoFrame, pts: int, reformatter: VideoReformatter) -> Frame:
        """A decoded frame as RGB, as large as the first."""
        size = (self.height, self.width)
        samples = to_pixels(frame, read_colours(frame), reformatter, size)
        alpha = samples[..., 3] if samples.shape[2] > 3 else None
        pixels = np.ascontiguousarray(samples[..., :3])
        return Frame(pixels, pts, self.time_base, alpha, read_captions(frame))

    def _in_part(
        self, frames: Iterator[tuple[av.VideoFrame, int]]
    ) -> Iterator[tuple[av.VideoFrame, int]]:
        """The frames of the part, their time stamps as if the file began with it."""
        shift = round(self.part.shift_s / self.time_base)
        end_pts: int | None = None
        for frame, pts in frames:
            moment_s = pts * self.time_base
            if self.part.has_ended(moment_s):
                break
            if self.part.has_begun(moment_s):
                end_pts = None if self.end_pts is None else self.end_pts - shift
                yield frame, pts - shift
        self.end_pts = end_pts

    def _in_order(
        self, decoded: Iterator[av.VideoFrame], damage: Damage
    ) -> Iterator[tuple[av.VideoFrame, int]]:
        """Decoded frames with their time stamps, each later than the one before."""
        last_pts: int | None = None
        gap = 0
        for frame in decoded:
            follows = self.start_pts if last_pts is None else last_pts + _length_of(frame, gap)
            pts = follows if frame.pts is None else frame.pts
            self._check_size(frame, pts)
            if last_pts is not None and pts <= last_pts:
                damage.disordered.add(pts * self.time_base)
                continue
            if frame.is_corrupt:
                damage.note_damage(pts * self.time_base)
            damage.note_frame(pts * self.time_base)
            if frame.interlaced_frame and not self.deinterlaces:
                self._add_warnings([_INTERLACED])
            gap = 0 if last_pts is None else pts - last_pts
            last_pts, self.end_pts = pts, pts + (frame.duration or gap)
            yield frame, pts

    def _check_size(self, frame: av.VideoFrame, pts: int) -> None:
        """Warn once of each size that frames have beside that of the first."""
        size = (frame.height, frame.width)
        if size not in {*self._sizes, (self.height, self.width)}:
            self._sizes.add(size)
            self._add_warnings(
                [
                    f"from {float(pts * self.time_base):.2f} s on pictures of "
                    f"{frame.width}x{frame.height} pixels are scaled to "
                    f"{self.width}x{self.height}, the size of the first"
                ]
            )

    def _add_warnings(self, sentences: list[str]) -> None:
        """Add the sentences that are not among the warnings."""
        self.warnings += [each for each in sentences if each not in self.warnings]


_INTERLACED = (
    "some frames are interlaced; they are restored and written as they are, "
    "comb edges included: --deinterlace makes whole pictures of them"
)


def open_video(
    path: Path,
    *,
    deinterlaces: bool = False,
    start_s: Fraction = Fraction(0),
    end_s: Fraction | None = None,
) -> VideoReader:
    """A reader of the video at `path`, which has at least one frame.

    Of several video streams the first is read; cover pictures are none. With
    `start_s` and `end_s`, what a player shows before and from then on is left out.

    Raises MediaError for what is not a readable video: a missing or empty file, a
    folder, another kind of file, only sound, no frames, an MP4 cut off before its
    index; for an interlaced one that is not to be deinterlaced; and for a part that
    begins after the end.
    """
    with open_input(path) as container:
        stream = find_video(container, path)
        frame = next(decode_frames(container, stream, Damage()), None)
        if frame is None or stream.time_base is None:
            raise MediaError(f"{path} is a video without a single readable frame")
        if frame.interlaced_frame and not deinterlaces:
            raise MediaError(
                f"{path} is interlaced, and a network for whole pictures spoils its comb edges; "
                "add --deinterlace"
            )
        part = Part(start_s, end_s, (frame.pts or 0) * stream.time_base)
        reader = _describe(path, container, stream, frame, part)
        reader.deinterlaces = deinterlaces
        return reader


def _describe(
    path: Path, container: InputContainer, stream: VideoStream, frame: av.VideoFrame, part: Part
) -> VideoReader:
    """What container, stream and first frame say; raises MediaError for an empty part."""
    time_base = stream.time_base or Fraction(1, AV_TIME_BASE)
    duration_s = duration_of(container, stream)
    if duration_s is not None and not part.is_whole:
        if part.start_s >= duration_s and has_one_clock(path):
            raise MediaError(
                f"{path} lasts {duration_s:.2f} s, so nothing is left of it from "
                f"{float(part.start_s):.2f} s on"
            )
        is_known = part.start_s < duration_s  # that of a file whose clock jumps is not
        duration_s = part.length_s(duration_s) if is_known else None
    rate = stream.average_rate or stream.guessed_rate
    counted = stream.frames if part.is_whole else 0
    estimate = counted or (round(duration_s * rate) if duration_s and rate else None)
    colours = read_colours(frame)
    return VideoReader(
        path=path,
        stream_index=stream.index,
        height=frame.height,
        width=frame.width,
        time_base=time_base,
        start_pts=frame.pts or 0,
        average_rate=counting_rate(timecode_of(container, stream), rate),
        frame_count_estimate=estimate,
        duration_s=duration_s,
        has_audio=bool(container.streams.audio),
        colours=colours,
        bit_depth=bit_depth_of(frame.format),
        has_alpha=has_alpha(frame.format),
        chroma_share=chroma_share(frame.format),
        hdr=read_hdr(frame),
        sample_aspect_ratio=stream.sample_aspect_ratio or None,
        display_matrix=read_display_matrix(frame),
        is_interlaced=frame.interlaced_frame,
        part=part,
        warnings=_foresee_losses(colours, len(moving_streams(container))),
    )


def _foresee_losses(colours: Colours, video_count: int) -> list[str]:
    """Sentences on what the restored video cannot keep."""
    told = {
        "the video's colour matrix is unusual; its colours may come out slightly wrong": (
            colours.has_strange_matrix
        ),
        f"of {video_count} video streams only the first is restored": video_count > 1,
    }
    return [sentence for sentence, is_so in told.items() if is_so]


def _length_of(frame: av.VideoFrame, gap: int) -> int:
    """How long a frame is shown; where it does not say, as long as the one before, `gap`."""
    return frame.duration or gap or 1
