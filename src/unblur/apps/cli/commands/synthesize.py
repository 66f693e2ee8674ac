"""`unblur synthesize`: a data set of blurry and sharp pairs from photos or video."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import FAILURE, SUCCESS, UseError, print_error, print_result, use_errors
from unblur.apps.cli.progress import ProgressDisplay
from unblur.errors import missing_extra

if TYPE_CHECKING:
    from unblur.data.blur_synthesis import BlurOptions
    from unblur.data.pair_set import SourcedPair
    from unblur.data.photos import PhotoFile

DEFAULT_WINDOW = 7
DEFAULT_GAMMA = 2.2
DEFAULT_BETWEEN_COUNT = 7


def parse_size_px(text: str) -> str:
    """`text` if it is "full" or a whole number from 16 on; raises typer.BadParameter."""
    if text != "full" and (not text.isdecimal() or int(text) < 16):
        raise typer.BadParameter(f"{text!r} is neither 'full' nor a whole number from 16 on")
    return text


Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE...", help="Sharp photos or videos, folders of them, tar archives of photos."
    ),
]
Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="The folder to make.")
]
Count = Annotated[int, typer.Option(metavar="N", min=1, help="How many pairs.")]
SizePx = Annotated[
    str,
    typer.Option(
        metavar="full|N", callback=parse_size_px, help="Whole pictures, or squares of N pixels."
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="The same seed makes the same pairs.")]
Blur = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE", help="An option of [data.blur], such as noise_share=0; repeat."
    ),
]
Window = Annotated[
    int | None,
    typer.Option(metavar="N", help=f"Video: frames averaged, odd; {DEFAULT_WINDOW} by default."),
]
Gamma = Annotated[
    float | None,
    typer.Option(
        metavar="G",
        min=1.0,
        max=3.0,
        help=f"Video: grey levels are light to the power of 1/G; {DEFAULT_GAMMA} by default.",
    ),
]
BetweenCount = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Video: frames that optical flow adds between each two; "
        f"{DEFAULT_BETWEEN_COUNT} by default.",
    ),
]
HeldOut = Annotated[
    bool,
    typer.Option("--held-out", help="Only the photos that training on all of them leaves out."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a set that is there.")]


def synthesize(  # noqa: PLR0913 - one for each option
    sources: Sources,
    *,
    output: Folder,
    count: Count = 100,
    size_px: SizePx = "full",
    seed: Seed = 0,
    blur: Blur = None,
    window: Window = None,
    gamma: Gamma = None,
    between_count: BetweenCount = None,
    held_out: HeldOut = False,
    overwrite: Overwrite = False,
    quiet: options.Quiet = False,
) -> int:
    """Make blurry and sharp pairs from sharp photos, or from video by averaging frames.

    Writes blurry/ and sharp/ with the same names, pairs.csv, and contact_sheet.jpg to look
    at. Whatever stops it leaves nothing half-written.
    """
    try:
        from unblur.data.blur_synthesis import BlurOptions
        from unblur.data.pair_set import check_target, write_pair_set
    except ModuleNotFoundError as missing:
        raise missing_extra("synthesis", missing.name, "train") from missing
    averaging = _Averaging(window, gamma, between_count)
    side_px = None if size_px == "full" else int(size_px)
    with use_errors():
        check_target(output, overwrite=overwrite)
        changed = BlurOptions.from_changes(blur or [])
        photos, videos = _find_sources(sources, averaging, held_out=held_out)
        pairs = _find_pairs(photos, videos, count, side_px, seed, changed, averaging)
    if not quiet:
        logging.getLogger("unblur").setLevel(logging.WARNING)
    with ProgressDisplay(1, is_wanted=not quiet) as display:
        written_count = write_pair_set(
            pairs,
            output,
            pair_count=count,
            seed=seed,
            overwrite=overwrite,
            report_progress=display.start(output.name),
        )
    if not quiet:
        print_result(f"{written_count} pairs: {output}")
    if written_count < count:
        print_error(
            f"expected {count} pairs, the frames without cuts are enough for {written_count}"
        )
    return SUCCESS if written_count else FAILURE


@dataclass(frozen=True, slots=True)
class _Averaging:
    """The options that only videos know; None where one was not given."""

    window: int | None
    gamma: float | None
    between_count: int | None


def _find_sources(
    sources: list[Path], averaging: _Averaging, *, held_out: bool
) -> tuple[list[PhotoFile], list[Path]]:
    """The photos, or the videos, at `sources`; raises UseError for options of the other."""
    from unblur.data.pair_sources import find_sources
    from unblur.data.photos import HELD_OUT_EVERY

    photos, videos = find_sources(sources)
    if photos and averaging != _Averaging(None, None, None):
        raise UseError(
            "--window, --gamma and --between-count are for videos, got photos; leave them out"
        )
    if videos and held_out:
        raise UseError("--held-out is for photos, got videos; leave it out")
    return photos[::HELD_OUT_EVERY] if held_out else photos, videos


def _find_pairs(
    photos: list[PhotoFile],
    videos: list[Path],
    count: int,
    size_px: int | None,
    seed: int,
    blur: BlurOptions,
    averaging: _Averaging,
) -> Iterator[SourcedPair]:
    """The pairs of `photos`, or else of `videos`, to be made one by one."""
    from unblur.data.pair_sources import photo_pairs, video_pairs

    if photos:
        return photo_pairs(photos, pair_count=count, size_px=size_px, seed=seed, options=blur)
    window, gamma, between_count = averaging.window, averaging.gamma, averaging.between_count
    return video_pairs(
        videos,
        pair_count=count,
        size_px=size_px,
        seed=seed,
        options=blur,
        window=DEFAULT_WINDOW if window is None else window,
        gamma=DEFAULT_GAMMA if gamma is None else gamma,
        between_count=DEFAULT_BETWEEN_COUNT if between_count is None else between_count,
    )
