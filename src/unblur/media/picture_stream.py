"""The video stream of an output file: encoder, colours, clock, rotation and pixel shape."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from unblur.errors import OutputError
from unblur.media.codecs import CONTAINERS, EncoderChoice
from unblur.media.colours import (
    Colours,
    bit_depth_of,
    chroma_share,
    encoded_colours,
    has_alpha,
)
from unblur.media.containers import reason_of
from unblur.media.hdr import tell_encoder
from unblur.media.scheduling import usual_scheduling
from unblur.media.video_reader import VideoReader

DEFAULT_RATE = Fraction(25)
"""Nominal frames per second for an input that names none; time stamps are not bound by it."""
_EIGHT_BITS = 8
_SAFE_WIDTH = 256
"""Narrower pictures come out of x264's macroblock tree differently from time to time."""
_FINEST_MOVIE_CLOCK = 48_000
"""MP4 keeps where streams start in ticks of one clock, of at least this many a second."""
_QUICKTIME_FAMILY = {"mp4", "mov"}
_MATROSKA_FAMILY = {"matroska", "webm"}
_TICKS_S = {
    "matroska": Fraction(1, 1000),
    "webm": Fraction(1, 1000),
    "mpegts": Fraction(1, 90_000),
}
"""Containers with a clock of their own; the others keep the input's."""
_WRAP_S = Fraction(2**33, 90_000)
"""After so long the time stamps of MPEG-TS, which have 33 bits, begin again at 0."""
_CHROMA_NAMES = {Fraction(1): "4:4:4", Fraction(1, 2): "4:2:2", Fraction(1, 4): "4:2:0"}
_UNTURNED = {"mpegts", "avi"}
"""Containers that cannot say how a picture is turned."""


def add_picture_stream(
    output: OutputContainer, choice: EncoderChoice, like: VideoReader
) -> VideoStream:
    """A stream of `output` for frames like those of `like`, its encoder open.

    Raises OutputError when the encoder refuses such pictures.
    """
    os.environ.update(choice.environment)
    stream = output.add_stream(
        choice.encoder,
        rate=min(like.average_rate or DEFAULT_RATE, choice.maximum_rate or Fraction(10**6)),
        options=_options(choice, like),
        width=like.width,
        height=like.height,
        time_base=like.time_base,
    )
    if not isinstance(stream, VideoStream):
        raise TypeError(f"{choice.encoder} is no video encoder")
    context = stream.codec_context
    context.pix_fmt = pixel_format_for(choice, like)
    colours = encoded_colours(colours_for(choice, like), context.pix_fmt)
    context.color_primaries, context.color_trc = colours.primaries, colours.transfer
    context.colorspace, context.color_range = colours.matrix, colours.range
    if like.sample_aspect_ratio is not None:
        context.sample_aspect_ratio = like.sample_aspect_ratio
    if choice.tag is not None and output.format.name in _QUICKTIME_FAMILY:
        context.codec_tag = choice.tag
    stream.set_display_matrix(like.display_matrix)
    try:
        with usual_scheduling():
            context.open()
    except FFmpegError as error:
        raise OutputError(
            f"{choice.encoder} cannot encode pictures of {like.width}x{like.height} pixels "
            f"({reason_of(error)}); choose another codec"
        ) from error
    return stream


def pixel_format_for(choice: EncoderChoice, like: VideoReader) -> str:
    """The pixel format that frames like those of `like` are encoded in."""
    is_deep = like.bit_depth > _EIGHT_BITS
    return choice.pixel_format_for(
        like.height, like.width, is_deep=is_deep, has_alpha=like.has_alpha
    )


def colours_for(choice: EncoderChoice, like: VideoReader) -> Colours:
    """The colours that frames like those of `like` are encoded in."""
    if choice.has_full_range:
        return like.colours
    return replace(like.colours, range=int(ColorRange.MPEG))


def _options(choice: EncoderChoice, like: VideoReader) -> dict[str, str]:
    """What the encoder is told, the static HDR metadata of `like` included."""
    options = dict(choice.options)
    more = tell_encoder(choice.encoder, like.hdr).items()
    for name, words in (*more, *_told_of_narrow(choice, like)):
        options[name] = f"{options[name]}:{words}" if name in options else words
    return options


def _told_of_narrow(choice: EncoderChoice, like: VideoReader) -> list[tuple[str, str]]:
    """What x264 needs to give the same bytes each time (docs/decisions/resume.md)."""
    is_narrow = choice.encoder == "libx264" and like.width < _SAFE_WIDTH
    return [("x264-params", "mbtree=0")] if is_narrow else []


def open_encoder(target: Path, choice: EncoderChoice, like: VideoReader) -> VideoStream:
    """An encoder by itself, told all that it would be told in a file like `target`.

    Its packets are its first key frame and what follows. Raises OutputError as
    `add_picture_stream` does.
    """
    output = av.open(io.BytesIO(), mode="w", format=CONTAINERS[target.suffix.lower()])
    return add_picture_stream(output, choice, like)


def muxer_options(
    path: Path, source: InputContainer, like: VideoReader
) -> tuple[str, dict[str, str]]:
    """The muxer for `path`, and what it must be told to keep time stamps and metadata exactly."""
    muxer = CONTAINERS[path.suffix.lower()]
    if muxer == "mpegts":
        return muxer, _keep_wrap(source)
    if muxer not in _QUICKTIME_FAMILY:
        # Sound that starts a little before zero would otherwise move everything.
        return muxer, {"avoid_negative_ts": "disabled"} if muxer in _MATROSKA_FAMILY else {}
    ticks = like.time_base.denominator
    options = {
        "video_track_timescale": str(ticks),
        "movie_timescale": str(ticks * ceil(_FINEST_MOVIE_CLOCK / ticks)),
    }
    if any(key.startswith("com.") for key in source.metadata):
        options["movflags"] = "+use_metadata_tags"  # where phones keep place and model
    return muxer, options


def _keep_wrap(source: InputContainer) -> dict[str, str]:
    """What lets MPEG-TS begin before its clock wraps, where `source` does: FFmpeg says before 0."""
    begins_before = source.format.name == "mpegts" and (source.start_time or 0) < 0
    return {"output_ts_offset": f"{float(_WRAP_S):.6f}"} if begins_before else {}


def check_clock(target: Path, like: VideoReader) -> None:
    """Raise OutputError where the container cannot keep the moments of the frames at all."""
    is_constant = like.average_rate is not None and like.time_base * like.average_rate == 1
    if target.suffix.lower() == ".avi" and not is_constant:
        raise OutputError(
            f"AVI keeps no time stamps, and the frames of {like.path} have some of their own: "
            f"{target}; choose an ending of .mp4 or .mkv"
        )


def foresee_losses(output: OutputContainer, choice: EncoderChoice, like: VideoReader) -> list[str]:
    """Sentences on what this kind of file cannot keep of the picture."""
    kind = output.format.name
    tick_s = _TICKS_S.get(kind)
    is_rounded = tick_s is not None and (like.time_base / tick_s).denominator != 1
    pixel_format = pixel_format_for(choice, like)
    keeps_alpha = has_alpha(VideoFormat(pixel_format))
    bits = bit_depth_of(VideoFormat(pixel_format))
    is_odd = bool(like.height % 2 or like.width % 2)
    share = chroma_share(VideoFormat(pixel_format))
    told = {
        f"time stamps are rounded to {tick_s} s, the clock of this kind of file ({kind})": (
            is_rounded
        ),
        f"this kind of file ({kind}) cannot say that the picture is turned when shown": (
            like.display_matrix is not None and kind in _UNTURNED
        ),
        f"this kind of file ({kind}) does not keep that the pixels are not square": (
            like.sample_aspect_ratio not in {None, 1}
            and not choice.names_pixel_shape
            and kind not in _QUICKTIME_FAMILY
        ),
        f"the odd size of {like.width}x{like.height} pixels is kept by encoding in 4:4:4, "
        "which some players do not show": is_odd and "444" in pixel_format,
        f"the video has {like.bit_depth} bits per colour; it is written in {bits}": (
            like.bit_depth > bits
        ),
        f"colours are written in {_CHROMA_NAMES.get(share)}, less finely than the video has them; "
        "--video-codec ffv1 (in .mkv) keeps them whole, prores (in .mov) in 4:2:2": (
            share < like.chroma_share
        ),
        "few players show H.264 of 10 bits; more show --video-codec hevc": (
            choice.encoder == "libx264" and bits > _EIGHT_BITS
        ),
        "the video's transparency is not kept; --video-codec prores (in .mov) or ffv1 (in .mkv) "
        "keeps it": like.has_alpha and not keeps_alpha,
        "what the video says about its mastering display and its light (HDR10) is not kept in "
        "this codec": like.hdr.is_static and not tell_encoder(choice.encoder, like.hdr),
        "the video's dynamic HDR metadata (HDR10+, Dolby Vision) is not kept": like.hdr.is_dynamic,
    }
    return [sentence for sentence, is_so in told.items() if is_so]
