"""Records, tables and reports say what was measured, and nothing else."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from unblur.errors import InputError
from unblur.evaluation.html_report import html_report
from unblur.evaluation.markdown_report import markdown_report
from unblur.evaluation.quality import Look, MeanScore, PictureScore
from unblur.evaluation.records import Record, as_row
from unblur.evaluation.tables import make_table, number, table_of, text, to_markdown
from unblur.evaluation.worst_pictures import WorstPictures

RECORD = Record(
    "quality",
    title="Quality on mine",
    command="unblur evaluate live --data mine=<pairs>",
    rows=[
        as_row(MeanScore("mine", "blurry input", "", "", 2, 0, 24.05, 0.695)),
        as_row(MeanScore("mine", "live", "openvino", "fp32", 2, 1, 26.06, 0.775, gain_db=2.01)),
        as_row(MeanScore("mine", "same", "", "", 1, 0, math.inf, 1.0)),
    ],
    each=[as_row(PictureScore("mine", "live", "one", psnr_db=26.06, seconds=0.25))],
    faults=["mine: two: it failed"],
    notes=["SSIM is scikit-image's"],
    date="2026-11-25",
    machine="a laptop",
    commit="0123456789",
)


def test_a_record_can_be_read_back_and_is_strict_json(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "quality.json"
    RECORD.save(path)
    assert Record.load(path) == RECORD
    assert json.loads(path.read_text())["rows"][2]["psnr_db"] == "inf"
    path.write_text("{}")
    with pytest.raises(InputError, match="is no record of a measurement"):
        Record.load(path)


def test_date_machine_and_commit_are_those_of_here() -> None:
    made = Record("quality", "t", "c", [])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", made.date)
    assert re.search(r"\d+ cores, \d+ GiB", made.machine)
    assert re.fullmatch(r"[0-9a-f]{10}\+?|version .*", made.commit)


def test_columns_that_hold_nothing_are_left_out() -> None:
    columns = (("a", text("a")), ("b", number("b", ".1f")), ("c", number("c", "d")))
    assert make_table(columns, [{"a": "x", "b": None}, {"a": "", "b": 1.25, "c": None}]) == [
        ("a", "b"),
        ("x", "-"),
        ("-", "1.2"),
    ]


def test_the_table_of_quality() -> None:
    assert table_of(RECORD)[0] == (
        *("data", "model", "runtime", "precision", "pictures", "failed"),
        *("PSNR dB", "SSIM", "gain dB"),
    )
    assert table_of(RECORD)[2] == (
        *("mine", "live", "openvino", "fp32", "2", "1"),
        *("26.06", "0.7750", "+2.010"),
    )


def test_markdown_has_the_figures_and_how_they_were_made() -> None:
    report = markdown_report(RECORD, level=2)
    assert report.startswith("## Quality on mine\n\n`unblur evaluate live --data mine=<pairs>`\n")
    assert "2026-11-25; a laptop; commit 0123456789.\n" in report
    assert "Could not be measured (1):\n\n- mine: two: it failed\n" in report
    table = [("a", "b"), ("x|y", "-1.5")]
    assert to_markdown(table) == "| a | b |\n| --- | ---: |\n| x\\|y | -1.5 |\n"


def look(name: str, gain_db: float | None, niqe: float | None = None) -> Look:
    score = PictureScore("mine", "live", name, gain_db=gain_db, niqe=niqe)
    pixels = np.zeros((8, 8, 3), np.uint8)
    return Look(score, pixels, pixels, pixels)


def test_the_worst_pictures_are_kept_worst_first() -> None:
    worst = WorstPictures(count=2)
    for name, gain_db in (("a", 1.0), ("b", -2.0), ("c", 3.0), ("d", 0.5), ("e", math.inf)):
        worst.offer(look(name, gain_db))
    (pictures,) = worst.of_each().values()
    assert [shown.score.picture for shown in pictures] == ["b", "d"]
    unpaired = WorstPictures(count=1)
    for name, niqe in (("a", 4.0), ("b", 9.0), ("c", None)):
        unpaired.offer(look(name, None, niqe))
    assert unpaired.of_each()["live on mine"][0].score.picture == "b"


def test_the_page_stands_alone_and_escapes_what_it_shows() -> None:
    worst = WorstPictures()
    worst.offer(look("<img onerror=x>", 1.0))
    page = html_report(RECORD, worst.of_each())
    assert not re.search(r"""(src|href)=["'](?!data:)|url\(|@import|https?:""", page)
    assert "mine=&lt;pairs&gt;" in page
    assert "<img onerror" not in page
    assert page.count('type="range"') == 1
    assert "The worst 1 of live on mine" in page
    assert "<li>mine: two: it failed</li>" in page
