"""A runtime for tests: adds a constant, and does what it is told to go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from unblur.facts import NetworkFacts, Precision, SizeRule
from unblur.images.arrays import Pixels
from unblur.images.state import State

FACTS = NetworkFacts(
    name="fake", summary="Adds a constant.", size_rule=SizeRule(16, 16), halo_px=16
)


@dataclass
class FakeRuntime:
    """Adds `added` grey levels; `meddle` may raise or change the result."""

    added: int = 10
    facts: NetworkFacts = FACTS
    precision: Precision = "fp32"
    name: str = "fake"
    device: str = "CPU"
    meddle: Callable[[Pixels], Pixels] = lambda restored: restored
    in_flight_count: int = 3
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def restore(self, pixels: Pixels) -> Pixels:
        """`pixels` made lighter; checks the size rule as a network would."""
        self.shapes.append(pixels.shape)
        assert all(self.facts.size_rule.padding(side) == 0 for side in pixels.shape[:2])
        lighter = np.clip(pixels.astype(int) + self.added, 0, 255).astype(np.uint8)
        return self.meddle(lighter)

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State]:
        """As `restore`; the state counts the frames in a row."""
        count = 0 if state is None or not state else int(state[0].flat[0])
        return self.restore(pixels), (np.full(1, count + 1, np.float32),)

    def start(self, pixels: Pixels) -> Callable[[], Pixels]:
        """Restored at once; given when it is waited for."""
        return partial(self.restore, pixels)
