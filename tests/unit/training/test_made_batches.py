"""Pairs made while the network learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from tests.training_tools import make_trainer, small_run  # noqa: E402
from unblur.data.photos import PhotoPool  # noqa: E402
from unblur.errors import ConfigError  # noqa: E402
from unblur.training import sources  # noqa: E402
from unblur.training.batches import Moment, load_batches  # noqa: E402
from unblur.training.config import TrainingOptions  # noqa: E402
from unblur.training.made_batches import MadeBatches  # noqa: E402
from unblur.weights.run_state import read_state  # noqa: E402

pytestmark = pytest.mark.torch
CPU = torch.device("cpu")


@pytest.fixture
def pool(rng: np.random.Generator) -> PhotoPool:
    scenes = [
        rng.integers(0, 256, (20, 20, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        for _ in range(3)
    ]
    return PhotoPool(scenes, scenes)


def options_of(tmp_path: Path, synthesis: str, **changes: Any) -> TrainingOptions:
    options = small_run(tmp_path, **changes)
    blur = options.data.blur.model_copy(
        update=dict.fromkeys(
            ("noise_share", "sensor_noise_share", "jpeg_share", "video_share"), 0.0
        )
    )
    data = options.data.model_copy(
        update={"synthesis": synthesis, "blur": blur, "photos": tmp_path, "pair_count": 7}
    )
    return options.model_copy(update={"data": data})


def test_workers_and_the_device_make_the_same_pairs(tmp_path: Path, pool: PhotoPool) -> None:
    moments = [Moment(step, 1.0) for step in range(4)]
    here, there = (
        list(load_batches(MadeBatches(pool, options_of(tmp_path, where)), moments, CPU, 0))
        for where in ("workers", "device")
    )
    for mine, theirs in zip(here, there, strict=True):
        assert mine.sharp.shape == (2, 3, 32, 32)
        assert (mine.blurry - theirs.blurry).abs().max() <= 1.01 / 255
        assert (mine.sharp - theirs.sharp).abs().max() <= 1.01 / 255
    assert not torch.equal(here[0].sharp, here[1].sharp)


def test_the_curriculum_begins_with_short_straight_blur(tmp_path: Path, pool: PhotoPool) -> None:
    batch = MadeBatches(pool, options_of(tmp_path, "device", batch_size=8))[Moment(0, 0.0)]
    kinds = {plan.kind for plan in batch.plans}
    assert kinds <= {"straight", "sharp", "defocus"}
    assert max(plan.path_px for plan in batch.plans) <= 6


@pytest.mark.parametrize("synthesis", ["workers", "device"])
def test_a_run_learns_from_pairs_made_on_the_way(
    tmp_path: Path, pool: PhotoPool, monkeypatch: pytest.MonkeyPatch, synthesis: str
) -> None:
    monkeypatch.setattr(sources, "open_photos", lambda _source, **_: pool)
    trainer = make_trainer(options_of(tmp_path, synthesis, maximum_steps=3))
    assert read_state(trainer.run())["step"] == 3
    assert trainer.steps_per_epoch == 3.5


def test_nothing_to_make_pairs_of_is_named(tmp_path: Path) -> None:
    options = options_of(tmp_path, "device")
    data = options.data.model_copy(update={"photos": None})
    with pytest.raises(ConfigError, match=r"data.synthesis is 'device'; give data.photos"):
        make_trainer(options.model_copy(update={"data": data})).run()
