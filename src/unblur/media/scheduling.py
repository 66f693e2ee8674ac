"""How the system shares its processors among the threads of this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_THREADS = Path("/proc/self/task")


@contextmanager
def usual_scheduling() -> Generator[None]:
    """Undo what the block does to the scheduling of threads, those that it starts included.

    SVT-AV1 (4.1), where root runs it, gives its threads and the one that calls it real-time
    priority, also for what is done afterwards and for programs that are started: on a small
    machine nothing else would run.
    """
    before = _real_time_threads()
    try:
        yield
    finally:
        for thread in _real_time_threads() - before:
            _make_usual(thread)


def _real_time_threads() -> set[int]:
    """The threads of this process that run before all usual ones; none where Linux is not."""
    if sys.platform != "linux":
        return set()
    found: set[int] = set()
    for thread in (int(each.name) for each in _THREADS.iterdir()):
        with suppress(ProcessLookupError):
            if os.sched_getscheduler(thread) in {os.SCHED_FIFO, os.SCHED_RR}:
                found.add(thread)
    return found


def _make_usual(thread: int) -> None:
    if sys.platform == "linux":
        with suppress(OSError):  # it has ended, or the system keeps it as it is
            os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
