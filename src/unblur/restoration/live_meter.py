"""What is measured of a live session: rates, drops, latency; every second and in all."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from unblur.images.picture_clock import now_ms
from unblur.restoration.live_rate import Effort, Load

_LONGEST_MS = 60_000
"""A picture that says it is older carries no time that was meant for us."""


@dataclass(slots=True)
class Delays:
    """Milliseconds, counted one by one, so that memory stays flat."""

    counts: Counter[int] = field(default_factory=Counter[int])

    def add(self, milliseconds: float) -> None:
        """Count one."""
        self.counts[min(_LONGEST_MS, max(0, round(milliseconds)))] += 1

    def quantile(self, share: float) -> int | None:
        """The delay that `share` of them do not exceed; None where there are none."""
        left = share * self.counts.total()
        for milliseconds in sorted(self.counts):
            left -= self.counts[milliseconds]
            if left <= 0:
                return milliseconds
        return None


@dataclass(frozen=True, slots=True)
class LiveReport:
    """What happened in a second, or in the whole session (`is_summary`)."""

    seconds: float
    """Since the session began."""
    is_summary: bool
    received: int
    delivered: int
    dropped: int
    """Received, but not delivered: a newer frame was there, or the sink was lost."""
    sharp: int
    """Delivered as they were, without a blurred part."""
    frames_per_s: float
    latency_ms: int | None
    """Median from the arrival of a frame to its delivery."""
    latency_ms_95: int | None
    """What 95 of 100 frames do not exceed."""
    age_ms: int | None
    """Median age on delivery, by the time in the pictures; None where they carry none."""
    age_ms_95: int | None
    disordered: int
    """Delivered after a later one."""
    lost: int
    """How often the source was lost, since the session began."""
    resolution: float
    skips_sharp: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(slots=True)
class _Tally:
    """Counts of a second or of a session."""

    started_s: float
    counts: Counter[str] = field(default_factory=Counter[str])
    latencies: Delays = field(default_factory=Delays)
    ages: Delays = field(default_factory=Delays)
    busy_s: float = 0.0


class LiveMeter:
    """Counts what happens to frames; written to by several threads, each its own counts."""

    def __init__(self) -> None:
        now_s = time.monotonic()
        self._started_s = now_s
        self._second = _Tally(now_s)
        self._all = _Tally(now_s)
        self._last_pts = -1
        self._seen: Counter[str] = Counter()
        # All keys from the start: counting must not change the size while another thread reads.
        self._totals = Counter(received=0, delivered=0, sharp=0, disordered=0)
        self._busy_s = 0.0
        self._seen_busy_s = 0.0

    def note_received(self) -> None:
        """A frame came."""
        self._totals["received"] += 1

    def note_computed(self, busy_s: float, *, is_sharp: bool) -> None:
        """A frame was restored, or left alone, in that time."""
        self._busy_s += busy_s
        self._totals["sharp"] += is_sharp

    def note_delivered(self, pts: int, arrived_s: float, moment_ms: int | None) -> None:
        """A frame is shown or sent."""
        self._totals["delivered"] += 1
        self._totals["disordered"] += pts <= self._last_pts
        self._last_pts = max(self._last_pts, pts)
        latency_ms = (time.monotonic() - arrived_s) * 1000
        age_ms = None if moment_ms is None else now_ms() - moment_ms
        for tally in (self._second, self._all):
            tally.latencies.add(latency_ms)
            if age_ms is not None and 0 <= age_ms <= _LONGEST_MS:
                tally.ages.add(age_ms)

    def is_due(self) -> bool:
        """Whether a second has passed since the last report."""
        return time.monotonic() - self._second.started_s >= 1

    def end_second(self, effort: Effort, dropped: int, lost: int) -> tuple[LiveReport, Load]:
        """What happened since the last call; `dropped` is counted since the session began."""
        totals = self._totals + Counter(dropped=dropped)
        self._second.counts = totals - self._seen
        self._second.busy_s = self._busy_s - self._seen_busy_s
        duration_s = time.monotonic() - self._second.started_s
        report = self._report(self._second, effort, lost, is_summary=False)
        load = Load(
            round(report.received / duration_s),
            round(report.delivered / duration_s),
            self._second.busy_s / duration_s,
        )
        self._seen, self._seen_busy_s = totals, self._busy_s
        self._second = _Tally(time.monotonic())
        return report, load

    def summary(self, effort: Effort, dropped: int, lost: int) -> LiveReport:
        """What happened in all."""
        self._all.counts = self._totals + Counter(dropped=dropped)
        return self._report(self._all, effort, lost, is_summary=True)

    def _report(self, tally: _Tally, effort: Effort, lost: int, *, is_summary: bool) -> LiveReport:
        now_s = time.monotonic()
        duration_s = max(1e-3, now_s - tally.started_s)
        counts = tally.counts
        return LiveReport(
            seconds=round(now_s - self._started_s, 2),
            is_summary=is_summary,
            received=counts["received"],
            delivered=counts["delivered"],
            dropped=counts["dropped"],
            sharp=counts["sharp"],
            frames_per_s=round(counts["delivered"] / duration_s, 2),
            latency_ms=tally.latencies.quantile(0.5),
            latency_ms_95=tally.latencies.quantile(0.95),
            age_ms=tally.ages.quantile(0.5),
            age_ms_95=tally.ages.quantile(0.95),
            disordered=counts["disordered"],
            lost=lost,
            resolution=round(effort.resolution, 3),
            skips_sharp=effort.skips_sharp,
        )
