"""How live a live session is: a real sender, `unblur live`, and a real receiver, on one machine.

The sender writes the time into each picture, the receiver reads it back: what is measured
lies between a picture before its first encoder and behind its second decoder.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unblur.errors import ComputationError
from unblur.evaluation.processes import MemoryWatch, RunningProcess, running
from unblur.evaluation.records import Record, Row, plain_row
from unblur.media.srt_relay import free_udp_port
from unblur.restoration.tiling import ReportProgress

_WARM_UP_S = 20.0
"""Left out of what is said of growth: buffers fill, and the effort is being found."""
_FAREWELL_S = 20.0
_OPENING_S = 60.0
_PART_S = 5.0
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """What is to be measured."""

    seconds: float
    height: int
    width: int
    rate: int
    live_options: Sequence[str] = ()
    """More words for `unblur live`."""
    clip: Path | None = None
    """Whose pictures are sent; None: a pattern."""


def measure_live(requests: Sequence[LiveRequest], command: str, report: ReportProgress) -> Record:
    """A row for each request, one after the other.

    Raises ComputationError when one of the three processes fails.
    """
    notes = [
        "sent: H.264 with AAC in MPEG-TS over UDP on this machine, which also received and read "
        "the result; age: from before the sender's encoder to behind the receiver's decoder, by "
        "the time in the picture",
        f"growth: slope of the {_PART_S:g} s medians after the first {_WARM_UP_S:g} s",
    ]
    rows = [_measure(request, report) for request in requests]
    return Record("live", "Live", command, rows, notes=notes)


def _measure(request: LiveRequest, report: ReportProgress) -> Row:
    """Run the three processes and put together what they saw."""
    source, sink = (f"udp://127.0.0.1:{free_udp_port()}" for _ in range(2))
    sender = [sys.executable, "-m", "unblur.media.stamped_stream"]
    live = [sys.executable, "-m", "unblur", "live", source, "--to", sink, "--json"]
    sending = [
        *("send", source, str(request.seconds + _OPENING_S), "--rate", str(request.rate)),
        *("--height", str(request.height), "--width", str(request.width)),
        *(["--clip", str(request.clip)] if request.clip else []),
    ]
    with (
        running([*sender, "receive", sink, str(request.seconds)]) as receiver,
        running([*live, *request.live_options]) as restoring,
        # It sends for longer than is measured: until the receiver has seen enough.
        running([*sender, *sending]),
    ):
        watch = MemoryWatch(restoring.process)
        received = _wait_for(receiver, restoring, request.seconds, report)
        watch.end()
        restoring.process.terminate()
        restoring.process.wait(_FAREWELL_S)
        lines = [json.loads(line) for line in restoring.printed().splitlines()]
    return _make_row(request, received, lines, watch)


def _make_row(
    request: LiveRequest, received: dict[str, Any], lines: list[Row], watch: MemoryWatch
) -> Row:
    """The figures, from what the receiver and `unblur live` saw."""
    ages, arrivals = np.array(received["ages_ms"]), np.array(received["arrivals_s"])
    seconds = [line for line in lines if not line["is_summary"]]
    total = next((line for line in lines if line["is_summary"]), {})
    ahead = received["sound_ahead_ms"]
    resolutions = [line["resolution"] for line in seconds] or [math.nan]
    return plain_row(
        {
            "size": f"{request.width}x{request.height}",
            "sent_frames_per_s": request.rate,
            "seconds": round(received["seconds"], 1),
            "frames_per_s": round(received["frames"] / max(1e-3, received["seconds"]), 2),
            "age_ms": float(np.median(ages)) if len(ages) else math.nan,
            "age_ms_95": float(np.quantile(ages, 0.95)) if len(ages) else math.nan,
            "age_growth_ms_per_min": _growth_per_min(arrivals, ages),
            "dropped": total.get("dropped"),
            "disordered": received["disordered"],
            "unreadable": received["unreadable"],
            "sound_packets": received["sound_packets"],
            "sound_ahead_ms": float(np.median(ahead)) if ahead else math.nan,
            "mean_resolution": round(float(np.mean(resolutions)), 3),
            "memory_mb_start": watch.after(_WARM_UP_S),
            "memory_mb_end": watch.last(),
            "memory_growth_mb_per_min": _growth_per_min(
                np.array(watch.seconds), np.array(watch.resident_mb)
            ),
        }
    )


def _growth_per_min(moments_s: np.ndarray, values: np.ndarray) -> float:
    """Slope of a line through the medians of parts of `_PART_S`, warm-up left out."""
    parts = (moments_s // _PART_S).astype(int)
    chosen = [part for part in np.unique(parts) if part * _PART_S >= _WARM_UP_S]
    if len(chosen) < 3:
        return math.nan
    medians = [float(np.median(values[parts == part])) for part in chosen]
    return float(np.polyfit(np.array(chosen) * _PART_S / 60, medians, 1)[0])


def _wait_for(
    receiver: RunningProcess, restoring: RunningProcess, seconds: float, report: ReportProgress
) -> dict[str, Any]:
    """What the receiver prints in the end; raises ComputationError where there is nothing."""
    started_s = time.monotonic()
    while receiver.process.poll() is None:
        waited_s = time.monotonic() - started_s
        report(min(round(waited_s), round(seconds)), round(seconds))
        if restoring.process.poll() is not None:
            raise ComputationError(f"unblur live ended early: {restoring.last_words()}")
        if waited_s > seconds + _OPENING_S:
            break
        time.sleep(_POLL_S)
    try:
        received = json.loads(receiver.printed())
    except ValueError:
        raise ComputationError(
            f"the receiver saw nothing: {receiver.last_words()}; unblur live: "
            f"{restoring.last_words()}"
        ) from None
    return received
