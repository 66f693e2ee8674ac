"""The paper's table holds the paper's figures, and ours are measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.evaluation_tools import write_level
from tests.fakes import ADDED, FakeRestorer
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.paper_table import PAPER_ROWS, count_giga_macs, measure_paper_table
from unblur.evaluation.picture_sets import open_picture_set
from unblur.evaluation.quality_record import QualityRequest
from unblur.evaluation.tables import table_of


def test_ours_stand_below_the_papers_rows_and_say_on_what_they_were_measured(
    tmp_path: Path,
) -> None:
    write_level(tmp_path / "blurry" / "a.png", 100)
    write_level(tmp_path / "sharp" / "a.png", 110)
    fake = Candidate("ours", FakeRestorer().restore, "fake", "fp32")
    request = QualityRequest([open_picture_set("mine", tmp_path)], [fake], "unblur evaluate")
    record = measure_paper_table(request)
    table = table_of(record)
    assert table[7] == (
        *("DeblurGAN-v2 MobileNet", "paper", "GoPro test, linear subset", "-"),
        *("28.17", "0.925", "0.06", "43.75"),
    )
    assert [row["source"] for row in record.rows] == ["paper"] * 8 + ["measured here"] * 2
    ours = record.rows[-1]
    assert (ours["model"], ours["data"], ours["picture_count"]) == ("ours", "mine", 1)
    assert ours["psnr_db"] == pytest.approx(20 * np.log10(255 / (ADDED - 10)))
    assert ours["giga_macs"] is None
    assert len(PAPER_ROWS) == 8


@pytest.mark.torch
def test_macs_are_counted_for_networks_of_ours() -> None:
    pytest.importorskip("timm")
    assert 5 < (count_giga_macs("live") or 0) < 60
    assert count_giga_macs("") is None
