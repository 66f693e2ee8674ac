"""How much memory restoring takes: the peak of a process that does nothing else."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil

from unblur.evaluation.processes import BYTES_PER_MB
from unblur.facts import Precision
from unblur.restoration.tiling import restore_any_size
from unblur.runtimes.base import RuntimeName, RuntimeOptions
from unblur.runtimes.opening import open_runtime

_FRAMES = 2


def measure_peak_memory_mb(
    file: Path, runtime: RuntimeName, precision: Precision, size: tuple[int, int, int]
) -> float:
    """Peak of a process that restores two frames; NaN where that fails.

    `size` is (height, width, threads). Interpreter and libraries are in the figure.
    """
    words = [str(file), runtime, precision, *map(str, size)]
    done = subprocess.run(  # noqa: S603 - this very module
        [sys.executable, "-m", __name__, *words], check=False, capture_output=True, text=True
    )
    try:
        return float(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return math.nan


def own_peak_mb(status: Path = Path("/proc/self/status")) -> float:
    """The most memory that this process has held so far."""
    peak_on_windows = getattr(psutil.Process().memory_info(), "peak_wset", None)
    if peak_on_windows is not None:
        return peak_on_windows / BYTES_PER_MB
    if status.is_file():  # getrusage would tell of the parent, where that was larger
        words = status.read_text(encoding="ascii").split()
        return int(words[words.index("VmHWM:") + 1]) * 1024 / BYTES_PER_MB
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / BYTES_PER_MB


def _restore_and_tell(words: list[str]) -> None:
    """Restore two frames as `words` say and print the peak of memory in MB."""
    file, runtime, precision, height, width, threads = words
    options = RuntimeOptions(
        Path(file),
        device="cpu",
        precision=precision,  # pyright: ignore[reportArgumentType]
        thread_count=int(threads),
    )
    opened = open_runtime(runtime, options)  # pyright: ignore[reportArgumentType]
    frame = np.random.default_rng(0).integers(0, 256, (int(height), int(width), 3), np.uint8)
    for _ in range(_FRAMES):
        restore_any_size(frame, opened)
    sys.stdout.write(f"{own_peak_mb()}\n")


if __name__ == "__main__":
    _restore_and_tell(sys.argv[1:])
