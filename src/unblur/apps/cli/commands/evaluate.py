"""`unblur evaluate`: what models and other programs gain over the blurry input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import SUCCESS, UseError, print_json, print_note, use_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unblur.evaluation.candidates import Candidate
    from unblur.evaluation.picture_sets import PictureSet
    from unblur.evaluation.records import Record
    from unblur.evaluation.worst_pictures import Shown

Models = Annotated[
    list[str] | None, typer.Argument(metavar="[MODEL]...", help="Names or files; else all bundled.")
]
Commands = Annotated[
    list[str] | None,
    typer.Option("--command", metavar="'PROG {in} {out}'", help="Another program as a model."),
]
TimeoutS = Annotated[float, typer.Option(min=0.001, help="Seconds a --command may take.")]
Limit = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Only the first N pictures of each set.")
]
Lpips = Annotated[bool, typer.Option("--lpips", help="Measure LPIPS too.")]
LpipsWeights = Annotated[
    Path | None, typer.Option(metavar="FILE", help="AlexNet for --lpips, where it is not fetched.")
]
Niqe = Annotated[bool, typer.Option("--niqe", help="NIQE of all, not only of what has no sharp.")]
Table = Annotated[
    Literal["paper"] | None,
    typer.Option("--table", help="paper: Table 1 of the paper, and ours beside it."),
]
TaskOption = Annotated[
    Literal["detection", "segmentation", "text", "faces"] | None,
    typer.Option("--task", help="Measure what deblurring does for machines that look."),
]
With = Annotated[
    str | None,
    typer.Option("--with", metavar="FILE|LIBRARY:NAME", help="What looks, for --task."),
]
Pictures = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Where --task draws what was seen.")
]
Each = Annotated[bool, typer.Option("--each", help="A row for every picture, not just the mean.")]
Markdown = Annotated[Path | None, typer.Option(metavar="FILE", help="Also write Markdown.")]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also write a page with the worst pictures.")
]
Save = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also keep the figures as JSON, with machine.")
]


def evaluate(  # noqa: PLR0913 - typer makes one option of each parameter
    models: Models = None,
    *,
    data: options.Data = None,
    command: Commands = None,
    timeout_s: TimeoutS = 60,
    limit: Limit = None,
    lpips: Lpips = False,
    lpips_weights: LpipsWeights = None,
    niqe: Niqe = False,
    runtime: options.Runtime = "auto",
    precision: options.Precision = "auto",
    table: Table = None,
    task: TaskOption = None,
    looks: With = None,
    pictures: Pictures = None,
    each: Each = False,
    markdown: Markdown = None,
    html: Html = None,
    save: Save = None,
    json: options.Json = False,
) -> int:
    """Measure models on pairs: blurry/ and sharp/ with pictures of the same names.

    PSNR in dB and SSIM as scikit-image defines it; "sharp kept" is a restored sharp
    picture against itself. Pictures without sharp ones get NIQE.
    """
    from unblur.evaluation.paper_table import measure_paper_table
    from unblur.evaluation.quality import MoreMetrics
    from unblur.evaluation.quality_record import QualityRequest, measure_quality
    from unblur.evaluation.tasks.opening import open_task
    from unblur.evaluation.tasks.run import measure_task
    from unblur.evaluation.worst_pictures import WorstPictures

    with use_errors():
        metrics = MoreMetrics(_open_lpips(lpips_weights) if lpips or lpips_weights else None, niqe)
        candidates = _open_candidates(models, command, timeout_s, (runtime, precision))
        sets = _open_sets(data, limit)
    request = QualityRequest(sets, candidates, options.typed_command(), metrics)
    worst = WorstPictures()
    if task:
        with use_errors():
            opened = open_task(task, looks)
        record = measure_task(task, opened, request, pictures)
    elif table == "paper":
        record = measure_paper_table(request)
    else:
        record = measure_quality(request, worst.offer if html else lambda _: None)
    _write_files(record, worst.of_each(), markdown, html, save)
    _print_record(record, has_each=each, is_json=json)
    return SUCCESS


def _open_sets(data: list[str] | None, limit: int | None) -> list[PictureSet]:
    """The sets of pictures that are asked for; raises InputError where all are empty."""
    from unblur.evaluation.picture_sets import check_not_all_empty, open_picture_set

    if not data:
        raise UseError("expected pictures to measure on: give --data NAME=PATH")
    sets = [
        open_picture_set(name, folder, limit) for name, folder in options.parse_data(data).items()
    ]
    check_not_all_empty(sets)
    return sets


def _open_candidates(
    models: list[str] | None,
    commands: list[str] | None,
    timeout_s: float,
    how: tuple[options.RuntimeChoice, options.PrecisionChoice],
) -> list[Candidate]:
    """Models and commands, opened; all bundled models where nothing is named."""
    from unblur.evaluation.candidates import Candidate
    from unblur.weights.store import list_models

    if not models and not commands:
        models = [stored.name for stored in list_models()]
    return [
        *(Candidate.of_model(model, *how) for model in models or ()),
        *(Candidate.of_command(template, timeout_s) for template in commands or ()),
    ]


def _open_lpips(weights: Path | None):  # noqa: ANN202 - its type would load numpy
    from unblur.metrics.lpips import open_lpips

    return open_lpips(weights)


def _write_files(
    record: Record,
    worst: Mapping[str, Sequence[Shown]],
    markdown: Path | None,
    html: Path | None,
    save: Path | None,
) -> None:
    """Write what was asked for beside the table."""
    from unblur.evaluation.html_report import html_report
    from unblur.evaluation.markdown_report import markdown_report
    from unblur.media.atomic import replacing

    if save:
        record.save(save)
    for path, words in (
        (markdown, lambda: markdown_report(record)),
        (html, lambda: html_report(record, worst)),
    ):
        if path:
            with replacing(path) as unfinished:
                unfinished.write_text(words(), encoding="utf-8")


def _print_record(record: Record, *, has_each: bool, is_json: bool) -> None:
    """Print the rows, and on stderr what could not be measured."""
    from unblur.apps.cli.rich_tables import print_rich_table
    from unblur.evaluation.tables import EACH_COLUMNS, make_table, table_of

    if is_json:
        for row in [*record.each, *record.rows] if has_each else record.rows:
            print_json(row)
    else:
        if has_each:
            print_rich_table(make_table(EACH_COLUMNS, record.each))
        print_rich_table(table_of(record))
    for sentence in record.faults:
        print_note(f"not measured: {sentence}")
