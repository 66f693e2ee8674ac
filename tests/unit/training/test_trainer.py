"""A training run: it learns, it stops on nonsense, and going on equals not stopping."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from tests.training_tools import small_run, write_cache  # noqa: E402
from unblur.errors import UnblurError, UnknownNameError  # noqa: E402
from unblur.training import trainer as trainer_module  # noqa: E402
from unblur.training.trainer import Trainer  # noqa: E402

pytestmark = pytest.mark.torch


class _StopError(Exception):
    pass


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    state = torch.load(path, weights_only=True)
    return {**state["network"], **{f"averaged.{k}": v for k, v in state["averaged"].items()}}


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the run be killed once the checkpoint of `step` is written."""
    save = Trainer._save

    def save_and_stop(self: Trainer, path: Path) -> None:
        save(self, path)
        if self.step == step:
            raise _StopError

    monkeypatch.setattr(Trainer, "_save", save_and_stop)


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_going_on_gives_the_weights_of_a_run_that_was_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    every_step = {"checkpoint_minutes": 1e-9, "optimizer": optimizer}
    whole = Trainer(small_run(tmp_path, output=tmp_path / "whole", **every_step)).run()
    options = small_run(tmp_path, output=tmp_path / "stopped", **every_step)
    with monkeypatch.context() as patch:
        stop_at(patch, 3)
        with pytest.raises(_StopError):
            Trainer(options).run()
    assert torch.load(tmp_path / "stopped" / "last.pt", weights_only=True)["step"] == 3
    resumed = Trainer(options).run()
    expected, got = weights_of(whole), weights_of(resumed)
    assert expected.keys() == got.keys()
    for name, tensor in expected.items():
        assert torch.equal(tensor, got[name]), name


def test_it_learns_two_pairs_by_heart(tmp_path: Path) -> None:
    cache = write_cache(tmp_path / "cache", pair_count=2)
    shutil.rmtree(cache / "held_out")
    shutil.copytree(cache / "train", cache / "held_out")
    options = small_run(
        tmp_path,
        maximum_steps=200,
        batch_size=4,
        crop_px=48,
        first_crop_px=48,
        ema_decay=0.9,
        warmup_steps=10,
        optimizer="adamw",
    )
    Trainer(options).run()
    last = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 200
    assert last["validation_gain_db"] > 6


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(self: Trainer, restored: list[torch.Tensor], sharp: torch.Tensor) -> torch.Tensor:
        return restored[0].sum() * (math.nan if self.step == 2 else 0.0)

    monkeypatch.setattr(Trainer, "_loss", lose)
    with pytest.raises(UnblurError, match=r"the loss is nan at step 2; the last good checkpoint"):
        Trainer(small_run(tmp_path)).run()


def test_a_checkpoint_is_never_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = small_run(tmp_path, checkpoint_minutes=1e-9)
    with monkeypatch.context() as patch:
        stop_at(patch, 2)
        with pytest.raises(_StopError):
            Trainer(options).run()
    before = (tmp_path / "run" / "last.pt").read_bytes()

    def fill_the_disk(state: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(trainer_module.torch, "save", fill_the_disk)
    with pytest.raises(OSError, match="No space left"):
        Trainer(options).run()
    assert (tmp_path / "run" / "last.pt").read_bytes() == before


def test_a_second_run_starts_from_the_weights_of_the_first(tmp_path: Path) -> None:
    first = Trainer(small_run(tmp_path)).run()
    second = Trainer(small_run(tmp_path, output=tmp_path / "second", start_from=first))
    kept = torch.load(first, weights_only=True)["averaged"]
    for name, tensor in second.network.state_dict().items():
        assert torch.equal(tensor, kept[name]), name


def test_an_unknown_network_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no generator named .lve.; did you mean .live.\?"):
        Trainer(small_run(tmp_path, network="lve"))
