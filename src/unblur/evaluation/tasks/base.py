"""What every task can do: look at a picture, compare what was seen, draw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from unblur.images.arrays import Pixels

Finding = TypeVar("Finding")

Figures = dict[str, float | int | None]
"""Figures by name; None where they cannot be had."""


class Task(Protocol[Finding]):
    """A detector, segmenter or reader with the measure of its agreement with itself."""

    @property
    def name(self) -> str:
        """What looks, for example "yolox_nano"."""
        ...

    def find(self, pixels: Pixels) -> Finding:
        """What is seen in an (H, W, 3) uint8 RGB picture."""
        ...

    def compare(self, pairs: Sequence[tuple[Finding, Finding]]) -> Figures:
        """Agreement over all pictures; each pair is what was found and what was wanted."""
        ...

    def draw(self, pixels: Pixels, finding: Finding) -> Pixels:
        """The picture with what was seen drawn on it, of the same shape."""
        ...
