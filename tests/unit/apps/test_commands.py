"""Each command in this process, with a restorer that adds a constant."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.fakes import FakeRestorer
from unblur.apps.cli import machine
from unblur.apps.cli.commands import benchmark as benchmark_module
from unblur.apps.cli.main import main
from unblur.evaluation import energy, speed, speed_record
from unblur.evaluation.speed import SpeedRequest, SpeedRow
from unblur.facts import NetworkFacts
from unblur.restoration import file_jobs, many_files
from unblur.runtimes import opening
from unblur.runtimes.opening import RuntimeReport
from unblur.weights import store
from unblur.weights.store import StoredModel, find_model


@pytest.fixture(autouse=True)
def _fake_restorer(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeRestorer.opened.clear()
    monkeypatch.setattr(file_jobs, "Restorer", FakeRestorer)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with `a.png` and `b.png` in it."""
    for name in ("a.png", "b.png"):
        Image.new("RGB", (32, 24), (100, 100, 100)).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def json_rows(text: str) -> list[dict[str, Any]]:
    """The objects of a text with one JSON object on each line."""
    return [json.loads(line) for line in text.splitlines()]


def test_one_picture_is_one_line(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a.png"]) == 0
    streams = capsys.readouterr()
    (line,) = streams.out.splitlines()
    assert line.startswith("a.png -> a_unblurred.png  32x24, ")
    assert line.endswith("live_large (fake CPU fp32, self-ensemble 4)")
    assert streams.err == "  note: the fake was here\n"


def test_several_pictures_end_in_a_summary(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "c.png").write_bytes(b"")
    (photos / "notes.txt").touch()
    (photos / "b_unblurred.png").touch()
    assert main([".", "-o", "out"]) == 1
    streams = capsys.readouterr()
    assert streams.out.splitlines()[-1] == "2 restored, 1 failed, 2 skipped"
    assert "failed: " in streams.err
    assert (photos / "out" / "a_unblurred.png").exists()


def test_json_is_one_object_for_each_file_and_nothing_else_on_stdout(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "b_unblurred.png").touch()
    assert main(["--json", "a.png", "b.png", "gone.png"]) == 1
    rows = json_rows(capsys.readouterr().out)
    statuses = {row["input"]: row["status"] for row in rows}
    assert statuses == {"a.png": "restored", "b.png": "skipped", "gone.png": "failed"}
    row = next(row for row in rows if row["input"] == "a.png")
    assert row["output"] == "a_unblurred.png"
    assert (row["width"], row["height"], row["frame_count"]) == (32, 24, None)
    assert row["notes"] == ["the fake was here"]
    assert row["error"] is None
    assert set(row) == {
        *("input", "output", "status", "seconds", "width", "height"),
        *("frame_count", "repeated_count", "sharp_count", "previews"),
        *("model", "runtime", "device", "precision", "self_ensemble", "notes", "error"),
    }


def test_files_that_a_folder_brings_and_that_are_left_out_are_named(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("notes.txt", "b_unblurred.png"):
        (photos / name).touch()
    assert main([".", "-o", "out"]) == 0
    assert capsys.readouterr().err.splitlines()[:2] == [
        "skipped b_unblurred.png: named like a result of unblur",
        "skipped notes.txt: no picture or video of a kind that unblur reads",
    ]
    assert main([".", "-o", "out", "--overwrite", "--json"]) == 0
    rows = json_rows(capsys.readouterr().out)
    left_out = {row["input"]: row["notes"] for row in rows if row["status"] == "skipped"}
    assert left_out == {
        "b_unblurred.png": ["named like a result of unblur"],
        "notes.txt": ["no picture or video of a kind that unblur reads"],
    }


def test_quiet_says_only_what_failed(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photos / "c.png").write_bytes(b"")
    assert main(["--quiet", "a.png", "b.png", "c.png"]) == 1
    streams = capsys.readouterr()
    assert streams.out == ""
    assert len(streams.err.splitlines()) == 1
    assert "c.png" in streams.err


def test_options_reach_the_restorer(photos: Path) -> None:
    words = "--model live --device cpu --runtime onnxruntime --precision bf16 --tile-px 256"
    words += " --self-ensemble 2"
    assert main(["restore", "a.png", *words.split()]) == 0
    assert FakeRestorer.opened == [
        {
            "model": "live",
            "device": "cpu",
            "runtime": "onnxruntime",
            "precision": "bf16",
            "tile_px": 256,
            "self_ensemble": 2,
            "thread_count": None,
        }
    ]


def test_jobs_share_the_cores(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_files.psutil, "cpu_count", lambda logical: 8)
    assert main([".", "--jobs", "3"]) == 0
    assert {each["thread_count"] for each in FakeRestorer.opened} == {2}
    assert many_files.threads_each(20) == 1


def test_compare_also_writes_before_and_after(photos: Path) -> None:
    assert main(["a.png", "--compare"]) == 0
    assert (photos / "a_compare.png").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["gone.png"], "there is no file or folder 'gone.png'"),
        (["empty"], "no picture or video in empty"),
        (["a.png", "b.png", "-o", "x.png"], "2 inputs cannot all be written"),
        (["b.png", "--model", "nonsense"], "no model named 'nonsense'"),
        (["b.png", "--model", "gone.onnx"], "there is no model file gone.onnx"),
        (["a.png"], "a_unblurred.png exists"),
    ],
)
def test_wrong_requests_start_nothing(
    photos: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    (photos / "empty").mkdir()
    (photos / "a_unblurred.png").touch()
    before = sorted(photos.rglob("*"))
    assert main(words) == 2
    streams = capsys.readouterr()
    assert sentence in streams.err
    assert len(streams.err.splitlines()) == 1
    assert streams.out == ""
    assert sorted(photos.rglob("*")) == before
    assert FakeRestorer.opened == []


def test_overwrite_replaces_what_is_there(photos: Path) -> None:
    (photos / "a_unblurred.png").touch()
    assert main(["a.png", "--overwrite"]) == 0
    assert (photos / "a_unblurred.png").stat().st_size > 0


def test_names_that_would_break_the_screen_are_escaped(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "a.png").rename(photos / "new\nline \U0001f3de.png")
    assert main(["new\nline \U0001f3de.png"]) == 0
    assert capsys.readouterr().out.startswith("new\\nline \U0001f3de.png -> new\\nline")


def fake_models(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let one model be bundled, whose facts are known."""
    facts = NetworkFacts(
        "live",
        "For tests.",
        parameter_count=1_600_000,
        metrics={"reds_020_psnr_gain_db": 0.91, "frame_1280x720_int8_ms": 123.4},
        measured_on="a processor; OpenVINO on 2 threads",
    )
    (folder / "live.onnx").write_bytes(b"0" * 3_000_000)
    model = StoredModel("live", {"onnx": folder / "live.onnx"})
    monkeypatch.setattr(store, "list_models", lambda: [model])
    monkeypatch.setattr(StoredModel, "read_facts", lambda model: facts)


def test_models_tells_the_facts_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_models(monkeypatch, tmp_path)
    assert main(["models"]) == 0
    shown = capsys.readouterr().out
    for part in ("live", "For tests.", "1.60 million", "onnx 3.0 MB", "Apache-2.0", "0.91"):
        assert part in shown
    assert "frame_1280x720_int8_ms  123.4" in shown
    assert "a processor; OpenVINO on 2 threads" in shown
    assert main(["models", "--json"]) == 0
    (row,) = json_rows(capsys.readouterr().out)
    assert row["size_bytes"] == {"onnx": 3_000_000}
    assert row["metrics"]["reds_020_psnr_gain_db"] == 0.91


def test_models_tells_of_the_named_alone(capsys: pytest.CaptureFixture[str]) -> None:
    path = find_model("live_fast").find("onnx_int8")
    assert main(["models", "mobilenet", str(path), "--json"]) == 0
    rows = json_rows(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["mobilenet", "live_fast"]
    assert all(len(row["size_bytes"]) == 3 for row in rows)


def test_doctor_tells_what_works_and_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = [
        RuntimeReport("openvino", True, "2026.4", ("CPU: a processor",), ""),
        RuntimeReport("torch", False, "", (), "pip install 'unblur[torch]'"),
    ]
    monkeypatch.setattr(opening, "report_runtimes", lambda: reports)
    monkeypatch.setattr(machine, "read_instruction_sets", lambda: {"avx2": True})
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    for part in ("CPU: a processor", "for the torch runtime: pip install 'unblur[torch]'", "h264"):
        assert part in shown
    assert main(["doctor", "--json"]) == 0
    (row,) = json_rows(capsys.readouterr().out)
    assert row["version"]
    assert row["instruction_sets"] == {"avx2": True}
    assert row["video_codecs"]["h264"] is True
    assert row["runtimes"][1]["is_available"] is False


def test_doctor_says_where_instruction_sets_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "report_runtimes", list)
    monkeypatch.setattr(machine, "read_instruction_sets", lambda: None)
    assert main(["doctor"]) == 0
    assert "unknown on this system" in capsys.readouterr().out


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[SpeedRequest]:
    """Requests that reach the timing; what it answers is made up."""
    asked: list[SpeedRequest] = []
    rows = [
        SpeedRow("live", "openvino", "int8", 720, 1280, 2, 3, 28.04, 27.0, 30.0),
        SpeedRow("live", "torch", "int8", 720, 1280, 2, 3, error="there is no int8 for torch"),
    ]

    def time_models(request: SpeedRequest, meter: object, report: object) -> list[SpeedRow]:
        asked.append(request)
        return rows

    monkeypatch.setattr(speed, "benchmark_models", time_models)
    monkeypatch.setattr(speed_record, "time_image_command", lambda model, size: [1.5, 1.25, 9.0])
    monkeypatch.setattr(energy, "find_meter", lambda: (None, "Energy is not to be had here"))
    return asked


def test_benchmark_prints_what_was_timed_and_what_was_not(
    timed: list[SpeedRequest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["benchmark", "--model", "live", "--runtime", "torch", "--size", "640x480"]
    words += ["--size", "4K", "--rounds", "3", "--threads", "2", "--precision", "int8"]
    files = ["--save", str(tmp_path / "kept.json"), "--plot", str(tmp_path / "growth.svg")]
    assert main([*words, *files]) == 0
    streams = capsys.readouterr()
    assert re.search(r"live +openvino +int8 +2 +1280x720 +28\.0 ", streams.out)
    assert re.search(r"live +unblur restore, a JPEG .* 1500\.0 ", streams.out)
    assert "the median of 3 rounds" in streams.out
    assert "Energy is not to be had here." in streams.out
    assert "not measured: live, torch, int8, 1280x720: there is no int8 for torch" in streams.err
    (request,) = timed
    assert [model.name for model in request.models] == ["live"]
    assert request.sizes == [(480, 640), (2160, 3840)]
    assert (request.runtimes, request.precisions) == (["torch"], ["int8"])
    assert (request.rounds, request.thread_counts, request.reference) == (3, [2], None)
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert [row["median_ms"] for row in kept["rows"]] == [28.04, 1500]
    assert "live, openvino, int8, 2 threads" in (tmp_path / "growth.svg").read_text()
    assert main([*words, "--json"]) == 0
    row, whole_command = json_rows(capsys.readouterr().out)
    assert (row["median_ms"], row["energy_j"]) == (28.04, None)
    assert (whole_command["model"], whole_command["median_ms"]) == ("live", 1500)


def test_benchmark_takes_everything_without_a_word(timed: list[SpeedRequest]) -> None:
    assert main(["benchmark"]) == 0
    (request,) = timed
    assert [model.name for model in request.models] == [
        "live",
        "live_fast",
        "live_large",
        "mobilenet",
        "mobilenet_dsc",
        "mobilenet_perceptual",
    ]
    assert "openvino" in request.runtimes
    assert request.precisions == ["fp32", "bf16", "int8"]
    assert request.sizes == [(720, 1280)]


def test_a_size_is_given_width_first() -> None:
    assert benchmark_module.parse_size("1280x720") == (720, 1280)
    assert benchmark_module.parse_size("1080p") == (1080, 1920)
