"""Stand-ins for what is slow or not at hand: a restorer that adds a constant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from unblur.images.state import State
from unblur.media.frame import Frame
from unblur.media.picture import Picture
from unblur.restoration.tiling import ReportProgress, ignore_progress

ADDED = 40
"""What the fake restorer adds to every 8-bit sample (up to 255)."""


class FakeRestorer:
    """Has the face of `Restorer`; notes how it was opened."""

    opened: ClassVar[list[dict[str, Any]]] = []
    """The arguments of each opening, the first argument as "model"."""

    runtime_name = "fake"
    device = "CPU"

    def __init__(self, model: str | Path = "live", **arguments: Any) -> None:
        self.opened.append({"model": model, **arguments})
        self.model_name = str(model)
        precision = arguments.get("precision", "auto")
        self.precision = "fp32" if precision == "auto" else precision
        self_ensemble = arguments.get("self_ensemble", 1)
        self.self_ensemble = 4 if self_ensemble == "auto" else self_ensemble
        self.notes: list[str] = []
        self.counts: Counter[str] = Counter()
        self.identity = {"model": self.model_name}
        self.is_closed = False

    def restore(self, pixels: np.ndarray) -> np.ndarray:
        """`pixels` and the constant."""
        return np.clip(pixels.astype(int) + ADDED, 0, 255).astype(np.uint8)

    def restore_next(self, pixels: np.ndarray, state: State | None) -> tuple[np.ndarray, None]:
        """As `restore`: nothing is remembered."""
        return self.restore(pixels), None

    def restore_picture(
        self, picture: Picture, report_progress: ReportProgress = ignore_progress
    ) -> Picture:
        """The picture with restored samples, and a note."""
        report_progress(1, 1)
        self.notes.append("the fake was here")
        return replace(picture, samples=self.restore(picture.samples))

    def restore_frames(
        self,
        frames: Iterable[Frame],
        *,
        skips_sharp: bool = False,
        forgets_every: int | None = None,
    ) -> Iterator[Frame]:
        """Each frame restored; says that as many were sharp, if asked to skip those."""
        for frame in frames:
            self.counts["sharp"] += skips_sharp
            yield replace(frame, pixels=self.restore(frame.pixels))

    def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()
