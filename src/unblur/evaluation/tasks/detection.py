"""Detectors: what they find in restored pictures against what they find in sharp ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unblur.errors import ModelError, missing_extra
from unblur.evaluation.tasks.base import Figures
from unblur.evaluation.tasks.coco import COCO_NAMES
from unblur.evaluation.tasks.drawing import draw_boxes
from unblur.evaluation.tasks.networks import Network
from unblur.images.arrays import Pixels
from unblur.metrics.detection import Detections, average_precision, recall

SURE = 0.3
"""From what score on a box counts as found; those of the sharp picture are the wanted ones."""
_LEAST_SCORE = 0.05
_OVERLAP_OF_ONE = 0.45
_MIDDLE_GREY = 114


class Detector(Protocol):
    """Finds boxes in a picture."""

    def find(self, pixels: Pixels) -> Detections:
        """All boxes with a score of at least 0.05."""
        ...


@dataclass(frozen=True, slots=True)
class DetectionTask:
    """Agreement of a detector with itself on the sharp picture."""

    name: str
    detector: Detector

    def find(self, pixels: Pixels) -> Detections:
        """Everything that is found, the unsure included."""
        return self.detector.find(pixels)

    def compare(self, pairs: Sequence[tuple[Detections, Detections]]) -> Figures:
        """AP and recall at IoU 0.5 against what is surely found in the sharp pictures."""
        sure = [(found, wanted.at_least(SURE)) for found, wanted in pairs]
        return {
            "ap50": average_precision(sure),
            "recall50": recall(sure, SURE),
            "wanted_count": sum(len(wanted.labels) for _, wanted in sure),
            "found_count": sum(len(found.at_least(SURE).labels) for found, _ in sure),
        }

    def draw(self, pixels: Pixels, finding: Detections) -> Pixels:
        """The picture with what is surely found."""
        return draw_boxes(pixels, finding.at_least(SURE))


class YoloxDetector:
    """YOLOX (arXiv:2107.08430) from an ONNX file, its output not yet decoded.

    Input: (1, 3, H, W) BGR 0..255, the picture fitted into the upper left corner, grey
    below; output: (1, cells, 5 + classes) of strides 8, 16 and 32. The classes are COCO's.
    Raises ModelError for another kind of network, MissingExtraError without OpenCV.
    """

    def __init__(self, path: Path) -> None:
        self._cv2 = import_opencv()
        self._network = Network(path)
        self._cells = _cells_of(self._network.height, self._network.width)

    def find(self, pixels: Pixels) -> Detections:
        """See `Detector.find`."""
        network = self._network
        scale = min(network.height / pixels.shape[0], network.width / pixels.shape[1])
        size = (int(pixels.shape[1] * scale), int(pixels.shape[0] * scale))
        fitted = np.full((network.height, network.width, 3), _MIDDLE_GREY, np.uint8)
        fitted[: size[1], : size[0]] = self._cv2.resize(pixels, size)
        raw = network.run(fitted[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32))[0]
        if raw.shape != (len(self._cells), 5 + len(COCO_NAMES)):
            raise ModelError(
                f"{network.path} is no YOLOX for COCO: expected an output of "
                f"{(len(self._cells), 5 + len(COCO_NAMES))}, got {raw.shape}"
            )
        return self._decode(raw.astype(np.float64), scale)

    def _decode(self, raw: Any, scale: float) -> Detections:
        """Boxes in pixels of the picture, overlapping ones of one class removed."""
        step = self._cells[:, 2:]
        centre = (raw[:, :2] + self._cells[:, :2]) * step
        half = np.exp(raw[:, 2:4]) * step / 2
        boxes = np.hstack([centre - half, centre + half]) / scale
        by_class = raw[:, 4:5] * raw[:, 5:]
        classes, scores = by_class.argmax(axis=1), by_class.max(axis=1)
        sized = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
        kept = self._cv2.dnn.NMSBoxesBatched(
            sized.tolist(), scores.tolist(), classes.tolist(), _LEAST_SCORE, _OVERLAP_OF_ONE
        )
        kept = np.asarray(kept, int).ravel()
        labels = tuple(COCO_NAMES[index] for index in classes[kept])
        return Detections(boxes[kept], scores[kept], labels)


def _cells_of(height: int, width: int) -> NDArray[np.float64]:
    """(cells, 3): column, row and stride of every cell, in the order of YOLOX's output."""
    grids: list[NDArray[np.int64]] = []
    for step in (8, 16, 32):
        rows, columns = np.mgrid[: height // step, : width // step]
        grids.append(np.stack([columns, rows, np.full_like(rows, step)], axis=2).reshape(-1, 3))
    return np.concatenate(grids).astype(np.float64)


class YuNetDetector:
    """Faces by OpenCV's `FaceDetectorYN` with a YuNet model from an ONNX file.

    Raises ModelError when OpenCV cannot read it, MissingExtraError without OpenCV.
    """

    def __init__(self, path: Path) -> None:
        cv2 = import_opencv()
        if not path.is_file():
            raise ModelError(f"there is no face detector {path}; give a YuNet .onnx file")
        try:
            self._detector = cv2.FaceDetectorYN.create(str(path), "", (320, 320), _LEAST_SCORE)
        except cv2.error as error:
            raise ModelError(f"OpenCV cannot read the face detector {path}: {error.err}") from error

    def find(self, pixels: Pixels) -> Detections:
        """See `Detector.find`."""
        self._detector.setInputSize((pixels.shape[1], pixels.shape[0]))
        _, faces = self._detector.detect(np.ascontiguousarray(pixels[..., ::-1]))
        rows = np.zeros((0, 15)) if faces is None else np.asarray(faces, np.float64)
        boxes = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4]])
        return Detections(boxes, rows[:, 14], ("face",) * len(rows))


def import_opencv() -> Any:
    """OpenCV; raises MissingExtraError where it is not installed."""
    try:
        import cv2
    except ModuleNotFoundError as missing:
        raise missing_extra("this task", "OpenCV", "evaluate") from missing
    return cv2
