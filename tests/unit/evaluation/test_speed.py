"""Timing: every combination gets a row, and what cannot be had says why."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest

from unblur.errors import ComputationError
from unblur.evaluation import speed
from unblur.evaluation.command_speed import time_image_command
from unblur.evaluation.energy import find_meter
from unblur.evaluation.memory import measure_peak_memory_mb, own_peak_mb
from unblur.evaluation.speed import SpeedRequest, benchmark_models
from unblur.evaluation.speed_record import growth_chart, speed_record
from unblur.weights.store import StoredModel, find_model

LIVE = find_model("live")


def test_rows_hold_a_median_between_the_fastest_and_the_slowest() -> None:
    rounds: list[tuple[int, int]] = []
    rows = benchmark_models(
        SpeedRequest([LIVE], sizes=[(32, 48)], precisions=["fp32", "int8"], rounds=3),
        report=lambda done, count: rounds.append((done, count)),
    )
    assert [(row.precision, row.error) for row in rows] == [("fp32", ""), ("int8", "")]
    for row in rows:
        assert 0 < row.fastest_ms <= row.median_ms <= row.slowest_ms
        assert 0 <= row.spread_ms <= 2 * (row.slowest_ms - row.fastest_ms)
        assert row.frames_per_s == pytest.approx(1000 / row.median_ms)
    assert rounds == [(1, 3), (2, 3), (3, 3)]


def test_what_cannot_be_opened_becomes_a_row_with_its_reason() -> None:
    (row,) = benchmark_models(
        SpeedRequest(
            [LIVE], sizes=[(32, 48)], runtimes=["onnxruntime"], precisions=["bf16"], rounds=1
        )
    )
    assert math.isnan(row.median_ms)
    assert "bf16" in row.error or "onnxruntime" in row.error
    record = speed_record([row], "unblur benchmark")
    assert record.rows == []
    assert record.faults == [f"live, onnxruntime, bf16, 48x32: {row.error}"]


def test_threads_sizes_and_precisions_are_combined() -> None:
    request = SpeedRequest(
        [LIVE], sizes=[(16, 16), (32, 48)], precisions=["fp32"], thread_counts=[1, 2], rounds=1
    )
    rows = benchmark_models(request)
    assert [(row.height, row.thread_count) for row in rows] == [(16, 1), (16, 2), (32, 1), (32, 2)]
    record = speed_record(rows, "unblur benchmark")
    assert record.title == "Speed of frames of 16x16 to 48x32"
    chart = growth_chart(record)
    assert chart.count("<circle") == 4
    assert "live, openvino, fp32, 1 threads" in chart


def test_times_are_compared_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    # two rounds, the second on a machine that is ten times slower; the reference takes 4 units
    units = itertools.cycle([4, 1, 40, 10])
    moments = itertools.accumulate(
        itertools.chain.from_iterable((0, next(units)) for _ in itertools.count())
    )
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(moments))
    reference = StoredModel("original", LIVE.files)
    rows = benchmark_models(
        SpeedRequest([LIVE], sizes=[(16, 16)], precisions=["fp32"], rounds=2, reference=reference)
    )
    assert [(row.model, row.times_faster) for row in rows] == [("original", 1), ("live", 4)]


def test_a_failure_while_timing_becomes_the_rows_error(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fail_at_last(*arguments: object) -> None:
        calls.append(1)
        if len(calls) > 3:
            raise ComputationError("the machine melted")

    monkeypatch.setattr(speed, "restore_any_size", fail_at_last)
    (row,) = benchmark_models(SpeedRequest([LIVE], sizes=[(16, 16)], precisions=["fp32"], rounds=3))
    assert row.error == "the machine melted"
    assert len(calls) == 4


def test_the_whole_command_is_timed() -> None:
    assert all(0.1 < seconds < 60 for seconds in time_image_command("live", (48, 64), rounds=1))


def test_memory_is_that_of_a_process_of_its_own() -> None:
    size = (64, 64, 1)
    ballast = bytearray(b"x") * 400_000_000
    peak_mb = measure_peak_memory_mb(LIVE.find("onnx"), "openvino", "fp32", size)
    assert 40 < peak_mb < own_peak_mb()
    assert own_peak_mb() > len(ballast) / 1e6
    assert math.isnan(measure_peak_memory_mb(Path("missing.onnx"), "openvino", "fp32", size))


def write_counters(folder: Path, *values: int) -> None:
    for index, value in enumerate(values):
        zone = folder / f"intel-rapl:{index}"
        zone.mkdir(parents=True, exist_ok=True)
        (zone / "energy_uj").write_text(f"{value}\n")
        (zone / "max_energy_range_uj").write_text("1000000000\n")
    (folder / "intel-rapl:0:0").mkdir(exist_ok=True)


def test_energy_is_added_over_packages_and_over_the_end_of_the_counter(tmp_path: Path) -> None:
    write_counters(tmp_path, 999_000_000, 5_000_000)
    meter, note = find_meter(tmp_path)
    assert meter is not None
    assert note == ""
    write_counters(tmp_path, 2_000_000, 6_500_000)  # 1 + 2 J round the end, and 1.5 J
    assert meter.read_j() == pytest.approx(4.5)
    assert meter.read_j() == pytest.approx(4.5)


def test_where_energy_is_not_told_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter, note = find_meter(tmp_path)
    assert meter is None
    assert note.startswith("Energy is not to be had here: this machine has no counters in ")
    write_counters(tmp_path, 1)
    (tmp_path / "intel-rapl:0" / "max_energy_range_uj").unlink()
    meter, note = find_meter(tmp_path)
    assert meter is None
    assert "cannot be read" in note
