"""The time of a frame, measured and written into model files that stay as they were."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nncf")
onnx = pytest.importorskip("onnx")
from safetensors.torch import load_file  # noqa: E402

from unblur.apps.cli.main import main  # noqa: E402
from unblur.evaluation.speed import SpeedRequest, SpeedRow  # noqa: E402
from unblur.export import timing  # noqa: E402
from unblur.facts import NetworkFacts  # noqa: E402
from unblur.restoration.restorer import Restorer  # noqa: E402
from unblur.weights.store import BUNDLED, find_model, read_safetensors_facts  # noqa: E402

pytestmark = pytest.mark.torch

TIMES_MS = {"fp32": 321.04, "int8": 123.46}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with the three files of `live`."""
    for path in BUNDLED.glob("live.*"):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[SpeedRequest]:
    """What was to be timed; the times are known ones."""
    requests: list[SpeedRequest] = []

    def answer(request: SpeedRequest) -> list[SpeedRow]:
        requests.append(request)
        ((height, width),) = request.sizes
        return [
            SpeedRow("live", "openvino", precision, height, width, 2, 20, TIMES_MS[precision])
            for precision in request.precisions
        ]

    monkeypatch.setattr(timing, "benchmark_models", answer)
    return requests


@pytest.mark.parametrize("named", ["live.safetensors", "live.onnx", "live.int8.onnx"])
def test_every_file_of_the_model_gets_the_times_and_nothing_else_changes(
    models: Path, asked: list[SpeedRequest], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_safetensors_facts(models / "live.safetensors")
    assert main(["weights", "measure", str(models / named)]) == 0
    assert asked[0].sizes == [(720, 1280)]
    assert set(capsys.readouterr().out.split()) == {str(path) for path in models.iterdir()}
    facts = read_safetensors_facts(models / "live.safetensors")
    assert facts.metrics["frame_1280x720_fp32_ms"] == 321.0
    assert facts.metrics["frame_1280x720_int8_ms"] == 123.5
    assert "OpenVINO on 2 threads" in facts.measured_on
    assert replace(facts, metrics={}, measured_on="") == replace(before, metrics={}, measured_on="")
    kept = {name: value for name, value in before.metrics.items() if "_ms" not in name}
    assert kept.items() <= facts.metrics.items()
    for name, precision in (("live.onnx", "fp32"), ("live.int8.onnx", "int8")):
        assert onnx.load(models / name).graph == onnx.load(BUNDLED / name).graph
        with Restorer(models / name, precision=precision) as restorer:
            assert restorer.facts == facts
    old, new = (load_file(folder / "live.safetensors") for folder in (BUNDLED, models))
    assert old.keys() == new.keys()
    assert all(old[key].dtype == new[key].dtype and old[key].equal(new[key]) for key in old)


def test_a_model_without_int8_is_refused_and_stays_as_it_was(
    models: Path, asked: list[SpeedRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "live.int8.onnx").unlink()
    before = (models / "live.safetensors").read_bytes()
    assert main(["weights", "measure", str(models / "live.onnx")]) == 1
    assert "live has no .int8.onnx file" in capsys.readouterr().err
    assert asked == []
    assert (models / "live.safetensors").read_bytes() == before


def test_a_model_that_cannot_be_run_gets_no_times(
    monkeypatch: pytest.MonkeyPatch, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = SpeedRow("live", "openvino", "int8", 720, 1280, 2, 20, error="no int8 here")
    monkeypatch.setattr(timing, "benchmark_models", lambda request: [row])
    before = (models / "live.onnx").read_bytes()
    assert main(["weights", "measure", str(models / "live.onnx")]) == 1
    assert "cannot time live in int8: no int8 here" in capsys.readouterr().err
    assert (models / "live.onnx").read_bytes() == before


def test_the_times_are_of_real_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "_HEIGHT_PX", 32)
    monkeypatch.setattr(timing, "_WIDTH_PX", 48)
    monkeypatch.setattr(timing, "_ROUNDS", 2)
    facts = timing.with_speed(NetworkFacts("live", ""), find_model("live"))
    assert facts.metrics.keys() == {"frame_48x32_fp32_ms", "frame_48x32_int8_ms"}
    assert all(0 < value < 10_000 for value in facts.metrics.values())
