"""A small cache of pairs, and the options of a run on it that takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from unblur.training.config import DataOptions, TrainingOptions

PAIR_PX = 48


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
        "data": DataOptions(photos=folder, cache=cache, pair_px=PAIR_PX),
        "output": folder / "run",
        "maximum_steps": 6,
        "maximum_minutes": 1e6,
        "batch_size": 2,
        "crop_px": 32,
        "first_crop_px": 16,
        "warmup_steps": 2,
    }
    return TrainingOptions(**(values | changes))
