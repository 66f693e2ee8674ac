"""Which codecs and containers this package writes video in, and which go together."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

import av

from unblur.errors import OutputError

VideoCodec = Literal["h264", "hevc", "av1", "ffv1", "prores"]
"""What restored video can be encoded in."""

CONTAINERS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".ts": "mpegts",
    ".mts": "mpegts",
    ".m2ts": "mpegts",
    ".avi": "avi",
}
"""FFmpeg's muxer for each ending that can be written."""


@dataclass(frozen=True, slots=True)
class PixelFormats:
    """What an encoder is given, by what the pictures are."""

    usual: str
    odd: str
    """For pictures whose height or width is odd."""
    deep: str
    """For more than 8 bits per colour."""
    odd_deep: str
    alpha: str | None = None
    """For transparency; None: it cannot be kept."""
    deep_alpha: str | None = None


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """One way to encode: the encoder, what it is told, and the containers it goes into."""

    encoder: str
    """FFmpeg's name of the encoder."""
    formats: PixelFormats
    options: dict[str, str]
    endings: frozenset[str]
    tag: str | None = None
    """Four letters to name the codec by in MP4 and MOV; None: FFmpeg's choice."""
    maximum_rate: Fraction | None = None
    """The encoder refuses a nominal frame rate above this; time stamps are not bound by it."""
    names_pixel_shape: bool = False
    """Whether the encoded stream itself says how wide a pixel is for its height."""
    has_full_range: bool = True
    """Whether it can say that samples use the full range; else they are written in the limited."""
    environment: dict[str, str] = field(default_factory=dict[str, str])
    """Variables that keep the encoder from writing on the screen."""

    def pixel_format_for(
        self, height: int, width: int, *, is_deep: bool = False, has_alpha: bool = False
    ) -> str:
        """The pixel format for pictures of that size; without transparency if need be."""
        formats = self.formats
        alpha = formats.deep_alpha if is_deep else formats.alpha
        if has_alpha and alpha is not None:
            return alpha
        if height % 2 or width % 2:
            return formats.odd_deep if is_deep else formats.odd
        return formats.deep if is_deep else formats.usual


# No B-frames anywhere (bf=0): every frame is then decoded at the moment it is shown, so that no
# container has to shift or invent a time stamp. That costs about 15% of size in H.264.
# Speeds and sizes behind the presets: docs/decisions/video-streams.md.
ENCODERS: dict[VideoCodec, EncoderChoice] = {
    "h264": EncoderChoice(
        "libx264",
        PixelFormats("yuv420p", "yuv444p", "yuv420p10le", "yuv444p10le"),
        {"preset": "veryfast", "crf": "17", "bf": "0"},
        frozenset({".mp4", ".m4v", ".mov", ".mkv", ".ts", ".mts", ".m2ts"}),
        names_pixel_shape=True,
    ),
    "hevc": EncoderChoice(
        "libx265",
        PixelFormats("yuv420p", "yuv444p", "yuv420p10le", "yuv444p10le"),
        {"preset": "ultrafast", "crf": "17", "x265-params": "log-level=none:bframes=0"},
        frozenset({".mp4", ".m4v", ".mov", ".mkv", ".ts", ".mts", ".m2ts"}),
        tag="hvc1",
        names_pixel_shape=True,
    ),
    "av1": EncoderChoice(
        "libsvtav1",
        PixelFormats("yuv420p", "yuv420p", "yuv420p10le", "yuv420p10le"),
        {"preset": "8", "crf": "18"},
        frozenset({".mp4", ".m4v", ".mkv", ".webm"}),
        maximum_rate=Fraction(240),
        environment={"SVT_LOG": "0"},
    ),
    "ffv1": EncoderChoice(
        "ffv1",
        PixelFormats("bgr0", "bgr0", "gbrp12le", "gbrp12le", "bgra", "gbrap12le"),
        {"level": "3", "slicecrc": "1"},
        frozenset({".mkv", ".avi"}),
    ),
    "prores": EncoderChoice(
        "prores_ks",
        PixelFormats(
            "yuv422p10le",
            "yuv444p10le",
            "yuv422p10le",
            "yuv444p10le",
            "yuva444p10le",
            "yuva444p10le",
        ),
        {},
        frozenset({".mov", ".mkv"}),
        has_full_range=False,
    ),
}
"""How each codec is written.

FFV1 in RGB, so that it keeps every pixel exactly. ProRes is HQ, and 4444 at odd sizes:
FFmpeg's encoder spoils the last columns of odd widths in 4:2:2. No H.264 in AVI, which has no
rule for it: FFmpeg itself reads such a file back one frame late.
"""


def choose_encoder(codec: VideoCodec, target: Path) -> EncoderChoice:
    """The encoder for `codec` in a file like `target`.

    Raises OutputError for an ending that cannot be written, a codec that does not
    go into it, and an encoder that this FFmpeg does not have.
    """
    ending = target.suffix.lower()
    choice = ENCODERS[codec]
    if ending not in CONTAINERS:
        got = f"to {ending} files" if ending else "to a file without an ending"
        raise OutputError(
            f"cannot write video {got}: {target}; choose an ending of {_list(CONTAINERS)}"
        )
    if ending not in choice.endings:
        fitting = [name for name in get_args(VideoCodec) if ending in ENCODERS[name].endings]
        raise OutputError(
            f"{codec} does not go into {ending} files: {target}; choose an ending of "
            f"{_list(choice.endings)}, or a codec of {', '.join(fitting)}"
        )
    if choice.encoder not in av.codecs_available:
        raise OutputError(
            f"this FFmpeg cannot encode {codec} (it has no {choice.encoder}); "
            f"choose a codec of {', '.join(available_codecs())}"
        )
    return choice


def available_codecs() -> list[VideoCodec]:
    """The codecs that the installed FFmpeg can encode."""
    return [name for name, choice in ENCODERS.items() if choice.encoder in av.codecs_available]


def _list(endings: dict[str, str] | frozenset[str]) -> str:
    """Endings in a fixed order, for a sentence."""
    return ", ".join(sorted(endings))
