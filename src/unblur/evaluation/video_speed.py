"""How fast a video file is restored: `unblur restore` against one frame after the other.

A clip with sound is made, and both restore it with the same network, in turns, each in a
process of its own that is timed from its start to its end.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from unblur.errors import ComputationError
from unblur.evaluation.processes import MemoryWatch, running
from unblur.evaluation.records import Record, Row, plain_row
from unblur.facts import Precision
from unblur.media.pattern import Pattern
from unblur.media.stamped_stream import send
from unblur.media.video_reader import open_video
from unblur.media.video_writer import create_video
from unblur.restoration.restorer import Restorer
from unblur.restoration.tiling import ReportProgress
from unblur.runtimes.opening import report_runtimes

PIPELINE = "unblur restore"
PLAIN = "one frame after the other"
_WARM_UP_S = 10.0
"""By then every buffer is full: what memory grows by after it grows with the video."""


@dataclass(frozen=True, slots=True)
class VideoSpeedRequest:
    """What is to be measured."""

    model: str
    height: int
    width: int
    frame_count: int = 300
    rate: int = 30
    rounds: int = 3
    clip: Path | None = None
    """Whose pictures are in the video; None: a pattern."""
    has_plain: bool = True
    """Whether one frame after the other is measured, too."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to restore the clip."""

    name: str
    runtime: str
    precision: Precision

    def words(self, clip: Path, target: Path, model: str) -> list[str]:
        """The command."""
        if self.name == PLAIN:
            told = [str(clip), str(target), model, self.runtime, self.precision]
            return [sys.executable, "-m", __name__, *told]
        return [
            *(sys.executable, "-m", "unblur", "restore", str(clip), "-o", str(target)),
            *("--model", model, "--runtime", self.runtime, "--precision", self.precision),
            *("--overwrite", "--quiet"),
        ]


def measure_video_speed(
    requests: Sequence[VideoSpeedRequest], command: str, report: ReportProgress
) -> Record:
    """The rows of each request, one request after the other.

    Raises ComputationError when restoring fails.
    """
    notes = [
        "a whole command: start-up, H.264 with AAC sound read from and written to MP4",
        "seconds: medians of rounds in which they took turns; times slower: than "
        f"`{PIPELINE}`, which decodes, restores and encodes at the same time",
        f"MB at first, at last: memory of the last round's process after {_WARM_UP_S:g} s, if it "
        "lasts as long, and at its end",
    ]
    rows = [row for request in requests for row in _measure(request, report)]
    return Record("video_speed", "Video files", command, rows, notes=notes)


def _measure(request: VideoSpeedRequest, report: ReportProgress) -> list[Row]:
    """Make the clip, restore it in every way and every round."""
    ways = _ways(request)
    runs: dict[_Way, list[tuple[float, MemoryWatch]]] = {way: [] for way in ways}
    with TemporaryDirectory(prefix="unblur-") as folder:
        clip, target = Path(folder, "clip.mp4"), Path(folder, "restored.mp4")
        pattern = Pattern(request.height, request.width, request.clip)
        seconds = request.frame_count / request.rate
        send(str(clip), seconds, pattern, request.rate, is_paced=False)
        for turn in range(request.rounds * len(ways)):
            way = ways[turn % len(ways)]
            report(turn, request.rounds * len(ways))
            runs[way].append(_time(way.words(clip, target, request.model)))
    usual_s = _median_s(runs[ways[0]])
    return [_make_row(request, way, runs[way], usual_s) for way in ways]


def _ways(request: VideoSpeedRequest) -> list[_Way]:
    """`unblur restore` as it does videos; then plainly the same, and in fp32 on each runtime."""
    ways = [_Way(PIPELINE, "openvino", "int8")]
    if request.has_plain:
        ways.append(_Way(PLAIN, "openvino", "int8"))
        ways += [_Way(PLAIN, it.name, "fp32") for it in report_runtimes() if it.is_available]
    return ways


def _time(words: list[str]) -> tuple[float, MemoryWatch]:
    """How many seconds a command takes, and its memory; raises ComputationError on failure."""
    started_s = time.monotonic()
    with running(words) as restoring:
        watch = MemoryWatch(restoring.process)
        restoring.process.wait()
        seconds = time.monotonic() - started_s
        watch.end()
        if restoring.process.returncode != 0:
            raise ComputationError(f"restoring the clip failed: {restoring.last_words()}")
    return seconds, watch


def _median_s(runs: Sequence[tuple[float, MemoryWatch]]) -> float:
    """How long it took in the middle of the rounds."""
    return median(seconds for seconds, _ in runs)


def _make_row(
    request: VideoSpeedRequest, way: _Way, runs: Sequence[tuple[float, MemoryWatch]], usual_s: float
) -> Row:
    """The figures of one way."""
    seconds = _median_s(runs)
    watch = runs[-1][1]
    return plain_row(
        {
            "way": way.name,
            "model": request.model,
            "runtime": way.runtime,
            "precision": way.precision,
            "size": f"{request.width}x{request.height}",
            "frame_count": request.frame_count,
            "rounds": request.rounds,
            "seconds": round(seconds, 2),
            "frames_per_s": round(request.frame_count / seconds, 2),
            "times_slower": round(seconds / usual_s, 2),
            "memory_mb_early": watch.after(_WARM_UP_S),
            "memory_mb_end": watch.last(),
            "memory_mb_peak": max(watch.resident_mb, default=math.nan),
        }
    )


def restore_plainly(source: Path, target: Path, restorer: Restorer) -> None:
    """Read, restore and write each frame before the next one is read."""
    with open_video(source) as reader, create_video(target, like=reader) as writer:
        for frame in reader.frames():
            writer.write(replace(frame, pixels=restorer.restore(frame.pixels)))


def main(words: list[str]) -> None:
    """Restore plainly, as `words` say."""
    source, target, model, runtime, precision = words
    options = {"runtime": runtime, "precision": precision}
    with Restorer(model, **options) as restorer:  # pyright: ignore[reportArgumentType]
        restore_plainly(Path(source), Path(target), restorer)


if __name__ == "__main__":
    main(sys.argv[1:])
