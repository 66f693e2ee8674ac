"""`unblur evaluate`: what models and other programs gain over the blurry input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from unblur.apps.cli import evaluate_options as its
from unblur.apps.cli import options
from unblur.apps.cli.counting import counting
from unblur.apps.cli.output import FAILURE, SUCCESS, UseError, use_errors
from unblur.apps.cli.reports import Reports, print_record, write_reports
from unblur.errors import missing_extra

if TYPE_CHECKING:
    from unblur.evaluation.candidates import Candidate
    from unblur.evaluation.picture_sets import PictureSet
    from unblur.evaluation.records import Record
    from unblur.evaluation.video_record import VideoRequest


def evaluate(  # noqa: PLR0913 - typer makes one option of each parameter
    models: its.Models = None,
    *,
    data: options.Data = None,
    command: its.Commands = None,
    timeout_s: its.TimeoutS = 60,
    limit: its.Limit = None,
    lpips: its.Lpips = False,
    lpips_weights: its.LpipsWeights = None,
    niqe: its.Niqe = False,
    artefacts: its.Artefacts = False,
    runtime: options.Runtime = "auto",
    precision: options.Precisions = None,
    self_ensemble: options.SelfEnsembles = None,
    table: its.Table = None,
    task: its.TaskOption = None,
    looks: its.With = None,
    pictures: its.Pictures = None,
    video: its.Video = None,
    sharp: its.SharpVideo = None,
    plot: its.Plot = None,
    each: its.Each = False,
    markdown: its.Markdown = None,
    html: its.Html = None,
    save: its.Save = None,
    json: options.Json = False,
) -> int:
    """Measure models on pairs: blurry/ and sharp/ with pictures of the same names.

    PSNR in dB and SSIM as scikit-image defines it; "sharp kept" is a restored sharp
    picture against itself. Pictures without sharp ones get NIQE. With --task: what
    detectors, segmenters and readers make of it; with --video: how steady it is.
    """
    try:
        from unblur.evaluation.candidates import Candidate
        from unblur.evaluation.paper_table import measure_paper_table
        from unblur.evaluation.quality import MoreMetrics
        from unblur.evaluation.quality_record import QualityRequest, measure_quality
        from unblur.evaluation.tasks.opening import open_task
        from unblur.evaluation.tasks.run import measure_task
        from unblur.evaluation.video_record import VideoRequest
        from unblur.evaluation.worst_pictures import WorstPictures
    except ModuleNotFoundError as missing:
        raise missing_extra("evaluation", missing.name, "evaluate") from missing

    typed = options.typed_command()
    _check_mode({"--table": table, "--task": task, "--video": video})
    _check_companions("--video", video, {"--sharp": sharp, "--plot": plot})
    _check_companions("--task", task, {"--with": looks, "--pictures": pictures})
    with use_errors():
        usual: list[int | str] = [1 if video else "auto"]
        ensembles = list(dict.fromkeys(self_ensemble or usual))
        candidates = [
            *_open_models(models, command, runtime, precision or ["auto"], ensembles),
            *(Candidate.of_command(template, timeout_s) for template in command or ()),
        ]
        metrics = MoreMetrics(
            _open_lpips(lpips_weights) if lpips or lpips_weights else None, niqe, artefacts
        )
        opened = open_task(task, looks) if task else None
        sets = [] if video else _open_sets(data, limit)
    worst = WorstPictures()
    with counting("frames" if video else "pictures") as report:
        request = QualityRequest(sets, candidates, typed, metrics, report)
        if video:
            asked = VideoRequest(video, sharp, candidates, typed, limit, report)
            record = _measure_video(asked, plot)
        elif task and opened:
            record = measure_task(task, opened, request, pictures)
        elif table:
            record = measure_paper_table(request)
        else:
            record = measure_quality(request, worst.offer if html else lambda _: None)
    write_reports(record, worst.of_each(), Reports(markdown, html, save))
    print_record(record, has_each=each, is_json=json)
    return SUCCESS if record.rows else FAILURE


def _check_mode(asked: dict[str, object]) -> None:
    """Raise UseError where more than one kind of measurement is asked for."""
    names = [name for name, value in asked.items() if value]
    if len(names) > 1:
        raise UseError(f"{' and '.join(names)} are measured one at a time; give one of them")


def _check_companions(name: str, value: object, companions: dict[str, object]) -> None:
    """Raise UseError where a companion of the option `name` is given without it."""
    lonely = [companion for companion, given in companions.items() if given and not value]
    if lonely:
        raise UseError(f"{lonely[0]} belongs to {name}; give both or neither")


def _measure_video(request: VideoRequest, plot: Path | None) -> Record:
    """Measure on a video and draw the figures over time."""
    from unblur.evaluation.records import write_text
    from unblur.evaluation.video_record import measure_video, video_charts

    record = measure_video(request)
    if plot:
        write_text(plot, video_charts(record))
    return record


def _open_sets(data: list[str] | None, limit: int | None) -> list[PictureSet]:
    """The sets of pictures that are asked for; raises InputError where all are empty."""
    from unblur.evaluation.picture_sets import check_not_all_empty, open_data

    if not data:
        raise UseError("expected pictures to measure on: give --data NAME=PATH")
    sets = [open_data(name, folder, limit) for name, folder in options.parse_data(data).items()]
    check_not_all_empty(sets)
    return sets


def _open_models(
    models: list[str] | None,
    commands: list[str] | None,
    runtime: options.RuntimeChoice,
    precisions: list[str],
    self_ensembles: list[int | str],
) -> Iterator[Candidate]:
    """Models in each precision and self-ensemble; all bundled ones where nothing is named."""
    from unblur.evaluation.candidates import Candidate
    from unblur.weights.store import list_models

    if not models and not commands:
        models = [stored.name for stored in list_models()]
    for model in models or ():
        for precision in get_args(options.PrecisionChoice):
            for self_ensemble in self_ensembles if precision in precisions else ():
                yield Candidate.of_model(
                    *(model, runtime, precision),
                    self_ensemble=self_ensemble,  # pyright: ignore[reportArgumentType]
                    is_one_of_several=len(precisions) > 1,
                )


def _open_lpips(weights: Path | None):  # noqa: ANN202 - its type would load numpy
    from unblur.metrics.lpips import open_lpips

    return open_lpips(weights)
