"""A progress bar on stderr for whatever takes longer than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Self

from unblur.apps.cli.output import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from unblur.restoration.plans import Job
    from unblur.restoration.tiling import ReportProgress

_DELAY_S = 1.0
_LONGEST_NAME = 40


class ProgressDisplay:
    """Shows how far the work on `file_count` files is, and when it will be done.

    Nothing is shown in the first second, nor when it is not wanted, nor where stderr
    is no terminal. What is shown disappears at the end.
    """

    def __init__(self, file_count: int, *, is_wanted: bool = True) -> None:
        self._file_count = file_count
        self._lock = threading.Lock()
        self._bar: Progress | None = None
        self._file_task: TaskID
        self._all_task: TaskID | None
        self._file_index = -1
        self._name = ""
        self._done_count = 0
        self._total: int | None = None
        is_possible = is_wanted and sys.stderr.isatty()
        self._timer = threading.Timer(_DELAY_S, self._show) if is_possible else None

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *details: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._timer = None
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def start_file(self, job: Job) -> ReportProgress:
        """Show that `job` begins; gives what is to be told how far it is."""
        return self.start(job.source.name)

    def start(self, name: str) -> ReportProgress:
        """Show that work on what is called `name` begins; gives what is told how far it is."""
        with self._lock:
            self._file_index += 1
            index = self._file_index
            self._name = printable(name)
            self._done_count, self._total = 0, None
            self._update()
        return partial(self._report, index)

    @contextmanager
    def hidden(self) -> Generator[None]:
        """Take the bar off the screen while a line is printed."""
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
            yield
            if self._bar is not None:
                self._bar.start()

    def _report(self, file_index: int, done_count: int, frame_count: int | None) -> None:
        """Show how far a file is; of several at once the one that was started last is shown."""
        with self._lock:
            if file_index != self._file_index:
                return
            self._done_count, self._total = done_count, frame_count
            self._update()

    def _show(self) -> None:
        """Put the bar on the screen; called by the timer, in its own thread."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        with self._lock:
            if self._timer is None:
                return
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeElapsedColumn(),
                TextColumn("ETA"),
                TimeRemainingColumn(),
            )
            console = Console(stderr=True)
            self._bar = Progress(*columns, console=console, transient=True, redirect_stdout=False)
            self._file_task = self._bar.add_task("")
            self._all_task = self._bar.add_task("") if self._file_count > 1 else None
            self._update()
            self._bar.start()

    def _update(self) -> None:
        """Bring the bar up to date; the lock must be held."""
        if self._bar is None:
            return
        name = self._name if len(self._name) <= _LONGEST_NAME else f"{self._name[:39]}\u2026"
        self._bar.update(
            self._file_task, description=name, completed=self._done_count, total=self._total
        )
        if self._all_task is not None:
            index, count = self._file_index, self._file_count
            text = f"file {index + 1} of {count}"
            self._bar.update(self._all_task, description=text, completed=index, total=count)
