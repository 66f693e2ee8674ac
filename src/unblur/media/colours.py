"""What the numbers in a video frame mean as colours, and the way to RGB and back.

The arithmetic is FFmpeg's swscale, told the stream's own matrix and range in both
directions; docs/decisions/video-streams.md says how exact that was found to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

UNSPECIFIED = 2
"""What H.273 calls a primary, transfer or matrix that the stream does not name."""
_RGB = 0
_BT709, _BT601, _BT2020 = 1, 6, 9
_CONVERTIBLE = {_BT709, 4, 5, _BT601, 7, _BT2020}
"""Matrices that swscale knows by their H.273 number."""
_HD_HEIGHT_PX = 720
"""From this height on, unnamed colours are BT.709, as players take them; below, BT.601."""
_ACCURATE = int(Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT)
"""Without the last two, 4:2:0 to RGB is one grey level off on average."""
_EIGHT_BITS = 8
_SHARE_PX = 64
_COLOUR_COMPONENTS = 3
_WITH_ALPHA = 4
_RGB_FORMATS = {
    (False, False): "rgb24",
    (False, True): "rgba",
    (True, False): "gbrp16le",
    (True, True): "gbrap16le",
}
"""By whether there are more than 8 bits, and transparency. Planes for 16 bits: swscale's
packed rgb48le comes out wrong from 4:2:0 (by a hundred grey levels) with our flags."""


@dataclass(frozen=True, slots=True)
class Colours:
    """The colour tags of a stream, as the numbers of H.273 that FFmpeg uses too."""

    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED
    range: int = int(ColorRange.UNSPECIFIED)
    """0 not named, 1 limited ("tv"), 2 full ("pc")."""

    @property
    def is_hdr(self) -> bool:
        """Whether the transfer is PQ or HLG."""
        return self.transfer in {16, 18}

    @property
    def has_strange_matrix(self) -> bool:
        """Whether the matrix is one that swscale cannot convert, such as YCgCo or ICtCp."""
        return self.matrix not in {*_CONVERTIBLE, UNSPECIFIED, _RGB}

    def matrix_for(self, height: int) -> int:
        """The matrix to convert pictures of `height` pixels with."""
        if self.matrix in _CONVERTIBLE:
            return self.matrix
        return _BT709 if height >= _HD_HEIGHT_PX else _BT601

    @property
    def range_or_limited(self) -> int:
        """The range, taken as limited where the stream does not name it."""
        return self.range or int(ColorRange.MPEG)


def read_colours(frame: av.VideoFrame) -> Colours:
    """The colour tags of a decoded frame."""
    is_full = (frame.format.name or "").startswith("yuvj")
    return Colours(
        primaries=frame.color_primaries,
        transfer=frame.color_trc,
        matrix=frame.colorspace,
        range=int(ColorRange.JPEG) if is_full else frame.color_range,
    )


def bit_depth_of(video_format: av.VideoFormat) -> int:
    """Bits of the deepest component of a pixel format."""
    return max(component.bits for component in video_format.components)


def has_alpha(video_format: av.VideoFormat) -> bool:
    """Whether a pixel format says how opaque a pixel is."""
    return any(component.is_alpha for component in video_format.components)


def chroma_share(video_format: av.VideoFormat) -> Fraction:
    """Samples of colour for each of brightness: 1/4 of 4:2:0, 1 of RGB, 0 of grey."""
    if video_format.is_rgb or video_format.has_palette:
        return Fraction(1)
    components = av.VideoFormat(video_format.name, _SHARE_PX, _SHARE_PX).components
    if len(components) < _COLOUR_COMPONENTS:
        return Fraction(0)
    return Fraction(components[1].width * components[1].height, _SHARE_PX**2)


def to_pixels(
    frame: av.VideoFrame,
    colours: Colours,
    reformatter: VideoReformatter,
    size: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """A decoded frame as (height, width, 3) RGB, or 4 with alpha where it has some.

    uint8, each value within 1 of the exact one; uint16 for frames of more than 8 bits,
    each within a level of the frame. Scaled to `size`, (height, width), where it is another.
    """
    matrix = colours.matrix_for(frame.height)
    if colours.has_strange_matrix:
        frame.colorspace = matrix  # swscale refuses the frame's own, whatever else it is told
    source_range = ColorRange.JPEG if frame.format.is_rgb else colours.range_or_limited
    is_deep = bit_depth_of(frame.format) > _EIGHT_BITS
    height, width = size or (frame.height, frame.width)
    converted = reformatter.reformat(
        frame,
        width=width,
        height=height,
        format=_RGB_FORMATS[is_deep, has_alpha(frame.format)],
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=int(source_range),
        dst_color_range=int(ColorRange.JPEG),
        interpolation=_ACCURATE,
        threads=1,
    )
    return converted.to_ndarray()


def to_encoder_frame(
    pixels: NDArray[Any], pixel_format: str, colours: Colours, reformatter: VideoReformatter
) -> av.VideoFrame:
    """Pixels as `to_pixels` gives them as a frame of `pixel_format` in `colours`, so tagged."""
    rgb_format = _RGB_FORMATS[pixels.dtype == np.uint16, pixels.shape[2] == _WITH_ALPHA]
    converted = av.VideoFrame.from_ndarray(pixels, format=rgb_format)
    matrix = colours.matrix_for(converted.height)
    source_range = int(ColorRange.JPEG)
    for step_format in _steps_to(pixel_format, colours):
        is_rgb = av.VideoFormat(step_format).is_rgb
        target_range = int(ColorRange.JPEG) if is_rgb else colours.range_or_limited
        converted = reformatter.reformat(
            converted,
            format=step_format,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=source_range,
            dst_color_range=target_range,
            interpolation=_ACCURATE,
            threads=1,
        )
        source_range = target_range
    tags = encoded_colours(colours, pixel_format)
    converted.color_primaries, converted.color_trc = tags.primaries, tags.transfer
    converted.colorspace, converted.color_range = tags.matrix, tags.range
    return converted


def _steps_to(pixel_format: str, colours: Colours) -> list[str]:
    """The formats to convert through, from RGB to `pixel_format`.

    swscale rounds chroma of full range down, half a level on average; by way of 12
    bits a thirtieth of a level is left.
    """
    target = av.VideoFormat(pixel_format)
    is_eight_bit_yuv = not target.is_rgb and target.components[0].bits == 8
    if is_eight_bit_yuv and colours.range_or_limited == ColorRange.JPEG:
        return [f"{pixel_format}12le", pixel_format]
    return [pixel_format]


def encoded_colours(colours: Colours, pixel_format: str) -> Colours:
    """The tags to write with `pixel_format`: those of the input, as far as they can be true."""
    if av.VideoFormat(pixel_format).is_rgb:
        return Colours(colours.primaries, colours.transfer, _RGB, int(ColorRange.JPEG))
    if colours.matrix == _RGB:
        return Colours(colours.primaries, colours.transfer, UNSPECIFIED, colours.range_or_limited)
    return colours
