"""Readers of text: what they read in restored pictures against sharp ones."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from unblur.errors import missing_extra
from unblur.evaluation.tasks.base import Figures
from unblur.evaluation.tasks.drawing import draw_boxes
from unblur.images.arrays import Pixels
from unblur.metrics.detection import Detections
from unblur.metrics.reading import Reading, character_error_rate


class Reader(Protocol):
    """Reads the text in a picture."""

    def find(self, pixels: Pixels) -> Reading:
        """The lines of text with their places."""
        ...


@dataclass(frozen=True, slots=True)
class ReadingTask:
    """Agreement of a reader with itself on the sharp picture."""

    name: str
    reader: Reader

    def find(self, pixels: Pixels) -> Reading:
        """What is read."""
        return self.reader.find(pixels)

    def compare(self, pairs: Sequence[tuple[Reading, Reading]]) -> Figures:
        """Character error rate against what is read in the sharp pictures."""
        return {
            "character_error_rate": character_error_rate(pairs),
            "wanted_count": sum(len(wanted.lines.labels) for _, wanted in pairs),
            "found_count": sum(len(read.lines.labels) for read, _ in pairs),
        }

    def draw(self, pixels: Pixels, finding: Reading) -> Pixels:
        """The picture with what was read above each line."""
        return draw_boxes(pixels, finding.lines, has_scores=False)


class RapidOcrReader:
    """RapidOCR with the models in its wheel; raises MissingExtraError without it."""

    def __init__(self) -> None:
        try:
            from rapidocr import RapidOCR
        except ModuleNotFoundError as missing:
            raise missing_extra("reading", missing.name, "text") from missing
        self._read: Any = RapidOCR(params={"Global.log_level": "critical"})
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)

    def find(self, pixels: Pixels) -> Reading:
        """See `Reader.find`."""
        result = self._read(np.ascontiguousarray(pixels[..., ::-1]))
        if result.boxes is None or result.txts is None:
            return Reading(Detections(np.zeros((0, 4)), np.zeros(0), ()))
        corners = np.asarray(result.boxes, np.float64)
        boxes = np.hstack([corners.min(axis=1), corners.max(axis=1)])
        return Reading(Detections(boxes, np.asarray(result.scores, np.float64), result.txts))
