"""Measurements of a video as a record and as charts over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from unblur.errors import InputError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.charts import Axis, Line, line_chart, stack_charts
from unblur.evaluation.quality import BLURRY
from unblur.evaluation.records import Record, Row, as_row, plain_row
from unblur.evaluation.video import FrameScore, VideoRun, read_frames
from unblur.restoration.tiling import ReportProgress, ignore_progress

NOTES = (
    "Warping error: each frame less the one before moved along the optical flow (DIS, estimated "
    "on the sharp video where there is one, else on the input), root mean square in grey levels "
    "over what is seen in both; sharper video has more of it by nature",
    "Against the input: the warping error over that of the input",
    "Flicker: change from frame to frame of what restoring adds to blocks of 16x16, in grey levels",
)


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """What is to be measured."""

    blurry: Path
    sharp: Path | None
    candidates: Sequence[Candidate]
    command: str
    """As it was typed, for the record."""
    limit: int | None = None
    """Only so many frames; None: all."""
    report: ReportProgress = ignore_progress
    """Is told how many frames were begun."""


def measure_video(request: VideoRequest) -> Record:
    """Measure every candidate on the video; raises InputError and MediaError for bad input."""
    run = VideoRun(request.candidates)
    sharp = None if request.sharp is None else read_frames(request.sharp, request.limit)
    scores: list[FrameScore] = []
    for score in run.score(read_frames(request.blurry, request.limit), sharp):
        scores.append(score)
        request.report(score.frame + 1, None)
    if not scores:
        raise InputError(f"{request.blurry} has no frame to measure")
    name = _name_of(request.blurry)
    return Record(
        "video",
        title=f"Steadiness of {name}",
        command=request.command,
        rows=_means(name, scores),
        each=[as_row(score) for score in scores],
        faults=run.faults,
        notes=list(NOTES),
    )


def _name_of(path: Path) -> str:
    """What to call the video: a folder `blurry` goes by the one that holds it."""
    return path.resolve().parent.name if path.name == "blurry" else path.name


def _means(data: str, scores: Sequence[FrameScore]) -> list[Row]:
    """A row for each version."""
    groups: dict[str, list[FrameScore]] = {}
    for score in scores:
        groups.setdefault(score.model, []).append(score)
    own = _mean([score.warping_error for score in groups[BLURRY]])
    rows: list[Row] = []
    for name, group in groups.items():
        psnr = [score.psnr_db for score in group if score.psnr_db is not None]
        warping = _mean([score.warping_error for score in group])
        seconds = [score.seconds for score in group[1:] if score.seconds is not None]
        rows.append(
            plain_row(
                {
                    "data": data,
                    "model": name,
                    "frame_count": len(group),
                    "psnr_db": fmean(psnr) if psnr else None,
                    "least_psnr_db": min(psnr) if psnr else None,
                    "gain_db": _mean([score.gain_db for score in group]),
                    "warping_error": warping,
                    "warping_against_input": warping / own if warping and own else None,
                    "flicker": _mean([score.flicker for score in group]),
                    "median_s": median(seconds) if seconds else None,
                }
            )
        )
    return rows


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


def video_charts(record: Record) -> str:
    """PSNR (where there is a sharp video) and warping error over time, as SVG."""
    charts: list[str] = []
    for title, key, unit in (
        ("PSNR over time", "psnr_db", "dB"),
        ("Warping error over time", "warping_error", "grey levels"),
    ):
        lines = _lines(record.each, key)
        if lines:
            points = [point for line in lines for point in line.points]
            across = Axis.over("frame", [x for x, _ in points])
            up = Axis.over(unit, [y for _, y in points])
            charts.append(line_chart(title, lines, across, up))
    return stack_charts(charts)


def _lines(rows: Sequence[Row], key: str) -> list[Line]:
    """A line over the frames for each version that has the figure, in the version's own colour."""
    names = list(dict.fromkeys(row["model"] for row in rows))
    points: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if isinstance(row[key], int | float):
            points.setdefault(row["model"], []).append((row["frame"], row[key]))
    return [Line(name, line, names.index(name)) for name, line in points.items()]
