"""The page of results is that of the stored records, and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.evaluation.test_reports import RECORD
from unblur.errors import InputError
from unblur.evaluation.quality import BLURRY, MeanScore
from unblur.evaluation.records import as_row
from unblur.evaluation.results_page import (
    BEGIN,
    END,
    PAGE,
    STORED,
    drawings,
    fill_readme,
    load_records,
    readme_table,
    results_page,
    write_results,
)
from unblur.evaluation.speed import SpeedRow
from unblur.evaluation.speed_record import speed_record

ROOT = Path(__file__).parent.parent.parent


def test_the_page_and_its_drawings_are_those_of_the_records() -> None:
    records = load_records(ROOT / STORED)
    assert (ROOT / PAGE).read_text() == results_page(records)
    for name, picture in drawings(records).items():
        assert (ROOT / PAGE.parent / name).read_text() == picture


def test_the_readme_tells_the_figures_of_the_records() -> None:
    text = (ROOT / "README.md").read_text()
    assert BEGIN in text
    assert fill_readme(text, readme_table(load_records(ROOT / STORED))) == text


def test_records_say_when_where_and_with_what_they_were_made() -> None:
    for record in load_records(ROOT / STORED).values():
        assert record.command.startswith("unblur ")
        assert record.date >= "2026-11-25"
        assert " cores, " in record.machine
        assert record.commit
        words = record.command.replace("=", " ").split()
        assert not [word for word in words if word.startswith(("/", ".."))]


def speed_of_two_models() -> list[SpeedRow]:
    return [
        SpeedRow("original", "openvino", "fp32", 720, 1280, 2, 3, 400.0, times_faster=1.0),
        SpeedRow("live", "openvino", "int8", 720, 1280, 2, 3, 40.0, times_faster=10.04),
        SpeedRow("live_large", "openvino", "fp32", 720, 1280, 2, 3, 100.0, times_faster=4.0),
    ]


def test_the_readmes_table_by_hand() -> None:
    four = "live_large fp32, self-ensemble 4"
    scores = [
        MeanScore("mine", BLURRY, "", "", 2, 0, 24.05, 0.6954),
        MeanScore("mine", "live fp32", "openvino", "fp32", 2, 0, 26.0, 0.77),
        MeanScore("mine", four, "openvino", "fp32", 2, 0, 26.14, 0.7812, None, None, 2.09, 52.6),
        MeanScore(
            "mine", "live int8", "openvino", "int8", 2, 0, 26.04, 0.7732, None, None, 1.99, 51.5
        ),
        MeanScore("no sharp", BLURRY, "", "", 2, 0, niqe=5.0),
    ]
    quality = replace(RECORD, rows=[as_row(score) for score in scores])
    speed = speed_record(speed_of_two_models(), "unblur benchmark")
    assert readme_table({"quality": quality, "speed": speed}) == (
        f"|  | blurry input | {four} | live int8 |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| mine, 2 pairs: PSNR dB / SSIM | 24.05 / 0.695 | 26.14 / 0.781 | 26.04 / 0.773 |\n"
        "| mine: sharp kept, dB | - | 52.6 | 51.5 |\n"
        "| 1280x720, OpenVINO: times faster than the original fpn_mobilenet (fp32) | - | 1.0 "
        "| 10.0 |\n"
    )


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    filled = fill_readme(text, "| new |\n")
    assert filled == f"before\n{BEGIN}\n\n| new |\n\n{END}\nafter\n"
    assert fill_readme(filled, "| new |\n") == filled
    assert fill_readme("no marks", "| new |\n") == "no marks"


def test_a_checkout_is_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / STORED, tmp_path / STORED)
    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}\n")
    write_results(tmp_path)
    assert (tmp_path / PAGE).read_text() == (ROOT / PAGE).read_text()
    assert "times faster" in (tmp_path / "README.md").read_text()
    with pytest.raises(InputError, match="holds no records"):
        load_records(tmp_path / "docs")
