"""Speed as a record and as a picture of how cost grows with pixels."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from unblur.evaluation.charts import Axis, Line, line_chart
from unblur.evaluation.command_speed import time_image_command
from unblur.evaluation.records import Record, Row, as_row
from unblur.evaluation.speed import SpeedRow

_ALTERNATING = (
    "Candidates take turns in every round after {warm_ups}; the time is the median of "
    "{rounds} rounds, the spread is between their quartiles"
)
_MEMORY = "Peak memory is of a process of its own, interpreter and libraries included"
_RATIO = (
    "Times faster: than the original fpn_mobilenet (built from our own code, random weights) in "
    "fp32 on the same runtime and threads in the same rounds; the median of the rounds' ratios"
)


def speed_record(
    rows: Sequence[SpeedRow], command: str, energy_note: str = "", commands: Sequence[Row] = ()
) -> Record:
    """What was timed as a record; `commands` are rows of `time_command`."""
    timed = [row for row in rows if not row.error]
    rounds = timed[0].round_count if timed else 0
    told = {
        _ALTERNATING.format(warm_ups="a warm-up", rounds=rounds): bool(timed),
        _MEMORY: any(row.peak_memory_mb > 0 for row in timed),
        _RATIO: any(row.times_faster > 0 for row in timed),
        energy_note: bool(energy_note),
    }
    return Record(
        "speed",
        title=f"Speed of frames of {_name_sizes(timed)}",
        command=command,
        rows=[*(as_row(row) for row in timed), *commands],
        faults=[
            f"{row.model}, {row.runtime}, {row.precision}, {row.width}x{row.height}: {row.error}"
            for row in rows
            if row.error
        ],
        notes=[sentence for sentence, is_so in told.items() if is_so],
    )


def _name_sizes(rows: Sequence[SpeedRow]) -> str:
    """The one size, or the smallest and the largest."""
    sizes = sorted({(row.height * row.width, f"{row.width}x{row.height}") for row in rows})
    names = [name for _, name in sizes] or ["no size"]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def time_command(model: str, height: int = 720, width: int = 1280) -> Row:
    """A row on the whole command for a JPEG, start-up included; raises ComputationError."""
    times_ms = [1000 * seconds for seconds in time_image_command(model, (height, width))]
    figures: dict[str, Any] = {
        "median_ms": statistics.median(times_ms),
        "fastest_ms": min(times_ms),
        "slowest_ms": max(times_ms),
    }
    about = {"model": model, "runtime": "unblur restore, a JPEG", "height": height, "width": width}
    return {**about, "round_count": len(times_ms), **figures}


def growth_chart(record: Record) -> str:
    """How the time grows with pixels, as SVG; raises ValueError where nothing was timed.

    The fastest of the rounds is drawn: what else the machine does only ever adds to a time.
    """
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in record.rows:
        if "precision" in row:
            name = ", ".join(str(row[key]) for key in ("model", "runtime", "precision"))
            point = (row["height"] * row["width"] / 1e6, row["fastest_ms"])
            lines.setdefault(f"{name}, {row['thread_count']} threads", []).append(point)
    points = [point for line in lines.values() for point in line]
    return line_chart(
        "Time of a frame by its size, fastest of the rounds",
        [Line(name, sorted(line)) for name, line in lines.items()],
        Axis.over("megapixels", [x for x, _ in points], is_logarithmic=True),
        Axis.over("milliseconds", [y for _, y in points], is_logarithmic=True),
    )
