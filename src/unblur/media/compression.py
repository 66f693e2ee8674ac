"""What a video codec makes of a few frames: encoded and decoded again, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import VideoReformatter

from unblur.errors import OutputError
from unblur.images.arrays import Pixels
from unblur.media.colours import Colours, read_colours, to_encoder_frame, to_pixels

_RATE = 25


def compress_frames(frames: Sequence[Pixels], crf: int) -> list[Pixels]:
    """`frames` of one size after H.264 in 4:2:0 at `crf` (0..51), as many as came.

    The first is coded by itself, the others from those before them, as in a video.
    Raises OutputError where this FFmpeg has no libx264.
    """
    if "libx264" not in av.codecs_available:
        raise OutputError("this FFmpeg has no libx264, so frames cannot be compressed as video")
    height, width = frames[0].shape[:2]
    fill = ((0, height % 2), (0, width % 2), (0, 0))  # 4:2:0 takes even sides only
    encoder = _open_encoder(height + height % 2, width + width % 2, crf)
    decoder = av.CodecContext.create("h264", "r")
    reformatter, colours = VideoReformatter(), Colours()
    decoded: list[av.VideoFrame] = []
    for index, pixels in enumerate([*frames, None]):
        frame = None
        if pixels is not None:
            padded = np.pad(pixels, fill, mode="edge")
            frame = to_encoder_frame(padded, "yuv420p", colours, reformatter)
            frame.pts, frame.time_base = index, Fraction(1, _RATE)
        for packet in encoder.encode(frame):
            decoded += decoder.decode(packet)
    decoded += decoder.decode(None)
    pictures = [to_pixels(each, read_colours(each), reformatter) for each in decoded]
    return [np.ascontiguousarray(each[:height, :width]) for each in pictures]


def _open_encoder(height: int, width: int, crf: int) -> VideoCodecContext:
    """libx264 that gives each frame at once."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width, encoder.pix_fmt = height, width, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, _RATE), Fraction(_RATE)
    encoder.thread_count = 1
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": str(crf)}
    return encoder
