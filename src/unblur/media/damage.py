"""What was lost while a video was decoded: counted, with its moments, told in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

_TOLERANCE_S = Fraction(1, 4)
"""How much sooner than announced a whole file may end."""
_WATCHED_FRAMES = 3
"""After a damaged frame, a hole within this many frames belongs to the damage."""


@dataclass(slots=True)
class Span:
    """How many things happened, and between which moments."""

    count: int = 0
    first_s: Fraction = Fraction(0)
    last_s: Fraction = Fraction(0)

    def add(self, moment_s: Fraction) -> None:
        """Count one more thing, at `moment_s`."""
        self.first_s = min(self.first_s, moment_s) if self.count else moment_s
        self.last_s = max(self.last_s, moment_s) if self.count else moment_s
        self.count += 1

    def describe(self) -> str:
        """When it happened: "at 1.20 s" or "between 1.20 s and 1.60 s"."""
        if self.last_s == self.first_s:
            return f"at {float(self.first_s):.2f} s"
        return f"between {float(self.first_s):.2f} s and {float(self.last_s):.2f} s"


@dataclass(slots=True)
class Damage:
    """Everything that went wrong while one video was decoded."""

    announced_end_s: Fraction | None = None
    """Where the file says that it ends."""
    begins_s: Fraction | None = None
    """Before it no frame is wanted, so none is missing; None: all are wanted."""
    read_until_s: Fraction = Fraction(0)
    """The end of the last packet of any stream."""
    lost: Span = field(default_factory=Span)
    """Packets that could not be decoded at all."""
    damaged: Span = field(default_factory=Span)
    """Frames that were decoded, but are marked as damaged."""
    missing: Span = field(default_factory=Span)
    """Edges of holes in the row of frames right after damaged ones."""
    headless: Span = field(default_factory=Span)
    """Packets before the first frame, whose key frame is not in the file."""
    misdated: Span = field(default_factory=Span)
    """Packets whose time stamp cannot be true."""
    joints: Span = field(default_factory=Span)
    """Where the file's clock begins anew."""
    disordered: Span = field(default_factory=Span)
    """Frames left out because they were not later than the frame before."""
    _early_s: list[Fraction] = field(default_factory=list[Fraction])
    _last_s: Fraction | None = None
    _usual_gap_s: Fraction = Fraction(0)
    _watched_count: int = 0

    def note_damage(self, moment_s: Fraction) -> None:
        """Take note of a damaged frame; once, however often it is told."""
        if not self.damaged.count or moment_s != self.damaged.last_s:
            self.damaged.add(moment_s)
        self._watched_count = _WATCHED_FRAMES

    def note_wrong_stamp(self, moment_s: Fraction) -> None:
        """Take note of a packet whose stamp cannot be true; nor is the end that it lets announce.

        `moment_s` is when it should come.
        """
        self.misdated.add(moment_s)
        self.announced_end_s = None

    def note_packet(self, moment_s: Fraction) -> None:
        """Take note of a packet of the picture; only those wanted before the first frame matter."""
        if self._last_s is None and (self.begins_s is None or moment_s >= self.begins_s):
            self._early_s.append(moment_s)

    def note_frame(self, moment_s: Fraction) -> None:
        """Take note of a frame, and of the hole before it if damage explains one.

        Frames that merely come late are none: a variable frame rate looks the same.
        """
        if self._last_s is None:
            for early_s in self._early_s:
                if early_s < moment_s:
                    self.headless.add(early_s)
        else:
            gap_s = moment_s - self._last_s
            if self._watched_count and 0 < 2 * self._usual_gap_s < gap_s:
                self.missing.add(self._last_s)
                self.missing.add(moment_s)
            else:
                self._usual_gap_s = gap_s
        self._watched_count = max(0, self._watched_count - 1)
        self._last_s = moment_s

    def sentences(self) -> list[str]:
        """One sentence for each kind of damage, with its time."""
        lost, damaged, disordered = self.lost, self.damaged, self.disordered
        headless = self.headless
        told = {
            f"{_count(lost.count, 'packet')} {lost.describe()} could not be decoded; "
            "the frames in them are missing": lost.count,
            f"{_count(headless.count, 'frame')} {headless.describe()} could not be read: the key "
            "frame that they need is missing": headless.count,
            f"{_count(damaged.count, 'frame')} {damaged.describe()} came damaged out of the file "
            "and may show it": damaged.count,
            f"{_count(self.misdated.count, 'packet')} {self.misdated.describe()} had a time stamp "
            "that cannot be true; each now follows the one before": self.misdated.count,
            f"the file's clock begins anew {self.joints.describe()}; what comes then now follows "
            "what was before": self.joints.count,
            f"no frame could be read {self.missing.describe()}": self.missing.count,
            f"{_count(disordered.count, 'frame')} {disordered.describe()} had a time stamp not "
            "after the frame before, and were left out": disordered.count,
            f"the file is cut off: it can be read until {float(self.read_until_s):.2f} s of "
            f"{float(self.announced_end_s or 0):.2f} s": self._is_cut_off,
        }
        return [sentence for sentence, is_so in told.items() if is_so]

    @property
    def _is_cut_off(self) -> bool:
        """Whether reading ended well before the end that the file announced."""
        end_s = self.announced_end_s
        return end_s is not None and self.read_until_s + _TOLERANCE_S < end_s


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
