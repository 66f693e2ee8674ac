"""`unblur benchmark --video`: the whole command against one frame after the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clips import long_clip, make_clip, packets_of
from unblur.apps.cli.main import main
from unblur.errors import ComputationError
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
    assert rows[0]["times_slower"] == 1
    for row in rows:
        assert row["frames_per_s"] == pytest.approx(12 / row["seconds"], rel=0.05)
        assert row["times_slower"] == pytest.approx(row["seconds"] / rows[0]["seconds"], abs=0.02)
        assert 0 < row["memory_mb_end"] <= row["memory_mb_peak"]
    assert json.loads((tmp_path / "video.json").read_text())["rows"] == rows


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


def test_one_thing_is_measured_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "--video", "--live"]) == 2
    assert "give one of them" in capsys.readouterr().err
