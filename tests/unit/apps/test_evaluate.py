"""`unblur evaluate` on small pairs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation_tools import program
from tests.pictures import picture_of
from unblur.apps.cli.main import main
from unblur.errors import install_command
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


def test_each_picture_and_the_means_get_a_row(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "live", "--data", f"mine={pairs}", "--each", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row.get("picture") for row in rows] == ["first"] * 2 + ["second"] * 2 + [None] * 2
    assert [row["model"] for row in rows] == ["blurry input", "live, self-ensemble 4"] * 3
    for figure in ("gain_db", "psnr_db", "ssim"):
        assert rows[5][figure] == pytest.approx((rows[1][figure] + rows[3][figure]) / 2)
    assert rows[4]["psnr_db"] == pytest.approx(28.1, abs=1)
    assert rows[5]["psnr_db"] - rows[4]["psnr_db"] == pytest.approx(rows[5]["gain_db"])


def test_a_model_is_measured_in_each_precision(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "live", "--precision", "int8", "--precision", "fp32", "--json"]
    words += ["--self-ensemble", "1"]
    assert main([*words, "--data", f"mine={pairs}"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["model"], row["precision"]) for row in rows] == [
        ("blurry input", ""),
        ("live fp32", "fp32"),
        ("live int8", "int8"),
    ]
    assert rows[1]["psnr_db"] != rows[2]["psnr_db"]
    assert main(["evaluate", "--data", f"mine={pairs}", "--precision", "fp7"]) == 2
    assert "'fp7' is not one of auto, fp32, bf16, int8" in capsys.readouterr().err


def test_a_model_is_measured_in_each_self_ensemble(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = np.random.default_rng(2).integers(0, 256, (4, 6, 3), np.uint8)
    for path in pairs.glob("*/*.png"):
        write_picture(picture_of(np.kron(blocks, np.ones((8, 8, 1), np.uint8))), path)
    words = ["evaluate", "live", "--self-ensemble", "1", "--self-ensemble", "2", "--json"]
    assert main([*words, "--data", f"mine={pairs}"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["model"] for row in rows] == ["blurry input", "live", "live, self-ensemble 2"]
    kept = [row["sharp_kept_psnr_db"] for row in rows[1:]]
    assert kept[0] != kept[1] < float("inf")
    assert [row["equal_count"] for row in rows] == [rows[0]["picture_count"]] * 3
    assert main(["evaluate", "--data", f"mine={pairs}", "--self-ensemble", "3"]) == 2
    assert "'3' is not one of 1, 2, 4, 8" in capsys.readouterr().err


def test_what_restoring_adds_is_measured_on_request(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "live", "--data", f"mine={pairs}", "--each", "--artefacts", "--json"]
    assert main(words) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    blurry, live = rows[-2:]
    assert blurry["colour_shift"] == pytest.approx(10, abs=0.5)
    assert blurry["overshoot"] > 0
    assert blurry["grid_pattern"] is None
    assert live["colour_shift"] == pytest.approx(10, abs=1)
    assert live["sharp_kept_colour_shift"] < 0.5
    assert 0 <= live["grid_pattern"] < 1
    for figure in ("gain_db", "ssim_gain"):
        each = [row[figure] for row in rows[:-2] if row["model"] == live["model"]]
        assert live[f"least_{figure}"] == min(each)


def test_the_means_alone_stand_in_the_table(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "live", "--data", f"mine={pairs}", "--self-ensemble", "1"]
    assert main(words) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0][:2] == ["data", "model"]
    assert [line[:2] for line in lines[2:]] == [["mine", "blurry"], ["mine", "live"]]


def test_a_peer_is_measured_beside_us_and_files_are_written(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = program(tmp_path, "import shutil; shutil.copy(source, target)")
    failing = program(tmp_path, "sys.exit('no')")
    page, notes, kept = (tmp_path / name for name in ("page.html", "notes.md", "kept.json"))
    words = ["evaluate", "live", "--command", template, "--command", failing]
    words += ["--data", f"mine={pairs}", "--html", str(page), "--markdown", str(notes)]
    assert main([*words, "--save", str(kept), "--limit", "1", "--json"]) == 0
    printed = capsys.readouterr()
    _, live, copy, broken = (json.loads(line) for line in printed.out.splitlines())
    assert (copy["gain_db"], copy["sharp_kept_psnr_db"], copy["picture_count"]) == (0, "inf", 1)
    assert (live["failed_count"], broken["failed_count"]) == (0, 1)
    python = Path(sys.executable).name
    assert f"not measured: mine: first: {python} peer1.py failed with code 1: no" in printed.err
    assert "peer0.py" in notes.read_text()
    assert page.read_text().count("<figure>") == 2
    assert json.loads(kept.read_text())["rows"] == [
        json.loads(line) for line in printed.out.splitlines()
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "expected pictures to measure on: give --data NAME=PATH"),
        (["--data", "gopro=.", "--sharp", "x"], "--sharp belongs to --video; give both or neither"),
        (["--data", "gopro=.", "--with", "x"], "--with belongs to --task; give both or neither"),
        (["--data", "gopro=.", "--command", "cp {in}"], "lacks {out}; expected something like"),
        pytest.param(
            ["--data", "gopro=.", "--lpips-weights", "nothing.pth"],
            "nothing.pth is not the AlexNet",
            marks=pytest.mark.torch,
        ),
        (["--data", "gopro"], "'gopro' is not NAME=PATH, such as gopro=data/gopro"),
        (["--data", "gopro=missing"], "there is no folder missing; expected the unpacked data set"),
        (["--data", "mine=missing"], "missing holds no pairs; expected pictures in blurry/"),
    ],
)
def test_a_wrong_request_gets_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "live", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_where_nothing_can_be_measured_the_command_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rubbish.png").write_bytes(b"rubbish")
    assert main(["evaluate", "live", "--data", f"mine={tmp_path}"]) == 1
    assert "not measured: mine: rubbish: " in capsys.readouterr().err


def test_a_missing_library_is_told_once(
    pairs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    assert main(["evaluate", "live", "--data", f"mine={pairs}"]) == 1
    assert capsys.readouterr().err == (
        f"unblur: SSIM needs scikit-image; install it with: {install_command('evaluate')}\n"
    )
