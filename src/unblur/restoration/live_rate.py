"""How much work is put into a live frame, so that the wanted rate is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_MISSED_SECONDS = 2
"""So many in a row, and less work is done."""
_SETTLING_S = 3
"""The first seconds, with what waited while all was opened, say nothing."""
_FIRST_PATIENCE_S = 8
_LONGEST_PATIENCE_S = 256
_TRIAL_S = 10
"""More work that is given up again within this time was a mistake."""
_FULL = 0.95
"""Of the time the network may take; the rest is for what cannot be foreseen."""
_TOLERANCE = 0.9
"""Of the wanted frames, so many are enough: fewer pixels cost more quality than a drop."""


REDUCED = 2 / 3
"""The resolution that `live_fast` lets `live` see."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What is done for a frame."""

    resolution: float = 1.0
    """Height and width that the network sees, of those of the frame."""
    skips_sharp: bool = False
    """Whether frames without a blurred part are left alone."""
    cost: float = 1.0
    """Time it takes, of that of the greatest effort: docs/decisions/live.md."""

    def describe(self) -> str:
        """In words, for a sentence."""
        share = (
            "full resolution" if self.resolution == 1 else f"{self.resolution:.2g} of the height"
        )
        return f"the network at {share}{', sharp frames left alone' * self.skips_sharp}"


EFFORTS = (
    Effort(),
    Effort(skips_sharp=True),
    Effort(REDUCED, skips_sharp=True, cost=0.6),
    Effort(0.5, skips_sharp=True, cost=0.43),
)
"""From the most to the least."""


@dataclass(frozen=True, slots=True)
class Load:
    """What happened in a second."""

    received_count: int
    delivered_count: int
    busy_s: float
    """How long the network and what belongs to it computed."""


class RateKeeper:
    """Chooses the effort from one second to the next.

    Less, when fewer frames than `rate` a second are delivered although they came; more,
    when the time would suffice for it. What was tried in vain is tried again after twice
    the time.
    """

    def __init__(
        self, rate: float | None = None, efforts: Sequence[Effort] = EFFORTS, *, start: int = 0
    ) -> None:
        """`rate` None: as many as come."""
        self._rate = rate
        self.efforts = tuple(efforts)
        """From the most to the least."""
        self._index = start
        self._passed_s = 0
        self._missed_s = 0
        self._kept_s = 0
        self._patience_s = _FIRST_PATIENCE_S
        self._since_raised_s: int | None = None

    @property
    def effort(self) -> Effort:
        """What is done for a frame now."""
        return self.efforts[self._index]

    def note_second(self, load: Load) -> bool:
        """Take note of a second that has passed; whether the effort is another now."""
        self._passed_s += 1
        if self._passed_s <= _SETTLING_S:
            return False
        before = self._index
        if self._since_raised_s is not None:
            self._since_raised_s += 1
        if self._is_missed(load):
            self._missed_s, self._kept_s = self._missed_s + 1, 0
            if self._missed_s >= _MISSED_SECONDS:
                self._lower()
        else:
            self._missed_s, self._kept_s = 0, self._kept_s + 1
            if self._kept_s >= self._patience_s and self._has_time_for_more(load):
                self._raise()
        return self._index != before

    def _is_missed(self, load: Load) -> bool:
        """Whether fewer frames were delivered than wanted and received."""
        wanted = load.received_count
        if self._rate is not None:
            wanted = min(wanted, self._rate)
        return load.delivered_count < wanted * _TOLERANCE

    def _has_time_for_more(self, load: Load) -> bool:
        """Whether the next greater effort would fit into a second."""
        if self._index == 0:
            return False
        greater = self.efforts[self._index - 1]
        return load.busy_s * greater.cost / self.effort.cost * _TOLERANCE < _FULL

    def _lower(self) -> None:
        self._missed_s = 0
        if self._index + 1 == len(self.efforts):
            return
        self._index += 1
        if self._since_raised_s is not None and self._since_raised_s <= _TRIAL_S:
            self._patience_s = min(2 * self._patience_s, _LONGEST_PATIENCE_S)
        self._since_raised_s = None

    def _raise(self) -> None:
        self._index -= 1
        self._kept_s = 0
        self._since_raised_s = 0
