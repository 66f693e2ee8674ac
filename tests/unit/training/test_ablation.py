"""The paper's six rows, each trained for a step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from safetensors.torch import save_file  # noqa: E402

from tests.torch_tools import TORCHVISION, made_vgg  # noqa: E402
from tests.training_tools import PAIR_PX, write_cache  # noqa: E402
from unblur.apps.cli.main import main  # noqa: E402
from unblur.errors import ConfigError  # noqa: E402
from unblur.training.ablation import PAPER_ROWS, Ablation  # noqa: E402

pytestmark = pytest.mark.torch
CONFIGS = Path(__file__).parents[3] / "configs" / "ablation"


def test_all_rows_are_trained_and_stand_beside_the_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = write_cache(tmp_path / "cache")
    save_file(made_vgg(TORCHVISION), tmp_path / "vgg.safetensors")
    monkeypatch.chdir(tmp_path)
    changes = {
        "data.cache": cache,
        "data.pair_px": PAIR_PX,
        "data.workers": 0,
        "crop_px": PAIR_PX,
        "maximum_steps": 1,
        "loss.perceptual_network": tmp_path / "vgg.safetensors",
        "machine.accelerator": "cpu",
    }
    words = [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    assert main(["ablation", str(CONFIGS), "--fpn", "live", "--json", "--quiet", *words]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["title"] for row in rows] == [row.title for row in PAPER_ROWS.values()]
    assert [row["network"] for row in rows] == ["resnet_v1", *["live"] * 5]
    for row in rows:
        assert row["steps"] == 1
        assert 10 < row["psnr_db"] < 40
        assert 0 < row["ssim"] < 1
    assert (tmp_path / "runs" / "ablation" / "5_mse" / "last.pt").is_file()


def test_rows_keep_their_own_networks() -> None:
    with pytest.raises(ConfigError, match="each row has a network and an output of its own"):
        Ablation.read(CONFIGS, ["network=live"])


def test_several_devices_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"leave machine\.devices and machine\.nodes at 1"):
        Ablation.read(CONFIGS, ["machine.devices=2"])
