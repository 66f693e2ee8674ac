"""Detectors and segmenters by name, from libraries that fetch their weights themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from unblur.errors import MissingExtraError, ModelError
from unblur.images.arrays import Pixels
from unblur.metrics.detection import Detections
from unblur.metrics.segmentation import LabelMap

_LEAST_SCORE = 0.05


class _TorchvisionModel:
    """A network of torchvision with its published weights, ready to look.

    Raises MissingExtraError without torchvision, ModelError for a name that it does not
    know and for weights that cannot be fetched.
    """

    def __init__(self, name: str) -> None:
        try:
            import torch
            from torchvision import models
        except ModuleNotFoundError as missing:
            raise MissingExtraError(
                f"{name} needs {missing.name}; install it with: pip install torchvision"
            ) from missing
        self._torch: Any = torch
        try:
            weights: Any = models.get_model_weights(name)["DEFAULT"]
            self.network: Any = models.get_model(name, weights=weights).eval()
        except (ValueError, KeyError) as error:
            raise ModelError(f"torchvision has no {name} with weights: {error}") from error
        except (OSError, RuntimeError) as error:
            raise ModelError(f"the weights of {name} cannot be fetched: {error}") from error
        self._prepare: Any = weights.transforms()
        self.class_names: list[str] = list(weights.meta["categories"])

    def run(self, pixels: Pixels) -> Any:
        """The network's answer to one picture."""
        picture = self._torch.from_numpy(pixels.copy()).permute(2, 0, 1)
        with self._torch.no_grad():
            return self.network(self._prepare(picture)[None])


class TorchvisionDetector(_TorchvisionModel):
    """A detector such as `fasterrcnn_mobilenet_v3_large_320_fpn`."""

    def find(self, pixels: Pixels) -> Detections:
        """See `Detector.find`."""
        answer = self.run(pixels)[0]
        boxes, scores, labels = (
            np.asarray(answer[key], np.float64) for key in ("boxes", "scores", "labels")
        )
        names = tuple(self.class_names[int(label)] for label in labels)
        return Detections(boxes.reshape(-1, 4), scores, names).at_least(_LEAST_SCORE)


class TorchvisionSegmenter(_TorchvisionModel):
    """A segmenter such as `deeplabv3_mobilenet_v3_large`; its classes are PASCAL VOC's."""

    def find(self, pixels: Pixels) -> LabelMap:
        """See `Segmenter.find`."""
        return np.asarray(self.run(pixels)["out"][0].argmax(dim=0), np.int64)


class UltralyticsDetector:
    """A detector of ultralytics such as `yolo11n.pt`.

    Raises MissingExtraError without ultralytics, ModelError when it cannot be opened.
    """

    def __init__(self, name: str) -> None:
        try:
            from ultralytics import YOLO  # pyright: ignore[reportMissingImports]
        except ModuleNotFoundError as missing:
            raise MissingExtraError(
                f"{name} needs {missing.name}; install it with: pip install ultralytics"
            ) from missing
        try:
            self._network: Any = YOLO(name)
        except (OSError, RuntimeError) as error:
            raise ModelError(f"ultralytics cannot open {name}: {error}") from error

    def find(self, pixels: Pixels) -> Detections:
        """See `Detector.find`."""
        bgr = np.ascontiguousarray(pixels[..., ::-1])
        answer = self._network.predict(bgr, conf=_LEAST_SCORE, verbose=False)[0]
        found = answer.boxes
        boxes, scores, classes = (
            np.asarray(each.cpu(), np.float64) for each in (found.xyxy, found.conf, found.cls)
        )
        labels = tuple(answer.names[int(index)] for index in classes)
        return Detections(boxes.reshape(-1, 4), scores, labels)
