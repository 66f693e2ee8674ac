"""The pairs that a run learns from and is validated on, made first where they are missing."""

from __future__ import annotations

import logging
from pathlib import Path

from unblur.data.pair_cache import PairCache, build_pair_cache, join_caches, open_pair_cache
from unblur.errors import ConfigError
from unblur.training.config import TrainingOptions

_log = logging.getLogger(__name__)
_PARTS = ("train", "held_out")


def open_pairs(options: TrainingOptions) -> tuple[PairCache, PairCache]:
    """The training and the validation pairs.

    Raises ConfigError when there are none and nothing says what to make them from, or when
    they do not have the size that `options` say; InputError when they cannot be made.
    """
    data = options.data
    for part in _PARTS:
        if not _is_made(data.cache / part):
            _make_pairs(options, part)
    folders = [data.cache, *data.more_caches]
    training, held_out = (
        join_caches([_open(folder / part, data.pair_px) for folder in folders]) for part in _PARTS
    )
    return training, held_out


def _is_made(folder: Path) -> bool:
    return (folder / "is_straight.npy").exists()


def _make_pairs(options: TrainingOptions, part: str) -> None:
    """Make the pairs of `part` from the photos."""
    data, is_held_out = options.data, part == "held_out"
    folder = data.cache / part
    if data.photos is None:
        raise ConfigError(
            f"there are no pairs in {folder}; make them by `unblur data pack`, "
            "or give data.photos to make them from"
        )
    count = data.held_out_count if is_held_out else data.pair_count
    _log.info("making %d pairs in %s", count, folder)
    build_pair_cache(
        data.photos,
        folder,
        pair_count=count,
        size_px=data.pair_px,
        options=data.blur,
        seed=options.seed + is_held_out,
        held_out=is_held_out,
    )


def _open(folder: Path, pair_px: int) -> PairCache:
    """The pairs in `folder`; raises ConfigError when they have another size."""
    cache = open_pair_cache(folder)
    height, width = cache.pairs[0].shape[1:3]
    if (height, width) != (pair_px, pair_px):
        raise ConfigError(
            f"the pairs in {folder} are {width}x{height}, and data.pair_px is {pair_px}; "
            f"set it to {width}, or make the pairs again elsewhere"
        )
    return cache
