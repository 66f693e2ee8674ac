"""`unblur restore`: files, folders and patterns in, restored files out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import (
    FAILURE,
    SUCCESS,
    UseError,
    describe,
    describe_counts,
    print_json,
    print_note,
    print_result,
    use_errors,
)
from unblur.apps.cli.progress import ProgressDisplay

if TYPE_CHECKING:
    from unblur.restoration.file_jobs import FileReport, RestoreOptions
    from unblur.restoration.plans import Plan

Inputs = Annotated[
    list[str],
    typer.Argument(metavar="INPUT", help="Pictures, videos, folders, patterns like '*.jpg'."),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE|FOLDER",
        help="Where results go; without it beside the inputs, as name_unblurred.ext.",
    ),
]
Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Also look into the folders inside folders.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace results that exist; otherwise they are kept.")
]
Compare = Annotated[
    bool, typer.Option("--compare", help="Also write name_compare.ext: before and after, joined.")
]

RestoreModel = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="NAME|PATH",
        help="A bundled model (see `unblur models`) or a file; auto: live_large for pictures, "
        "live for video.",
    ),
]


def restore(  # noqa: PLR0913 - typer makes one option of each parameter
    inputs: Inputs,
    *,
    output: Output = None,
    recursive: Recursive = False,
    model: RestoreModel = "auto",
    device: options.Device = "auto",
    runtime: options.Runtime = "auto",
    precision: options.Precision = "auto",
    tile_px: options.TilePx = "auto",
    self_ensemble: options.SelfEnsemble = "auto",
    video_codec: options.VideoCodec = "h264",
    from_: options.From = 0.0,
    to: options.To = None,
    deinterlace: options.Deinterlace = False,
    skip_sharp: options.SkipSharp = False,
    preview: options.Preview = 0,
    jobs: options.Jobs = 1,
    overwrite: Overwrite = False,
    compare: Compare = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Take the motion blur out of pictures and videos.

    `unblur INPUT...` is the same. A folder that is called like a command is given as ./models.
    """
    from fractions import Fraction

    from unblur.restoration.file_jobs import RestoreOptions, VideoOptions
    from unblur.restoration.inputs import is_video
    from unblur.restoration.many_files import threads_each
    from unblur.restoration.plans import plan_jobs
    from unblur.weights.store import find_model

    if output == "-":
        raise UseError("--output - is no file or folder; `unblur live INPUT --to -` writes a pipe")
    if to is not None and to <= from_:
        raise UseError(f"--to {to:g} is not after --from {from_:g}: no frame lies between them")
    with use_errors():
        if model != "auto":
            find_model(model)
        plan = plan_jobs(
            inputs,
            output=output,
            is_recursive=recursive,
            video_codec=video_codec,
            wants_compare=compare,
            preview_count=preview,
            overwrites=overwrite,
        )
    if (from_ or to) and not any(is_video(job.source) for job in plan.jobs):
        raise UseError("--from and --to cut videos, and there is none among the inputs")
    restore_options = RestoreOptions(
        model=model,
        device=device,
        runtime=runtime,
        precision=precision,
        tile_px="auto" if tile_px == "auto" else int(tile_px),
        self_ensemble="auto" if self_ensemble == "auto" else int(self_ensemble),  # pyright: ignore[reportArgumentType]
        video_codec=video_codec,
        video=VideoOptions(
            start_s=Fraction(str(from_)),
            end_s=None if to is None else Fraction(str(to)),
            deinterlaces=deinterlace,
            skips_sharp=skip_sharp,
            preview_count=preview,
        ),
        thread_count=threads_each(jobs),
        overwrite=overwrite,
    )
    return _restore_and_print(plan, restore_options, jobs, is_json=json, is_quiet=quiet)


def _restore_and_print(
    plan: Plan, restore_options: RestoreOptions, jobs: int, *, is_json: bool, is_quiet: bool
) -> int:
    """Restore everything, printing as it goes; gives the exit code."""
    from unblur.restoration.file_jobs import FileReport, RestorerPool, restore_all

    if not is_quiet:
        for note in plan.notes:
            print_note(note)
    for left_out in plan.skipped if is_json else ():
        notes = (left_out.reason,)
        print_json(FileReport(left_out.path, None, "skipped", notes=notes).as_dict())
    counts = Counter(skipped=len(plan.skipped))
    is_bar_wanted = not (is_quiet or is_json)
    with (
        RestorerPool(restore_options) as pool,
        ProgressDisplay(len(plan.jobs), is_wanted=is_bar_wanted) as display,
    ):
        for report in restore_all(plan, pool, display.start_file, job_count=jobs):
            counts[report.status] += 1
            with display.hidden():
                _print_report(report, is_json=is_json, is_quiet=is_quiet)
    if counts.total() > 1 and not is_quiet:
        (print_note if is_json else print_result)(describe_counts(counts))
    return FAILURE if counts["failed"] else SUCCESS


def _print_report(report: FileReport, *, is_json: bool, is_quiet: bool) -> None:
    """Print what became of one file."""
    if is_json:
        print_json(report.as_dict())
    elif report.status == "failed":
        print_note(describe(report))
    elif not is_quiet:
        (print_result if report.status == "restored" else print_note)(describe(report))
        for note in report.notes if report.status == "restored" else ():
            print_note(f"  note: {note}")
