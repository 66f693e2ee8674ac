"""The pairs that a run learns from and is validated on, made first where they are missing."""

from __future__ import annotations

import logging

from unblur.data.pair_cache import PairCache, build_pair_cache, open_pair_cache
from unblur.training.config import TrainingOptions

_log = logging.getLogger(__name__)


def open_pairs(options: TrainingOptions) -> tuple[PairCache, PairCache]:
    """The training and the validation pairs; raises InputError when they cannot be had."""
    data = options.data
    for part, count in (("train", data.pair_count), ("held_out", data.held_out_count)):
        folder = data.cache / part
        if not (folder / "is_straight.npy").exists():
            _log.info("making %d pairs in %s", count, folder)
            build_pair_cache(
                data.photos,
                folder,
                pair_count=count,
                size_px=data.pair_px,
                options=data.blur,
                seed=options.seed + (part == "held_out"),
                held_out=part == "held_out",
            )
    return open_pair_cache(data.cache / "train"), open_pair_cache(data.cache / "held_out")
