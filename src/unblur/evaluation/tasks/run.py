"""A task on sharp, blurry and restored pictures, as a record and as pictures."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unblur.errors import MissingExtraError, UnblurError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.picture_sets import PictureSet, Sample, check_not_all_empty
from unblur.evaluation.quality import BLURRY
from unblur.evaluation.quality_record import QualityRequest
from unblur.evaluation.records import Record, Row
from unblur.evaluation.tasks.base import Task
from unblur.evaluation.tasks.drawing import side_by_side
from unblur.images.arrays import Pixels
from unblur.media.atomic import make_folder
from unblur.media.image_files import write_picture
from unblur.media.picture import Picture, PictureFile

_UNFIT = re.compile(r"[^\w.-]+")
_NOTES: dict[str, str] = {
    "detection": (
        "AP and recall at IoU 0.5 against what the detector finds in the sharp picture with a "
        "score of 0.3 or more, classes averaged"
    ),
    "faces": "AP and recall at IoU 0.5 against the faces found in the sharp picture",
    "segmentation": (
        "Mean IoU against the map of the sharp picture, over the classes that occur there"
    ),
    "text": (
        "Character error rate against what is read in the sharp picture, lines paired by place; "
        "a line that is missed counts in full"
    ),
}


@dataclass(slots=True)
class TaskRun:
    """Lets a task look at every version of every picture."""

    task: Task[Any]
    candidates: Sequence[Candidate]
    folder: Path | None = None
    """Where pictures with what was seen are written; None: nowhere."""
    report: Callable[[], None] = lambda: None
    """Is called after each picture."""
    faults: list[str] = field(default_factory=list[str])

    def rows(self, picture_set: PictureSet) -> list[Row]:
        """A row for the blurry input and for each candidate."""
        self.faults += picture_set.faults
        seen: dict[str, list[tuple[Any, Any]]] = {
            name: [] for name in (BLURRY, *(candidate.name for candidate in self.candidates))
        }
        for sample in picture_set.samples:
            try:
                self._look(picture_set.name, sample, seen)
            except MissingExtraError:
                raise
            except UnblurError as error:
                self.faults.append(f"{picture_set.name}: {sample.name}: {error}")
            self.report()
        return [
            {
                "data": picture_set.name,
                "looks": self.task.name,
                "model": name,
                "picture_count": len(pairs),
                **(self.task.compare(pairs) if pairs else {}),
            }
            for name, pairs in seen.items()
        ]

    def _look(self, data: str, sample: Sample, seen: dict[str, list[tuple[Any, Any]]]) -> None:
        """Add what is seen in each version of a picture to `seen`."""
        blurry, sharp = sample.read()
        if sharp is None:
            self.faults.append(f"{data}: {sample.name} has no sharp version to agree with")
            return
        wanted, before = self.task.find(sharp), self.task.find(blurry)
        seen[BLURRY].append((before, wanted))
        for candidate in self.candidates:
            try:
                restored = candidate.restore(blurry)
            except UnblurError as error:
                self.faults.append(f"{data}: {sample.name}: {error}")
                continue
            after = self.task.find(restored)
            seen[candidate.name].append((after, wanted))
            if self.folder is not None:
                panels = [(BLURRY, blurry, before), (candidate.name, restored, after)]
                panels.append(("sharp", sharp, wanted))
                drawn = [(name, self.task.draw(pixels, found)) for name, pixels, found in panels]
                self._write(f"{data}-{sample.name}-{candidate.name}", side_by_side(drawn))

    def _write(self, name: str, pixels: Pixels) -> None:
        """Write a picture under `name`, made fit for a file."""
        if self.folder is not None:
            make_folder(self.folder)
            path = self.folder / f"{_UNFIT.sub('_', name)}.jpg"
            write_picture(Picture(pixels, None, PictureFile("JPEG")), path)


def measure_task(
    task_name: str, task: Task[Any], request: QualityRequest, folder: Path | None = None
) -> Record:
    """The agreement of `task` on blurry and restored pictures with the sharp ones.

    Pictures of blurry, restored and sharp side by side, with what was seen, go to `folder`.
    Raises InputError when there is no picture at all.
    """
    check_not_all_empty(request.sets)
    count = itertools.count(1)
    run = TaskRun(
        task,
        request.candidates,
        folder,
        lambda: request.report(next(count), request.picture_count),
    )
    rows = [row for each in request.sets for row in run.rows(each)]
    return Record(
        "task",
        title=f"Agreement of {task_name} with the sharp picture",
        command=request.command,
        rows=rows,
        faults=run.faults,
        notes=[_NOTES[task_name]],
    )
