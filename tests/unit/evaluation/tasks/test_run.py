"""A task over pictures: what is compared, what is drawn, what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation_tools import write_level
from tests.fakes import ADDED, FakeRestorer
from unblur.apps.cli.main import main
from unblur.errors import ComputationError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.picture_sets import open_picture_set
from unblur.evaluation.quality_record import QualityRequest
from unblur.evaluation.tables import table_of
from unblur.evaluation.tasks import opening
from unblur.evaluation.tasks.run import measure_task


class Brightness:
    """Sees how bright a picture is."""

    name = "brightness"

    def find(self, pixels: np.ndarray) -> float:
        return float(pixels.mean())

    def compare(self, pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
        return {"ap50": sum(abs(found - wanted) for found, wanted in pairs)}

    def draw(self, pixels: np.ndarray, finding: float) -> np.ndarray:
        return np.full_like(pixels, round(finding))


def moody(pixels: np.ndarray) -> np.ndarray:
    raise ComputationError("moody restores nothing")


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        write_level(tmp_path / "pairs" / "blurry" / f"{name}.png", 100, 64, 40)
        write_level(tmp_path / "pairs" / "sharp" / f"{name}.png", 130, 64, 40)
    return tmp_path / "pairs"


def test_every_version_is_compared_with_the_sharp_one(pairs: Path, tmp_path: Path) -> None:
    candidates = [Candidate("fake", FakeRestorer().restore), Candidate("moody", moody)]
    write_level(tmp_path / "alone" / "c.png", 1)
    sets = [open_picture_set("mine", pairs), open_picture_set("alone", tmp_path / "alone")]
    request = QualityRequest(sets, candidates, "unblur evaluate")
    record = measure_task("detection", Brightness(), request, tmp_path / "drawn")
    blurry, fake, broken, *alone = record.rows
    assert (blurry["ap50"], fake["ap50"]) == (2 * 30, 2 * (ADDED - 30))
    assert broken["picture_count"] == 0
    assert [row["picture_count"] for row in alone] == [0, 0, 0]
    assert record.faults == [
        "mine: a: moody restores nothing",
        "mine: b: moody restores nothing",
        "alone: c has no sharp version to agree with",
    ]
    assert ("mine", "brightness", "fake", "2", "20.000") in table_of(record)
    drawn = sorted((tmp_path / "drawn").iterdir())
    assert [path.name for path in drawn] == ["mine-a-fake.jpg", "mine-b-fake.jpg"]
    panels = np.asarray(Image.open(drawn[0]))
    assert panels.shape == (66, 3 * 64, 3)
    assert panels[50, [32, 96, 160], 0] == pytest.approx([100, 140, 130], abs=2)


def test_the_command_measures_a_task(
    pairs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "open_task", lambda name, looks: Brightness())
    words = ["evaluate", "live", "--task", "detection", "--data", f"mine={pairs}", "--json"]
    assert main(words) == 0
    blurry, live = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (blurry["ap50"], blurry["looks"]) == (60, "brightness")
    assert live["model"] == "live, self-ensemble 4"


def test_a_task_that_nothing_does_is_a_wrong_request(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "live", "--task", "detection", "--data", f"mine={pairs}"]) == 2
    assert "give --with a YOLOX .onnx file" in capsys.readouterr().err
