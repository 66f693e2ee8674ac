"""Pairs out of sharp video, in linear light."""

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("cv2")

from tests.blur_tools import scene
from unblur.data.blur_synthesis.frame_averaging import average_frames
from unblur.errors import ConfigError, InputError

pytestmark = pytest.mark.torch


def flat(level: int) -> np.ndarray:
    return np.full((24, 32, 3), level, np.uint8)


def moving(count: int, step_px: int = 2) -> list[np.ndarray]:
    """A picture that moves to the left."""
    wide = scene(64, 3, 64 + step_px * count)
    return [wide[:, step_px * index : step_px * index + 64].copy() for index in range(count)]


def test_the_mean_is_taken_in_light_and_the_middle_frame_is_sharp():
    levels = [110, 120, 130, 120, 115]
    (pair,) = average_frames(map(flat, levels), 5, gamma=2.2)
    expected = 255 * np.mean([(level / 255) ** 2.2 for level in levels]) ** (1 / 2.2)
    assert np.array_equal(pair.blurry, flat(round(expected)))
    assert np.array_equal(pair.sharp, flat(130))
    assert (pair.kind, pair.is_straight) == ("video", False)


def test_windows_follow_one_another_or_leave_frames_out():
    frames = moving(11)
    assert len(list(average_frames(frames, 3))) == 3
    pairs = list(average_frames(frames, 3, stride=4))
    assert [pair.sharp.tobytes() for pair in pairs] == [frames[i].tobytes() for i in (1, 5, 9)]


def test_the_path_is_as_long_as_the_picture_moves():
    (pair,) = average_frames(moving(5, step_px=2), 5)
    assert pair.path_px == pytest.approx(8, abs=1)


def test_frames_between_are_averaged_too():
    def blend(before, after, count):
        asked.append(count)
        shares = np.arange(1, count + 1) / (count + 1)
        return [(before * (1 - share) + after * share).astype(np.uint8) for share in shares]

    asked: list[int] = []
    frames = [flat(level) for level in (90, 100, 110)]
    pairs = average_frames(frames, 3, gamma=1.0, interpolate=blend, between_count=3)
    (pair,) = pairs
    assert asked == [3, 3]
    assert np.array_equal(pair.blurry, flat(100))
    assert np.array_equal(pair.sharp, flat(100))


def test_windows_with_a_cut_are_left_out():
    frames = [
        flat(20),
        flat(22),
        flat(24),
        flat(20),
        flat(200),
        flat(202),
        flat(90),
        flat(91),
        flat(92),
    ]
    pairs = list(average_frames(frames, 3))
    assert [int(pair.sharp[0, 0, 0]) for pair in pairs] == [22, 91]


def test_a_fast_pan_is_no_cut():
    assert len(list(average_frames(moving(6, step_px=24), 3))) == 2


def test_one_frame_is_read_at_a_time():
    read: list[int] = []

    def frames() -> Iterator[np.ndarray]:
        for index in range(100):
            read.append(index)
            yield flat(50)

    next(average_frames(frames(), 5))
    assert len(read) == 5


@pytest.mark.parametrize("window", [0, 1, 4])
def test_a_window_without_a_middle_is_refused(window):
    with pytest.raises(ConfigError, match="odd number of frames from 3 on"):
        next(average_frames([flat(1)] * 9, window))


def test_a_stride_below_the_window_is_refused():
    with pytest.raises(ConfigError, match="a stride of at least the window, 5, got 3"):
        next(average_frames([flat(1)] * 9, 5, stride=3))


def test_too_few_frames_are_an_error():
    with pytest.raises(InputError, match="at least 5 frames to average, got 4"):
        list(average_frames([flat(1)] * 4, 5))


def test_frames_of_different_sizes_are_an_error():
    with pytest.raises(InputError, match="frames of one size"):
        list(average_frames([flat(1), scene(16), flat(1)], 3))
