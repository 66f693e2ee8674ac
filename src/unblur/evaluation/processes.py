"""Processes that are measured: what they print, and how much memory they hold."""

from __future__ import annotations

import math
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

BYTES_PER_MB = 1e6
_INTERVAL_S = 0.2


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process and where it prints: into files, which never keep it waiting."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def printed(self) -> str:
        """What is on stdout so far."""
        return self.out.read_text(encoding="utf-8")

    def last_words(self) -> str:
        """The last line on stderr."""
        lines = self.err.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"


@contextmanager
def running(words: list[str]) -> Generator[RunningProcess]:
    """A process that does not outlive the block."""
    with tempfile.TemporaryDirectory(prefix="unblur-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen(  # noqa: S603 - this very package
                words, stdin=subprocess.DEVNULL, stdout=out_file, stderr=err_file
            )
        try:
            yield RunningProcess(process, out, err)
        finally:
            process.kill()
            process.wait()


class MemoryWatch:
    """Looks five times a second how much memory a process has."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.seconds: list[float] = []
        self.resident_mb: list[float] = []
        self._process = psutil.Process(process.pid)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        started_s = time.monotonic()
        with suppress(psutil.Error):
            while not self._is_over.wait(_INTERVAL_S):
                resident = self._process.memory_info().rss
                if resident:  # none is left of one that has ended
                    self.seconds.append(time.monotonic() - started_s)
                    self.resident_mb.append(resident / BYTES_PER_MB)

    def after(self, moment_s: float) -> float:
        """What it held at the first look after `moment_s`, in MB; NaN where there was none."""
        found = zip(self.seconds, self.resident_mb, strict=True)
        return next((memory for second, memory in found if second >= moment_s), math.nan)

    def last(self) -> float:
        """What it held at the last look, in MB; NaN where there was none."""
        return self.resident_mb[-1] if self.resident_mb else math.nan
