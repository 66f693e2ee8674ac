"""`unblur evaluate` on small pairs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.pictures import picture_of
from unblur.apps.cli.main import main
from unblur.media.image_files import write_picture


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    for part, level in (("blurry", 100), ("sharp", 110)):
        (tmp_path / part).mkdir()
        for name in ("first.png", "second.png"):
            pixels = rng.integers(level, level + 8, (32, 48, 3), np.uint8)
            write_picture(picture_of(pixels), tmp_path / part / name)
    return tmp_path


def test_each_pair_and_the_mean_get_a_row(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "live", "--data", f"mine={pairs}", "--each", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == ["first", "second", "2 pairs"]
    for figure in ("gain_db", "blurry_psnr_db", "restored_ssim"):
        assert rows[2][figure] == pytest.approx((rows[0][figure] + rows[1][figure]) / 2)
    assert rows[0]["blurry_psnr_db"] == pytest.approx(28.1, abs=1)


def test_the_mean_alone_stands_in_the_table(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "live", "--data", f"mine={pairs}"]) == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split()[0] == "model"
    assert row.startswith("live   fp32       mine  2 pairs")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Missing option '--data'"),
        (["--data", "gopro"], "'gopro' is not NAME=PATH, such as gopro=data/gopro"),
        (["--data", "gopro=missing"], "missing holds no pairs; expected pictures in blurry/"),
    ],
)
def test_a_wrong_request_gets_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "live", *words]) == 2
    assert sentence in capsys.readouterr().err
