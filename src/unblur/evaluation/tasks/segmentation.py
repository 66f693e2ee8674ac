"""Segmenters: their maps of restored pictures against those of sharp ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from unblur.errors import ModelError
from unblur.evaluation.tasks.base import Figures
from unblur.evaluation.tasks.coco import PASCAL_NAMES
from unblur.evaluation.tasks.detection import import_opencv
from unblur.evaluation.tasks.drawing import draw_classes
from unblur.evaluation.tasks.networks import Network
from unblur.images.arrays import Pixels
from unblur.metrics.segmentation import LabelMap, mean_intersection_over_union

_MIDDLE_GREY = 127


class Segmenter(Protocol):
    """Tells the class of every pixel; the map may be smaller than the picture."""

    def find(self, pixels: Pixels) -> LabelMap:
        """(h, w) classes, PASCAL VOC's: 0 is the background."""
        ...


@dataclass(frozen=True, slots=True)
class SegmentationTask:
    """Agreement of a segmenter with itself on the sharp picture."""

    name: str
    segmenter: Segmenter

    def find(self, pixels: Pixels) -> LabelMap:
        """The map of classes."""
        return self.segmenter.find(pixels)

    def compare(self, pairs: Sequence[tuple[LabelMap, LabelMap]]) -> Figures:
        """Mean IoU over the classes of the sharp pictures, and the share of equal pixels."""
        pixel_count = sum(wanted.size for _, wanted in pairs)
        equal = sum(int((found == wanted).sum()) for found, wanted in pairs)
        return {
            "mean_iou": mean_intersection_over_union(pairs),
            "equal_share": equal / pixel_count if pixel_count else None,
            "class_count": len({int(index) for _, wanted in pairs for index in np.unique(wanted)}),
        }

    def draw(self, pixels: Pixels, finding: LabelMap) -> Pixels:
        """The picture with its classes coloured."""
        return draw_classes(pixels, finding, PASCAL_NAMES)


class DeepLabSegmenter:
    """DeepLab (arXiv:1802.02611) from a .tflite or .onnx file that takes and gives whole numbers.

    Input: (1, H, W, 3) RGB uint8, the picture fitted into the upper left corner; output:
    (1, H, W) classes. Raises ModelError for another kind, MissingExtraError without OpenCV.
    """

    def __init__(self, path: Path) -> None:
        self._cv2 = import_opencv()
        self._network = Network(path)
        if not (self._network.is_bytes and self._network.has_channels_last):
            raise ModelError(f"{path} does not take a uint8 picture (1, height, width, 3)")

    def find(self, pixels: Pixels) -> LabelMap:
        """See `Segmenter.find`."""
        network = self._network
        scale = min(network.height / pixels.shape[0], network.width / pixels.shape[1])
        width, height = (max(1, round(side * scale)) for side in pixels.shape[1::-1])
        fitted = np.full((1, network.height, network.width, 3), _MIDDLE_GREY, np.uint8)
        fitted[0, :height, :width] = self._cv2.resize(
            pixels, (width, height), interpolation=self._cv2.INTER_AREA
        )
        classes = network.run(fitted)
        if classes.shape != (1, network.height, network.width):
            raise ModelError(f"{network.path} gives no map of classes but {classes.shape}")
        return classes[0, :height, :width].astype(np.int64)
