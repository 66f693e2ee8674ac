"""Frames between frames by optical flow."""

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from tests.blur_tools import scene  # noqa: E402
from unblur.data.blur_synthesis.flow_interpolation import interpolate_by_flow  # noqa: E402
from unblur.data.blur_synthesis.frame_averaging import average_frames  # noqa: E402

pytestmark = pytest.mark.torch

WIDE = cv2.GaussianBlur(scene(96, 3, 240), (0, 0), 1.5)


def frame(moved_px: int) -> np.ndarray:
    return WIDE[:, 24 + moved_px : 24 + moved_px + 160].copy()


def error(first: np.ndarray, second: np.ndarray) -> float:
    """The mean difference away from the borders, over which things come in."""
    inner = np.s_[12:-12, 20:-20]
    return float(np.abs(first[inner].astype(int) - second[inner]).mean())


def test_what_moves_is_where_it_would_have_been():
    between = interpolate_by_flow(frame(0), frame(8), 3)
    assert len(between) == 3
    for moved_px, made in zip((2, 4, 6), between, strict=True):
        assert made.dtype == np.uint8
        assert error(made, frame(moved_px)) < 3
        assert error(made, frame(moved_px)) < error(made, frame(moved_px - 2)) / 3
        assert error(made, frame(moved_px)) < error(made, frame(moved_px + 2)) / 3


def test_equal_frames_have_the_same_between_them():
    assert error(interpolate_by_flow(frame(0), frame(0), 1)[0], frame(0)) < 0.5


def test_the_mean_of_a_raised_rate_is_that_of_a_filmed_one():
    (filmed,) = average_frames([frame(px) for px in range(25)], 25)
    few = [frame(px) for px in (0, 12, 24)]
    (raised,) = average_frames(few, 3, interpolate=interpolate_by_flow, between_count=11)
    (jumping,) = average_frames(few, 3)
    assert error(raised.blurry, filmed.blurry) < 3
    assert error(jumping.blurry, filmed.blurry) > 4 * error(raised.blurry, filmed.blurry)
    assert np.array_equal(raised.sharp, filmed.sharp)
