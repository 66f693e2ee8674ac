"""HDR10's facts about a video: what it was mastered on, and how light its pictures get."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
from av.buffer import Buffer

_MASTERING = struct.Struct("=20i2i")
"""FFmpeg's AVMasteringDisplayMetadata: ten rationals, and which of them are known."""
_LIGHT = struct.Struct("=2I")
_DYNAMIC = {"DYNAMIC_HDR_PLUS", "DOVI_METADATA", "DOVI_RPU_BUFFER", "DYNAMIC_HDR_VIVID"}
_CHROMATICITY_STEPS, _LUMINANCE_STEPS = 50_000, 10_000
"""Units of SMPTE ST 2086: 0.00002 of chromaticity, 0.0001 candela per square metre."""


@dataclass(frozen=True, slots=True)
class Hdr:
    """The static metadata of SMPTE ST 2086 and CTA-861.3; None where the video says nothing."""

    mastering: tuple[Fraction, ...] | None = None
    """x and y of red, green, blue and white; then least and greatest luminance in cd/m2."""
    light: tuple[int, int] | None = None
    """Greatest light of a pixel (MaxCLL) and of a frame on average (MaxFALL), in cd/m2."""
    is_dynamic: bool = False
    """Whether frames carry more of their own: HDR10+, HDR Vivid or Dolby Vision."""

    @property
    def is_static(self) -> bool:
        """Whether there is anything that an encoder can be told."""
        return self.mastering is not None or self.light is not None


def read_hdr(frame: av.VideoFrame) -> Hdr:
    """What a decoded frame says."""
    data = cast("Mapping[str, Buffer]", frame.side_data)
    kinds = {kind for kind in _DYNAMIC if data.get(kind) is not None}
    mastering, light = data.get("MASTERING_DISPLAY_METADATA"), data.get("CONTENT_LIGHT_LEVEL")
    return Hdr(
        None if mastering is None else _unpack_mastering(bytes(mastering)),
        None if light is None else _LIGHT.unpack(bytes(light)[: _LIGHT.size]),
        bool(kinds),
    )


def _unpack_mastering(data: bytes) -> tuple[Fraction, ...] | None:
    """The ten numbers; None where the display is not told whole."""
    *numbers, has_primaries, has_luminance = _MASTERING.unpack(data[: _MASTERING.size])
    if not (has_primaries and has_luminance):
        return None
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(Fraction(number, divisor or 1) for number, divisor in pairs)


def tell_encoder(encoder: str, hdr: Hdr) -> dict[str, str]:
    """Options that have `encoder` write the static metadata; none where it cannot or need not."""
    if encoder not in _WORDS:
        return {}
    option, display, light, in_whole_units = _WORDS[encoder]
    told: list[str] = []
    if hdr.mastering is not None:
        told.append(f"{display}={_describe(hdr.mastering, in_whole_units=in_whole_units)}")
    if hdr.light is not None:
        told.append(f"{light}={hdr.light[0]},{hdr.light[1]}")
    return {option: ":".join(told)} if told else {}


_WORDS = {
    "libx264": ("x264-params", "mastering-display", "cll", True),
    "libx265": ("x265-params", "master-display", "max-cll", True),
    "libsvtav1": ("svtav1-params", "mastering-display", "content-light", False),
}
"""Each encoder's option, its names of the two, and whether numbers are whole units."""


def _describe(mastering: tuple[Fraction, ...], *, in_whole_units: bool) -> str:
    """The display as encoders take it: G(x,y)B(x,y)R(x,y)WP(x,y)L(greatest,least)."""
    red, green, blue, white = (mastering[start : start + 2] for start in range(0, 8, 2))
    pairs = {"G": green, "B": blue, "R": red, "WP": white, "L": mastering[:7:-1]}
    words: list[str] = []
    for name, (first, second) in pairs.items():
        steps = _LUMINANCE_STEPS if name == "L" else _CHROMATICITY_STEPS
        numbers = (
            str(round(each * steps)) if in_whole_units else f"{float(each):.5f}"
            for each in (first, second)
        )
        words.append(f"{name}({','.join(numbers)})")
    return "".join(words)
