"""`unblur benchmark --video`: the whole command against one frame after the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clips import long_clip, make_clip, packets_of
from unblur.apps.cli.main import main
from unblur.errors import ComputationError
from unblur.evaluation import video_speed
from unblur.evaluation.processes import MemoryWatch
from unblur.evaluation.video_speed import (
    PIPELINE,
    PLAIN,
    VideoSpeedRequest,
    measure_video_speed,
    restore_plainly,
)
from unblur.restoration.restorer import Restorer
from unblur.runtimes.opening import report_runtimes

SMALL = ("--size", "160x96", "--frames", "12", "--rounds", "1", "--json")


def test_both_ways_are_measured_on_the_same_clip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", "--video", *SMALL, "--save", str(tmp_path / "video.json")]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    installed = [each.name for each in report_runtimes() if each.is_available]
    assert [(row["way"], row["runtime"], row["precision"]) for row in rows] == [
        (PIPELINE, "openvino", "int8"),
        (PLAIN, "openvino", "int8"),
        *((PLAIN, name, "fp32") for name in installed),
    ]
    assert all(0.2 < row["seconds"] < 60 for row in rows)
    assert all(20 < row["memory_mb_peak"] < 4000 for row in rows)
    assert json.loads((tmp_path / "video.json").read_text())["rows"] == rows


def test_medians_of_runs_in_turns_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    times_s = {PIPELINE: [2.0, 1.0, 9.0], PLAIN: [3.0, 8.0, 4.0]}
    ran: list[str] = []

    def time_it(words: list[str]) -> tuple[float, MemoryWatch]:
        way = PIPELINE if "restore" in words else PLAIN
        ran.append(way)
        watch = MemoryWatch.__new__(MemoryWatch)
        watch.seconds, watch.resident_mb = [1.0, 11.0, 12.0], [100.0, 300.0, 200.0]
        return times_s[way][ran.count(way) - 1], watch

    monkeypatch.setattr(video_speed, "_time", time_it)
    monkeypatch.setattr(video_speed, "report_runtimes", list)
    request = VideoSpeedRequest("live", 96, 160, frame_count=8)
    usual, plain = measure_video_speed([request], "", lambda done, total: None).rows
    assert ran == [PIPELINE, PLAIN] * 3
    assert (usual["seconds"], plain["seconds"]) == (2.0, 4.0)
    assert (usual["times_slower"], plain["times_slower"]) == (1.0, 2.0)
    assert (usual["frames_per_s"], plain["frames_per_s"]) == (4.0, 2.0)
    memory = [usual[f"memory_mb_{it}"] for it in ("early", "end", "peak")]
    assert memory == [300.0, 200.0, 300.0]


def test_the_whole_command_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "--video", "--no-plain", *SMALL]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["way"], row["frame_count"]) == (PIPELINE, 12)


def test_both_ways_give_the_same_frames(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "clip.mp4", long_clip(20, height=64, width=96))
    plain, usual = tmp_path / "plain.mp4", tmp_path / "usual.mp4"
    with Restorer("live", runtime="openvino", precision="int8") as restorer:
        restore_plainly(source, plain, restorer)
    words = ["restore", str(source), "-o", str(usual), "--runtime", "openvino", "--quiet"]
    assert main([*words, "--precision", "int8"]) == 0
    assert packets_of(plain, "video") == packets_of(usual, "video")


def test_what_fails_is_said(tmp_path: Path) -> None:
    request = VideoSpeedRequest("liv", 96, 160, frame_count=4, rounds=1)
    with pytest.raises(ComputationError, match=r"restoring the clip failed: .*'liv'"):
        measure_video_speed([request], "", lambda done, total: None)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--live", "--video"], "--live does not go with --video"),
        (["--live", "--plot", "x.svg"], "--live does not go with --plot"),
        (["--video", "--plot", "x.svg"], "--video does not go with --plot"),
        (["--video", "--precision", "fp32"], "--video does not go with --precision"),
        (["--video", "--size", "161x97"], "takes even sizes only; change --size"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", *words]) == 2
    assert reason in capsys.readouterr().err
