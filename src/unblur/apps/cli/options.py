"""Options that commands share, each declared once.

The choices are repeated from the rooms that mean them, because those load numpy and
`unblur --help` must not; a test compares them.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

DeviceChoice = Literal["auto", "cpu", "gpu", "npu"]
RuntimeChoice = Literal["auto", "openvino", "onnxruntime", "torch"]
PrecisionChoice = Literal["auto", "fp32", "bf16", "int8"]
SelfEnsembleChoice = Literal["auto", "1", "2", "4", "8"]
CodecChoice = Literal["h264", "hevc", "av1", "ffv1", "prores"]


def parse_tile_px(text: str) -> str:
    """`text` if it is "auto" or a whole number above 0; raises typer.BadParameter."""
    if text != "auto" and (not text.isdecimal() or int(text) == 0):
        raise typer.BadParameter(f"{text!r} is neither 'auto' nor a whole number of pixels")
    return text


def parse_moment(text: str | float) -> float:
    """Seconds out of "90", "1:30" or "0:01:30.5"; raises typer.BadParameter."""
    words = str(text).split(":")
    try:
        numbers = [int(word) for word in words[:-1]] + [float(words[-1])]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3 or not all(0 <= number < float("inf") for number in numbers):
        raise typer.BadParameter(f"{text!r} is no time such as 90, 1:30 or 0:01:30.5")
    seconds = 0.0
    for number in numbers:
        seconds = 60 * seconds + number
    return seconds


def parse_data(words: list[str]) -> dict[str, Path]:
    """Folders by name, from words such as "gopro=data/gopro"; raises typer.BadParameter."""
    folders: dict[str, Path] = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not (name and equals and path):
            raise typer.BadParameter(f"{word!r} is not NAME=PATH, such as gopro=data/gopro")
        folders[name] = Path(path)
    return folders


def check_precisions(names: list[str] | None) -> list[str] | None:
    """`names` when each is a precision; raises typer.BadParameter."""
    return _check_names(names, get_args(PrecisionChoice))


def check_runtimes(names: list[str] | None) -> list[str] | None:
    """`names` when each is a runtime; raises typer.BadParameter."""
    return _check_names(names, get_args(RuntimeChoice))


def check_self_ensembles(counts: list[int] | None) -> list[int] | None:
    """`counts` when each is a number of orientations; raises typer.BadParameter."""
    _check_names(list(map(str, counts or ())), get_args(SelfEnsembleChoice)[1:])
    return counts


def _check_names(names: list[str] | None, known: tuple[str, ...]) -> list[str] | None:
    for name in names or ():
        if name not in known:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(known)}")
    return names


def typed_command() -> str:
    """The command that this process runs, as it can be typed again."""
    return shlex.join(["unblur", *sys.argv[1:]])


Model = Annotated[
    str, typer.Option(metavar="NAME|PATH", help="A bundled model (see `unblur models`) or a file.")
]
Device = Annotated[DeviceChoice, typer.Option(help="Where to compute.")]
Runtime = Annotated[RuntimeChoice, typer.Option(help="What to compute with.")]
Precision = Annotated[
    PrecisionChoice,
    typer.Option(help="Arithmetic; auto: fp32 for pictures, int8 for video where there is one."),
]
Precisions = Annotated[
    list[str] | None,
    typer.Option("--precision", help="Arithmetic; repeat for several.", callback=check_precisions),
]
Runtimes = Annotated[
    list[str] | None,
    typer.Option(
        "--runtime",
        help="A runtime; repeat for several; else every installed one.",
        callback=check_runtimes,
    ),
]
TilePx = Annotated[
    str,
    typer.Option(
        metavar="auto|N", callback=parse_tile_px, help="Side of the tiles of large pictures."
    ),
]
SelfEnsemble = Annotated[
    SelfEnsembleChoice,
    typer.Option(help="Orientations restored, for their mean; auto: 4 for pictures, 1 for video."),
]
SelfEnsembles = Annotated[
    list[int] | None,
    typer.Option(
        "--self-ensemble",
        metavar="1|2|4|8",
        help="Orientations restored, for their mean; repeat for several; else as for restore.",
        callback=check_self_ensembles,
    ),
]
From = Annotated[
    float,
    typer.Option(
        "--from",
        metavar="TIME",
        parser=parse_moment,
        show_default=False,
        help="Begin the video there: 90, 1:30, 0:01:30.5.",
    ),
]
To = Annotated[
    float | None,
    typer.Option("--to", metavar="TIME", parser=parse_moment, help="End the video there."),
]
Deinterlace = Annotated[
    bool, typer.Option("--deinterlace", help="Make whole pictures of interlaced video.")
]
Jobs = Annotated[
    int,
    typer.Option(
        min=1, max=64, show_default=False, help="Files at the same time; each takes memory."
    ),
]
SkipSharp = Annotated[
    bool, typer.Option("--skip-sharp", help="Leave video frames alone that are sharp everywhere.")
]
Preview = Annotated[
    int,
    typer.Option(
        min=0, max=100, show_default=False, help="Write N stills of a video first, before/after."
    ),
]
VideoCodec = Annotated[CodecChoice, typer.Option(help="What videos are written in.")]
Data = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=PATH", help="A folder of pairs and its name; repeat for several."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
