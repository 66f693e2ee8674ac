"""Quality, from what is asked for to the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from unblur.evaluation.candidates import Candidate
from unblur.evaluation.picture_sets import PictureSet, check_not_all_empty
from unblur.evaluation.quality import (
    BLURRY,
    MoreMetrics,
    PictureScore,
    QualityRun,
    Show,
    mean_scores,
)
from unblur.evaluation.records import Record, as_row
from unblur.restoration.tiling import ReportProgress, ignore_progress

NOTES = (
    "SSIM is scikit-image's: 7x7 uniform window, each channel, data range 255",
    "Sharp kept: the restored sharp picture against itself; the gain is in PSNR, over the blurry "
    "versions of the same pictures",
    "The time is of one picture in memory, the median; candidates take turns on each picture",
)
_COMMAND_NOTE = (
    "The time of a command holds its start and the reading and writing of PNG files, that of a "
    "model does not"
)


@dataclass(frozen=True, slots=True)
class QualityRequest:
    """What is to be measured."""

    sets: Sequence[PictureSet]
    candidates: Sequence[Candidate]
    command: str
    """As it was typed, for the record."""
    metrics: MoreMetrics = field(default_factory=MoreMetrics)
    report: ReportProgress = ignore_progress
    """Is told how many pictures were begun and how many there are."""

    @property
    def picture_count(self) -> int:
        """Pictures of all sets."""
        return sum(len(each.samples) for each in self.sets)


def measure_quality(request: QualityRequest, show: Show = lambda _: None) -> Record:
    """Measure every candidate on every picture, and the blurry input first.

    `show` is called with every restored picture. Raises InputError when there is no
    picture at all; whatever else fails is named in the record.
    """
    check_not_all_empty(request.sets)
    run = QualityRun(request.candidates, request.metrics, show)
    scores: list[PictureScore] = []
    begun = 0
    for score in chain.from_iterable(run.score(each) for each in request.sets):
        scores.append(score)
        begun += score.model == BLURRY
        request.report(begun, request.picture_count)
    notes = [*NOTES, *([_COMMAND_NOTE] if _has_command(request.candidates) else [])]
    return Record(
        "quality",
        title=f"Quality on {', '.join(each.name for each in request.sets)}",
        command=request.command,
        rows=[as_row(mean) for mean in mean_scores(scores)],
        each=[as_row(score) for score in scores],
        faults=run.faults,
        notes=notes,
    )


def _has_command(candidates: Sequence[Candidate]) -> bool:
    return any(candidate.runtime == "command" for candidate in candidates)
