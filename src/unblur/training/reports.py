"""What a run says of itself: lines for people, rows for programs, TensorBoard for both."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from unblur.media.atomic import replacing

_log = logging.getLogger(__name__)
_SAY_EVERY_S = 10.0


class RunReports:
    """Writes `log.jsonl` and TensorBoard's files into the folder of a run."""

    def __init__(self, folder: Path, step: int) -> None:
        """Go on from `step`; what the files say of later steps, and half lines, is forgotten."""
        self._rows = folder / "log.jsonl"
        if self._rows.exists():
            _cut_back(self._rows, step)
        self._board = SummaryWriter(folder / "tensorboard", purge_step=step)

    def add_scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Put figures on the board."""
        for name, value in values.items():
            self._board.add_scalar(name, value, step)

    def add_row(self, step: int, values: Mapping[str, float]) -> None:
        """Write a line of JSON, and put its figures on the board."""
        rounded = {name: round(value, 5) for name, value in values.items()}
        with self._rows.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **rounded}) + "\n")
        self.add_scalars(step, values)

    def add_triplets(self, step: int, triplets: Tensor) -> None:
        """Put pictures on the board: (N, 3, H, 3W), blurry, restored and sharp side by side."""
        self._board.add_images("blurry_restored_sharp", triplets, step)

    def close(self) -> None:
        """Write out what is still in memory."""
        self._board.close()


def _cut_back(rows: Path, step: int) -> None:
    """Leave only the whole lines of `rows` that are not after `step`."""
    lines = rows.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    kept = [line for line in lines if _step_of(line) <= step]
    if kept != lines:
        with replacing(rows) as unfinished:
            unfinished.write_text("".join(kept), encoding="utf-8")


def _step_of(line: str) -> float:
    """The step that a row is of; infinite where the line was not written whole."""
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return math.inf


class Ticker:
    """Sums up steps, and knows when to save and when to say something."""

    def __init__(self, save_every_s: float) -> None:
        self._save_every_s = save_every_s
        self._saved_at = self._said_at = time.monotonic()
        self._sums: dict[str, float] = {}
        self._steps = self._crops = 0

    def count(self, values: dict[str, float], crops: int) -> None:
        """Add one step."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._steps, self._crops = self._steps + 1, self._crops + crops

    def take(self) -> dict[str, float]:
        """The mean losses and the crops a second since the last time."""
        now = time.monotonic()
        means = {name: value / max(1, self._steps) for name, value in self._sums.items()}
        means["crops_per_s"] = self._crops / max(1e-9, now - self._said_at)
        self._sums, self._steps, self._crops, self._said_at = {}, 0, 0, now
        return means

    def is_due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self._saved_at > self._save_every_s

    def is_time_to_say(self) -> bool:
        """Whether it is time for a line."""
        return time.monotonic() - self._said_at > _SAY_EVERY_S

    def restart(self) -> None:
        """Say that it was saved now."""
        self._saved_at = time.monotonic()


def say_progress(values: Mapping[str, float]) -> None:
    """Log one line on where the run stands."""
    _log.info(
        "step %d, %.1f %% done, %s left: loss %.4f, %.0f crops/s, "
        "validation %.2f dB (%+.3f, best %+.3f)",
        values["step"],
        100 * values["progress"],
        _duration(values["seconds_left"]),
        values["loss"],
        values["crops_per_s"],
        values["restored_psnr_db"],
        values["gain_db"],
        values["best_gain_db"],
    )


def _duration(seconds: float) -> str:
    """Hours and minutes, or minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
