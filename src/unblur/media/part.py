"""Which part of a video is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container.core import Chapter


@dataclass(frozen=True, slots=True)
class Part:
    """From one moment to another, in seconds as a player shows them: 0 is the file's start."""

    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None
    """The first moment that is not wanted; None: to the end."""
    origin_s: Fraction = Fraction(0)
    """The file's own time at which a player shows 0."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.start_s == 0 and self.end_s is None

    @property
    def begins_s(self) -> Fraction:
        """The first moment that is wanted, in the file's own time."""
        return self.start_s + self.origin_s

    @property
    def shift_s(self) -> Fraction:
        """What times become less by, so that the part begins where the file began."""
        return self.start_s

    def has_begun(self, moment_s: Fraction) -> bool:
        """Whether `moment_s`, in the file's own time, is not before the part."""
        return self.is_whole or moment_s >= self.begins_s

    def has_ended(self, moment_s: Fraction) -> bool:
        """Whether `moment_s`, in the file's own time, is after the part."""
        return self.end_s is not None and moment_s >= self.end_s + self.origin_s

    def length_s(self, whole_s: float) -> float:
        """How long the part is of a video that lasts `whole_s`."""
        end_s = whole_s if self.end_s is None else min(float(self.end_s), whole_s)
        return max(0.0, end_s - float(self.start_s))

    def cut_chapter(self, chapter: Chapter) -> Chapter | None:
        """What is left of a chapter, moved as the part is; None where nothing is."""
        tick_s = chapter["time_base"]
        if self.is_whole or tick_s is None:
            return chapter
        begin, end = self.begins_s / tick_s, chapter["end"]
        if self.end_s is not None:
            end = min(end, round((self.end_s + self.origin_s) / tick_s))
        start = max(chapter["start"], round(begin))
        shift = round(self.shift_s / tick_s)
        return {**chapter, "start": start - shift, "end": end - shift} if start < end else None


WHOLE = Part()
