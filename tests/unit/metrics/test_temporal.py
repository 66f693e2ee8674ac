"""Steadiness, on frames whose motion is known."""

from __future__ import annotations

import numpy as np
import pytest

from unblur.metrics.temporal import Flow, block_means, estimate_flow, flicker, warping_error

pytest.importorskip("cv2")


def wallpaper(shift: int = 0) -> np.ndarray:
    """(96, 128, 3) uint8 of soft blobs, moved right by `shift` pixels."""
    rng = np.random.default_rng(3)
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(rng.normal(size=(96, 160, 3)), (3, 3, 0))
    levels = 128 + 100 * noise / np.abs(noise).max()
    return levels[:, 16 - shift : 144 - shift].astype(np.uint8)


def still(height: int, width: int) -> Flow:
    """Flow of nothing that moves."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return Flow(rows, columns, np.ones((height, width), bool))


def test_warping_error_by_hand() -> None:
    # one of two pixels differs by 6 in each channel: sqrt(36 / 2)
    before, now = np.full((1, 2, 3), 100, np.uint8), np.full((1, 2, 3), 100, np.uint8)
    now[0, 1] = 106
    flow = still(1, 2)
    assert warping_error(now, before, flow) == pytest.approx(np.sqrt(18))
    flow.is_seen[0, 1] = False
    assert warping_error(now, before, flow) == 0
    flow.is_seen[:] = False
    assert warping_error(now, before, flow) is None


def test_flow_follows_what_moves_and_nothing_is_seen_beyond_the_edge() -> None:
    before, now = wallpaper(), wallpaper(4)
    flow = estimate_flow(now, before)
    rows, columns = np.mgrid[:96, :128]
    inside = (slice(8, -8), slice(12, -12))
    assert np.abs(flow.columns - (columns - 4))[inside].mean() < 0.2
    assert np.abs(flow.rows - rows)[inside].mean() < 0.2
    assert flow.is_seen[inside].mean() > 0.98
    assert not flow.is_seen[:, 0].any()


def test_motion_alone_is_no_error_and_noise_is() -> None:
    before, now = wallpaper(), wallpaper(4)
    flow = estimate_flow(now, before)
    steady = warping_error(now, before, flow)
    rng = np.random.default_rng(5)
    noisy = np.clip(now + rng.normal(0, 10, now.shape), 0, 255).astype(np.uint8)
    assert steady < 1.5
    assert warping_error(noisy, before, flow) > 8


def test_blocks_by_hand() -> None:
    frame = np.zeros((32, 40, 3), np.uint8)
    frame[:16, 16:32] = 200
    frame[:, 32:] = 77  # fills no block
    assert block_means(frame)[..., 0].tolist() == [[0, 200], [0, 0]]
    assert block_means(np.full((3, 5, 3), 9, np.uint8)).tolist() == [[[9, 9, 9]]]


def test_flicker_is_the_change_of_what_was_added() -> None:
    added, added_before = np.array([[2.0, -1.0]]), np.array([[0.0, 1.0]])
    assert flicker(added, added_before) == 2
    assert flicker(added, added) == 0
