"""When a source or a sink that was lost is opened again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Tell = Callable[[str], None]
"""Is told a sentence on what happens."""
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """Whether and how often a lost source or sink is opened again."""

    is_wanted: bool = True
    most_attempts: int | None = None
    """In a row; None: without end."""

    def pause_s(self, failed_count: int) -> float:
        """How long to wait after so many attempts in a row that failed: longer and longer."""
        return _PAUSES_S[min(failed_count, len(_PAUSES_S) - 1)]

    def is_over(self, failed_count: int) -> bool:
        """Whether so many failed attempts in a row are enough."""
        return self.most_attempts is not None and failed_count >= self.most_attempts
