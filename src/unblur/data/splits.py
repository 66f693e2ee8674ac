"""Which pairs are trained on and which are held out, scene by scene.

Frames of one scene on both sides of a split make a network look better than it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unblur.data.pair_files import PairFiles
from unblur.errors import ConfigError


def split_by_scene(
    pairs: Sequence[PairFiles], held_out_share: float, seed: int
) -> tuple[list[PairFiles], list[PairFiles]]:
    """The pairs to train on and those held out, in the order of `pairs`.

    Whole scenes are held out, drawn by `seed`, until at least `held_out_share` (0..1) of
    the pairs are; both sides get one scene or more. A pair without a scene is one of its
    own. The order of `pairs` does not matter to which are held out.

    Raises ConfigError for a share that is not between 0 and 1, and for pairs of one scene.
    """
    if not 0 < held_out_share < 1:
        raise ConfigError(f"held_out_share must be between 0 and 1, got {held_out_share}")
    counts: dict[tuple[str, str], int] = {}
    for pair in pairs:
        counts[_scene_of(pair)] = counts.get(_scene_of(pair), 0) + 1
    if len(counts) < 2:
        raise ConfigError(
            f"cannot hold out a scene: all {len(pairs)} pairs are of one; "
            "add pairs of another scene, or give held-out pairs yourself"
        )
    held_out = _draw(counts, held_out_share * len(pairs), seed)
    return (
        [pair for pair in pairs if _scene_of(pair) not in held_out],
        [pair for pair in pairs if _scene_of(pair) in held_out],
    )


def _draw(
    counts: dict[tuple[str, str], int], wanted_count: float, seed: int
) -> set[tuple[str, str]]:
    """Scenes with `wanted_count` pairs or more, but never all of them."""
    scenes = sorted(counts)
    held_out: set[tuple[str, str]] = set()
    held_out_count = 0
    for index in np.random.default_rng(seed).permutation(len(scenes))[:-1]:
        if held_out_count >= wanted_count:
            break
        held_out.add(scenes[index])
        held_out_count += counts[scenes[index]]
    return held_out


def _scene_of(pair: PairFiles) -> tuple[str, str]:
    """The scene of `pair`, or else its own name, never taken for a scene."""
    return ("scene", pair.scene) if pair.scene else ("pair", pair.name)
