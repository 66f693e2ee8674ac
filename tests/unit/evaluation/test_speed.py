"""Timing: every combination gets a row, and what cannot be had says why."""

from __future__ import annotations

import math

from unblur.evaluation.speed import benchmark_models, time_image_command


def test_rows_hold_a_median_between_the_fastest_and_the_slowest() -> None:
    rounds: list[tuple[int, int]] = []
    rows = benchmark_models(
        ["live"],
        sizes=[(32, 48)],
        precisions=["fp32", "int8"],
        rounds=3,
        report=lambda done, count: rounds.append((done, count)),
    )
    assert [(row.precision, row.error) for row in rows] == [("fp32", ""), ("int8", "")]
    for row in rows:
        assert 0 < row.fastest_ms <= row.median_ms <= row.slowest_ms
    assert rounds == [(1, 3), (2, 3), (3, 3)]


def test_what_cannot_be_opened_becomes_a_row_with_its_reason() -> None:
    (row,) = benchmark_models(
        ["live"], sizes=[(32, 48)], runtimes=["onnxruntime"], precisions=["bf16"], rounds=1
    )
    assert math.isnan(row.median_ms)
    assert "bf16" in row.error or "onnxruntime" in row.error


def test_the_whole_command_is_timed() -> None:
    assert all(0.1 < seconds < 60 for seconds in time_image_command("live", (48, 64), rounds=1))
