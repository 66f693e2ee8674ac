"""What restoring should not add."""

import numpy as np
import pytest

from unblur.errors import ImageFormatError
from unblur.metrics.artefacts import colour_shift, grid_pattern, overshoot


def scene(height=96, width=128):
    small = np.random.default_rng(3).integers(60, 190, (height // 8, width // 8, 3), np.uint8)
    return small.repeat(8, axis=0).repeat(8, axis=1)


def test_a_changed_channel_is_a_colour_shift_and_detail_is_none():
    sharp = scene()
    tinted = sharp.copy()
    tinted[..., 2] += 5
    assert colour_shift(tinted, sharp) == pytest.approx(5)
    assert colour_shift(sharp[::-1, ::-1], sharp) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("period_px", [2, 4, 8, 16])
def test_a_checkerboard_is_a_grid_pattern(period_px):
    blurry = scene()
    rows, columns = np.indices(blurry.shape[:2])
    half = period_px // 2
    board = ((rows // half + columns // half) % 2)[..., np.newaxis]
    assert grid_pattern(blurry + np.uint8(4) * board.astype(np.uint8), blurry) == pytest.approx(2)


def test_what_knows_no_grid_gives_what_chance_gives():
    blurry = scene(480, 640)
    noise = np.random.default_rng(4).integers(0, 9, blurry.shape[:2])[..., np.newaxis]
    given = grid_pattern((blurry + noise).astype(np.uint8), blurry)
    assert given == pytest.approx(noise.std() / (30 * 40) ** 0.5, rel=0.2)
    assert grid_pattern(blurry + np.uint8(9), blurry) == pytest.approx(0, abs=1e-6)


def test_a_halo_beside_an_edge_is_overshoot_and_a_soft_edge_is_none():
    sharp = np.full((40, 40, 3), 50, np.uint8)
    sharp[:, 20:] = 200
    halo = sharp.copy()
    halo[:, 20:22], halo[:, 18:20] = 230, 35
    assert overshoot(halo, sharp) == pytest.approx((2 * 30 + 2 * 15) / 40)
    soft = sharp.copy()
    soft[:, 18:22] = 125
    assert overshoot(soft, sharp) == 0


@pytest.mark.parametrize("figure", [colour_shift, grid_pattern, overshoot])
def test_two_sizes_are_refused(figure):
    with pytest.raises(ImageFormatError, match="one size"):
        figure(scene(), scene(96, 96))


def test_a_picture_smaller_than_a_cell_has_no_grid():
    with pytest.raises(ImageFormatError, match="16 px or more"):
        grid_pattern(scene(8, 64), scene(8, 64))
