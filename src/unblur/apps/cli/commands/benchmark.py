"""`unblur benchmark`: how long a frame takes; a video file; how live a live session is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from unblur.apps.cli import options
from unblur.apps.cli.counting import counting
from unblur.apps.cli.output import SUCCESS, UseError
from unblur.apps.cli.reports import Reports, print_record, write_reports
from unblur.errors import missing_extra

if TYPE_CHECKING:
    from unblur.evaluation.records import Record
    from unblur.facts import Precision
    from unblur.runtimes.base import RuntimeName
    from unblur.weights.store import StoredModel

_SIZE = re.compile(r"([1-9]\d*)x([1-9]\d*)")
NAMED_SIZES = {
    "360p": "640x360",
    "480p": "854x480",
    "720p": "1280x720",
    "1080p": "1920x1080",
    "1440p": "2560x1440",
    "4k": "3840x2160",
}
"""Sizes of frames that have a name, width first."""


def parse_size(text: str) -> tuple[int, int]:
    """(height, width) of "1280x720", width first, or of a name; raises typer.BadParameter."""
    match = _SIZE.fullmatch(NAMED_SIZES.get(text.lower(), text))
    if match is None:
        raise typer.BadParameter(
            f"{text!r} is not a width and a height such as 1280x720, nor one of "
            f"{', '.join(NAMED_SIZES)}"
        )
    return int(match[2]), int(match[1])


def _check_sizes(texts: list[str] | None) -> list[str] | None:
    """`texts` when each is a size; raises typer.BadParameter."""
    for text in texts or ():
        parse_size(text)
    return texts


Models = Annotated[
    list[str] | None, typer.Option("--model", help="A model; repeat for several; else all bundled.")
]
Sizes = Annotated[
    list[str] | None,
    typer.Option(
        "--size",
        metavar="WxH|NAME",
        help=f"Frame size, width first, or {', '.join(NAMED_SIZES)}; repeat for several.",
        callback=_check_sizes,
    ),
]
Rounds = Annotated[
    int | None,
    typer.Option(min=1, help="How often each is timed, in turns; else 20, with --video 3."),
]
Threads = Annotated[
    list[int] | None, typer.Option(min=1, help="CPU threads; repeat; else one per core.")
]
Reference = Annotated[
    bool,
    typer.Option(
        "--reference",
        help="Compare with the original fpn_mobilenet; needs the extras train and export.",
    ),
]
Plot = Annotated[
    Path | None, typer.Option(metavar="FILE.svg", help="Draw how the time grows with pixels.")
]
Live = Annotated[
    bool,
    typer.Option("--live", help="Measure `unblur live` instead, between a sender and a receiver."),
]
Video = Annotated[
    bool,
    typer.Option("--video", help="Measure the restoring of a video file instead, with sound."),
]
Frames = Annotated[int, typer.Option(min=2, help="With --video: so many frames it has.")]
Plain = Annotated[
    bool,
    typer.Option(help="With --video: also restore one frame after the other, to compare."),
]
Seconds = Annotated[float, typer.Option(min=2, help="With --live: how long.")]
Rate = Annotated[int, typer.Option(min=1, max=240, help="With --live, --video: frames a second.")]
Clip = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="With --live, --video: whose pictures; else a pattern."),
]
Save = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also keep the figures as JSON, with machine.")
]


def benchmark(  # noqa: PLR0913 - typer makes one option of each parameter
    *,
    model: Models = None,
    runtime: options.Runtimes = None,
    precision: options.Precisions = None,
    size: Sizes = None,
    rounds: Rounds = None,
    threads: Threads = None,
    reference: Reference = False,
    plot: Plot = None,
    video: Video = False,
    frames: Frames = 300,
    plain: Plain = True,
    live: Live = False,
    seconds: Seconds = 60.0,
    rate: Rate = 30,
    clip: Clip = None,
    save: Save = None,
    json: options.Json = False,
) -> int:
    """Time a frame on each model and runtime, or with --video or --live what they are for.

    The figures are of alternating rounds; candidates for a frame are warmed up before them.
    """
    sizes = [parse_size(text) for text in size or ["720p"]]
    of_frames = {"--threads": threads, "--reference": reference, "--plot": plot}
    if live:
        _refuse("--live", {"--video": video, **of_frames})
        words = _live_words(model, runtime, precision)
        record = _measure_live(sizes, words, seconds=seconds, rate=rate, clip=clip)
    elif video:
        _refuse("--video", {"--runtime": runtime, "--precision": precision, **of_frames})
        if any(side % 2 for each in sizes for side in each):
            raise UseError("--video writes H.264, which takes even sizes only; change --size")
        asked = {"frame_count": frames, "rate": rate, "rounds": rounds or 3, "clip": clip}
        record = _measure_videos(sizes, model, **asked, has_plain=plain)
    else:
        record = _measure_frames(
            model,
            sizes,
            runtimes=_pick_runtimes(runtime or ["auto"]),
            precisions=_pick_precisions(precision or ["auto"]),
            rounds=rounds or 20,
            reference=_make_reference() if reference else None,
            **({"thread_counts": threads} if threads else {}),
        )
    write_reports(record, {}, Reports(save=save))
    if plot:
        from unblur.evaluation.records import write_text
        from unblur.evaluation.speed_record import growth_chart

        write_text(plot, growth_chart(record))
    print_record(record, has_notes=True, is_json=json)
    return SUCCESS


def _refuse(mode: str, others: dict[str, object]) -> None:
    """Raise UseError where one of `others`, options by name, was given beside `mode`."""
    given = [name for name, value in others.items() if value]
    if given:
        raise UseError(f"{mode} does not go with {given[0]}; leave one of them out")


def _measure_frames(models: list[str] | None, sizes: list[tuple[int, int]], **asked: Any) -> Record:
    """Each model at each size; `asked` are fields of a `SpeedRequest`."""
    from unblur.evaluation.energy import find_meter
    from unblur.evaluation.speed import SpeedRequest, benchmark_models
    from unblur.evaluation.speed_record import speed_record, time_command
    from unblur.weights.store import find_model, list_models

    names = models or [each.name for each in list_models()]
    found = [find_model(name) for name in names]
    request = SpeedRequest(found, sizes, has_memory=True, **asked)
    meter, energy_note = find_meter()
    with counting("rounds") as report:
        rows = benchmark_models(request, meter, report)
    commands = [time_command(name) for name in names]
    return speed_record(rows, options.typed_command(), energy_note, commands)


def _measure_videos(sizes: list[tuple[int, int]], models: list[str] | None, **asked: Any) -> Record:
    """A video of each size, for each model; `asked` are fields of a `VideoSpeedRequest`."""
    from unblur.evaluation.video_speed import VideoSpeedRequest, measure_video_speed
    from unblur.restoration.file_options import VIDEO_MODEL

    names = models or [VIDEO_MODEL]
    requests = [VideoSpeedRequest(name, *size, **asked) for size in sizes for name in names]
    with counting("runs") as report:
        return measure_video_speed(requests, options.typed_command(), report)


def _live_words(
    models: list[str] | None, runtimes: list[str] | None, precisions: list[str] | None
) -> list[str]:
    """The options for `unblur live`; raises UseError where it would be several sessions."""
    words: list[str] = []
    chosen = {"--model": models, "--runtime": runtimes, "--precision": precisions}
    for option, names in chosen.items():
        if names and len(names) > 1:
            raise UseError(f"--live measures one session: give one {option}, not {len(names)}")
        words += [option, *names] if names else []
    return words


def _measure_live(
    sizes: list[tuple[int, int]], words: list[str], *, seconds: float, rate: int, clip: Path | None
) -> Record:
    """Each size in a session of its own."""
    from unblur.evaluation.live_speed import LiveRequest, measure_live

    requests = [LiveRequest(seconds, *each, rate, words, clip) for each in sizes]
    with counting("seconds") as report:
        return measure_live(requests, options.typed_command(), report)


def _pick_runtimes(names: list[str]) -> list[RuntimeName]:
    """The runtimes called `names`; "auto" stands for every one that is installed."""
    from unblur.runtimes.opening import RUNTIMES, report_runtimes

    if "auto" in names:
        return [report.name for report in report_runtimes() if report.is_available]
    return [name for name in RUNTIMES if name in names]


def _pick_precisions(names: list[str]) -> list[Precision]:
    """The precisions called `names`; "auto" stands for all."""
    from unblur.facts import Precision

    return [each for each in get_args(Precision) if each in names or "auto" in names]


def _make_reference() -> StoredModel:
    """The original network's files; raises UseError where what builds it is not installed."""
    try:
        from unblur.export.reference import make_reference
    except ModuleNotFoundError as missing:
        raise UseError(str(missing_extra("--reference", missing.name, "train,export"))) from missing
    return make_reference()
