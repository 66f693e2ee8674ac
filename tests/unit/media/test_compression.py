"""Frames through H.264 and back, in memory."""

import numpy as np
import pytest

from tests.clips import gradient
from unblur.media.compression import compress_frames


def error(crf: int, size: tuple[int, int] = (64, 96)) -> float:
    frames = [gradient(index, *size) for index in range(3)]
    compressed = compress_frames(frames, crf)
    return float(np.abs(np.stack(frames).astype(int) - np.stack(compressed)).mean())


def test_as_many_frames_come_back_and_in_order() -> None:
    frames = [np.full((32, 48, 3), level, np.uint8) for level in (40, 120, 200, 80)]
    compressed = compress_frames(frames, 20)
    assert [frame.shape for frame in compressed] == [(32, 48, 3)] * 4
    assert [frame.mean() for frame in compressed] == pytest.approx([40, 120, 200, 80], abs=2)


def test_a_higher_crf_loses_more() -> None:
    assert error(10) < error(30) < error(45)


def test_odd_sides_are_kept() -> None:
    assert compress_frames([gradient(0, 33, 47)], 18)[0].shape == (33, 47, 3)
    assert error(10, (33, 47)) < 6
