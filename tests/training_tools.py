"""A small cache of pairs, and the options of a run on it that takes seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from unblur.training.config import DataOptions, MachineOptions, TrainingOptions
from unblur.training.machine import make_fabric
from unblur.training.trainer import Trainer

PAIR_PX = 64


def write_cache(folder: Path, pair_count: int = 6, seed: int = 0) -> Path:
    """Write pairs of coarse patterns, blurred by a shift, for training and validation."""
    rng = np.random.default_rng(seed)
    for part in ("train", "held_out"):
        pairs = np.empty((pair_count, 2, PAIR_PX, PAIR_PX, 3), np.uint8)
        for pair in pairs:
            small = rng.integers(0, 256, (PAIR_PX // 8, PAIR_PX // 8, 3)).astype(np.uint8)
            sharp = small.repeat(8, axis=0).repeat(8, axis=1)
            shifted = [np.roll(sharp, shift, axis=1).astype(float) for shift in range(-3, 4)]
            pair[0], pair[1] = np.mean(shifted, axis=0).round(), sharp
        (folder / part).mkdir(parents=True)
        np.save(folder / part / "pairs.npy", pairs)
        np.save(folder / part / "path_px.npy", np.linspace(2, 30, pair_count, dtype=np.float32))
        np.save(folder / part / "is_straight.npy", np.arange(pair_count) % 2 == 0)
    return folder


def small_run(folder: Path, **changes: Any) -> TrainingOptions:
    """Options of a run in `folder`, whose cache is made if it is not there."""
    cache = folder / "cache"
    if not cache.exists():
        write_cache(cache)
    values: dict[str, Any] = {
        "data": DataOptions(photos=folder, cache=cache, pair_px=PAIR_PX, workers=0),
        "output": folder / "run",
        "maximum_steps": 6,
        "encoder_weights": "none",
        "machine": MachineOptions(accelerator="cpu"),
        "batch_size": 2,
        "crop_px": 32,
        "first_crop_px": 16,
        "warmup_steps": 2,
    }
    return TrainingOptions(**(values | changes))


def write_config(folder: Path, **changes: Any) -> Path:
    """Write the options of `small_run` as a TOML file, for the command line."""
    values = small_run(folder, **changes).model_dump(mode="json", exclude_none=True)
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if key not in tables]
    for key, table in tables.items():
        inline = {name: value for name, value in table.items() if not isinstance(value, dict)}
        lines += [f"[{key}]", *(f"{name} = {json.dumps(value)}" for name, value in inline.items())]
    path = folder / "run.toml"
    path.write_text("\n".join(lines))
    return path


def make_trainer(options: TrainingOptions) -> Trainer:
    """A trainer of one process on the CPU."""
    return Trainer(options, make_fabric(options))
