"""Opening a task by its name and by what is to look: a file, or a name in a library."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from unblur.errors import ConfigError
from unblur.evaluation.tasks.base import Task
from unblur.evaluation.tasks.detection import DetectionTask, YoloxDetector, YuNetDetector
from unblur.evaluation.tasks.libraries import (
    TorchvisionDetector,
    TorchvisionSegmenter,
    UltralyticsDetector,
)
from unblur.evaluation.tasks.reading import RapidOcrReader, ReadingTask
from unblur.evaluation.tasks.segmentation import DeepLabSegmenter, SegmentationTask

TaskName = Literal["detection", "segmentation", "text", "faces"]

_EXPECTED: dict[TaskName, str] = {
    "detection": "a YOLOX .onnx file, torchvision:NAME or ultralytics:NAME",
    "segmentation": "a DeepLab .tflite file or torchvision:NAME",
    "text": "rapidocr",
    "faces": "a YuNet .onnx file",
}


def open_task(name: TaskName, looks: str | None) -> Task[Any]:
    """The task, done by `looks`: a path, LIBRARY:NAME, or None for what is embedded.

    Raises ConfigError where nothing fits, ModelError for a file that does not,
    MissingExtraError when something is not installed.
    """
    library, _, model = (looks or "").partition(":")
    opener = _OPENERS.get((name, library if model or name == "text" else "file"))
    if name == "text" and looks is None:
        opener = _OPENERS["text", "rapidocr"]
    if opener is None or (looks is None and name != "text"):
        raise ConfigError(
            f"the task {name} needs something that looks: give --with {_EXPECTED[name]}"
            + (f", got {looks!r}" if looks else "")
        )
    return opener(model or looks or "")


def _label(text: str) -> str:
    return Path(text).stem


_OPENERS: dict[tuple[TaskName, str], Any] = {
    ("detection", "file"): lambda path: DetectionTask(_label(path), YoloxDetector(Path(path))),
    ("detection", "torchvision"): lambda name: DetectionTask(name, TorchvisionDetector(name)),
    ("detection", "ultralytics"): lambda name: DetectionTask(name, UltralyticsDetector(name)),
    ("faces", "file"): lambda path: DetectionTask(_label(path), YuNetDetector(Path(path))),
    ("segmentation", "file"): lambda path: SegmentationTask(
        _label(path), DeepLabSegmenter(Path(path))
    ),
    ("segmentation", "torchvision"): lambda name: SegmentationTask(
        name, TorchvisionSegmenter(name)
    ),
    ("text", "rapidocr"): lambda _: ReadingTask("rapidocr", RapidOcrReader()),
}
