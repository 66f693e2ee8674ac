"""Scenes for want of photos."""

from __future__ import annotations

import numpy as np

from unblur.data.dead_leaves import draw_dead_leaves
from unblur.data.photos import has_detail, open_photos


def test_a_scene_has_detail_and_follows_from_its_seed() -> None:
    first, again, other = (
        draw_dead_leaves(np.random.default_rng(seed), (96, 128)) for seed in (1, 1, 2)
    )
    assert (first.shape, first.dtype) == ((96, 128, 3), np.uint8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert has_detail(first)


def test_edges_come_at_all_sizes() -> None:
    """Natural pictures look alike at every scale: halving one leaves much of its contrast."""
    scene = draw_dead_leaves(np.random.default_rng(3), (256, 256)).astype(float).mean(axis=2)
    contrasts = []
    for _ in range(4):
        contrasts.append(np.abs(np.diff(scene, axis=1)).mean())
        scene = scene.reshape(scene.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3))
    ratios = np.array(contrasts[1:]) / contrasts[:-1]
    assert (ratios > 0.8).all()
    assert (ratios < 2).all()


def test_held_out_scenes_are_others() -> None:
    held_out = open_photos("drawn", held_out=True)
    assert len(held_out.scenes) == len(held_out.objects) == 8
    assert min(min(scene.shape[:2]) for scene in held_out.scenes) >= 512
