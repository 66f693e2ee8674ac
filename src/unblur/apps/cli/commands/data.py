"""`unblur data`: copies of data sets, looked at and packed for training."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import (
    FAILURE,
    SUCCESS,
    print_error,
    print_json,
    print_note,
    print_result,
    print_table,
)
from unblur.apps.cli.progress import ProgressDisplay
from unblur.errors import ConfigError, InputError, missing_extra

if TYPE_CHECKING:
    from unblur.data.datasets import DatasetCard
    from unblur.data.datasets.clips import FrameClip
    from unblur.data.survey import PairSurvey

data = typer.Typer(help="Look at copies of data sets, and pack them.", no_args_is_help=True)

PartChoice = Literal["train", "test"]
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="folder, gopro, dvd, nfs, reds, realblur_j, realblur_r, hide or kohler.",
    ),
]
Source = Annotated[
    Path, typer.Argument(metavar="PATH", help="The folder that the data set is unpacked in.")
]
OnePart = Annotated[PartChoice | None, typer.Option(help="One part only; else all there are.")]
PackedPart = Annotated[PartChoice, typer.Option("--part", help="Which part.")]
VariantName = Annotated[
    str | None,
    typer.Option("--variant", metavar="NAME", help="Such as gamma for gopro; else the first."),
]
Sample = Annotated[int, typer.Option(min=1, help="How many pairs of each part are read.")]
Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the crops.")
]
SizePx = Annotated[int, typer.Option(min=1, help="Height and width of a crop.")]
CropsPerPair = Annotated[int, typer.Option(min=1, help="Random crops taken from each pair.")]
HeldOutShare = Annotated[
    float,
    typer.Option(min=0, max=0.9, help="Share of pairs held out, in whole scenes; 0: none."),
]
PairFolder = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the pairs.")
]
Count = Annotated[int, typer.Option(min=1, help="How many pairs at most.")]
Window = Annotated[int, typer.Option(min=3, help="How many frames are averaged; odd.")]
Gamma = Annotated[
    float, typer.Option(min=1.0, max=3.0, help="Grey levels are light to the power of 1/gamma.")
]
BetweenCount = Annotated[
    int, typer.Option(min=0, help="Frames that optical flow adds between each two before that.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a set that is there.")]

_HEADING = ("data", "part", "variant", "pairs", "scenes", "size", "PSNR blurry", "read")


@data.command()
def check(
    name: Name,
    path: Source,
    *,
    part: OnePart = None,
    variant: VariantName = None,
    sample: Sample = 20,
    json: options.Json = False,
) -> int:
    """Say what a copy of a data set holds, or exactly what it lacks.

    PSNR is that of blurry pictures against their sharp ones, the mean over an even sample.
    """
    from unblur.data.datasets import find_dataset

    card = find_dataset(name)
    if card.find_clips is not None:
        return _tell_clips(name, card.find_clips(path), is_json=json)
    found = card.find_variant(variant)
    parts: list[PartChoice | None] = [part] if part else list(found.pair_counts) or [None]
    about = {"name": name, "variant": variant or next(iter(card.variants)), "path": str(path)}
    rows = [about | _look(card, path, one, variant, sample) for one in parts]
    if json:
        for row in rows:
            print_json(row)
    else:
        _print_rows(rows)
    return FAILURE if any(row["error"] for row in rows) else SUCCESS


@data.command()
def pack(  # noqa: PLR0913 - one for each option
    name: Name,
    path: Source,
    *,
    output: Folder,
    size_px: SizePx,
    crops_per_pair: CropsPerPair,
    part: PackedPart = "train",
    variant: VariantName = None,
    held_out_share: HeldOutShare = 0.05,
    quiet: options.Quiet = False,
) -> int:
    """Cut random crops out of every pair, once, into files that training reads fast.

    Makes FOLDER/train, and FOLDER/held_out of whole scenes with one crop of each pair.
    """
    from unblur.data.datasets import find_dataset
    from unblur.data.packing import pack_split

    pairs = find_dataset(name).find_pairs(path, part, variant)
    with ProgressDisplay(1, is_wanted=not quiet) as display:
        left_out = pack_split(
            pairs,
            output,
            size_px=size_px,
            crops_per_pair=crops_per_pair,
            held_out_share=held_out_share,
            report=display.start(str(output)),
        )
    if not quiet:
        for reason in left_out.values():
            print_note(f"note: left out: {reason}")
        print_result(f"{output}: crops of {size_px}x{size_px} from {len(pairs)} pairs")
    return SUCCESS


@data.command()
def average(  # noqa: PLR0913 - one for each option
    name: Name,
    path: Source,
    *,
    output: PairFolder,
    count: Count = 1000,
    window: Window = 11,
    gamma: Gamma = 2.2,
    between_count: BetweenCount = 15,
    overwrite: Overwrite = False,
    quiet: options.Quiet = False,
) -> int:
    """Make a folder of pairs of a data set of frames, such as nfs: the mean of windows of them.

    Windows are spread over all clips; the sharp picture is the middle frame of each. With 15
    frames between each two, 240 a second become 3840, as in DeblurGAN-v2's paper.
    """
    from unblur.data.datasets import find_dataset

    card = find_dataset(name)
    if card.find_clips is None:
        raise ConfigError(f"{card.title} is pairs already; only sets of frames are averaged")
    try:
        from unblur.data.blur_synthesis.flow_interpolation import interpolate_by_flow
        from unblur.data.clip_pairs import clip_pairs
        from unblur.data.pair_set import write_pair_set
    except ModuleNotFoundError as missing:
        raise missing_extra("averaging", missing.name, "train") from missing
    pairs = clip_pairs(
        card.find_clips(path),
        pair_count=count,
        window=window,
        gamma=gamma,
        interpolate=interpolate_by_flow,
        between_count=between_count,
    )
    with ProgressDisplay(1, is_wanted=not quiet) as display:
        report = display.start(str(output))
        written = write_pair_set(
            pairs, output, pair_count=count, seed=0, overwrite=overwrite, report_progress=report
        )
    if not quiet:
        print_result(f"{written} pairs: {output}")
    return SUCCESS if written else FAILURE


def _look(
    card: DatasetCard, path: Path, part: PartChoice | None, variant: str | None, sample: int
) -> dict[str, Any]:
    """What there is of one part, or why it cannot be read; `part` is None for the user's own."""
    from unblur.data.survey import survey_pairs

    published = card.find_variant(variant).pair_counts.get(part or "train")
    row: dict[str, Any] = {"part": part, "published_count": published, "notes": [], "error": None}
    try:
        survey = survey_pairs(card.find_pairs(path, part or "train", variant), sample)
    except InputError as error:
        return row | {"error": str(error)}
    return row | asdict(survey) | {"notes": _notes(survey, published)}


def _notes(survey: PairSurvey, published: int | None) -> list[str]:
    """What looks wrong, in sentences."""
    count = survey.sample_count
    told = {
        f"{survey.pair_count} pairs, but {published} were published: this copy differs": (
            published is not None and published != survey.pair_count
        ),
        f"{survey.swapped_count} of {count} blurry pictures have more detail than their sharp "
        "ones: are the two folders swapped?": 2 * survey.swapped_count > count,
        f"{survey.equal_count} of {count} pairs are two equal pictures": survey.equal_count > 0,
    }
    return [sentence for sentence, is_so in told.items() if is_so]


def _print_rows(rows: list[dict[str, Any]]) -> None:
    """A table of the parts that are there; what is wrong goes to stderr."""
    table = [_HEADING, *(_cells(row) for row in rows if not row["error"])]
    if len(table) > 1:
        print_table(table)
    for row in rows:
        for note in row["notes"]:
            print_note(f"note: {row['part'] or row['name']}: {note}")
    for error in dict.fromkeys(row["error"] for row in rows if row["error"]):
        print_error(error)  # once, where all parts lack the same


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    """The figures of one part, as text."""
    sizes: dict[str, int] = row["sizes"]
    only = next(iter(sizes)) if len(sizes) == 1 else ""
    psnr_db: float | None = row["blurry_psnr_db"]
    return (
        row["name"],
        row["part"] or "-",
        row["variant"],
        str(row["pair_count"]),
        str(row["scene_count"]),
        only or ", ".join(f"{size} ({count})" for size, count in sizes.items()),
        "-" if psnr_db is None else f"{psnr_db:.2f} dB",
        str(row["sample_count"]),
    )


def _tell_clips(name: str, clips: list[FrameClip], *, is_json: bool) -> int:
    """Say how many frames there are of a set of clips."""
    row = {
        "name": name,
        "clip_count": len(clips),
        "frame_count": sum(len(clip.frames) for clip in clips),
        "frame_rate": clips[0].frame_rate,
    }
    if is_json:
        print_json(row)
    else:
        print_result(
            f"{name}: {row['clip_count']} clips, {row['frame_count']} frames at "
            f"{row['frame_rate']} per second; pairs of them: unblur data average {name}"
        )
    return SUCCESS
