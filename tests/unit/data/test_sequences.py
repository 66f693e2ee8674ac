"""Consecutive frames of one camera."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from unblur.data.blur_synthesis import MARGIN_PX, REACH_PX, BlurOptions, synthesize_sequence
from unblur.data.blur_synthesis.sequences import Track, draw_velocities

SIZE_PX, FRAME_COUNT = 48, 5
CLEAN = {
    "noise_share": 0,
    "sensor_noise_share": 0,
    "jpeg_share": 0,
    "video_share": 0,
    "highlight_share": 0,
    "lights_share": 0,
}
SIDE_PX = SIZE_PX + 2 * MARGIN_PX + REACH_PX
SCENE = np.random.default_rng(3).integers(0, 256, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8)


def sequence(seed: int, scene: np.ndarray = SCENE, objects: int = 0, **changes: float):
    options = BlurOptions.model_validate(CLEAN | changes)
    rng = np.random.default_rng(seed)
    things = [SCENE[::-1]] * objects
    return synthesize_sequence(scene, things, rng, options, frame_count=FRAME_COUNT)


def place_of(window: np.ndarray) -> tuple[int, int]:
    """Where in the scene a sharp frame was cut from."""
    rows, columns = np.nonzero((window[0, 0] == SCENE).all(axis=2))
    fits = [
        (int(top), int(left))
        for top, left in zip(rows, columns, strict=True)
        if np.array_equal(SCENE[top : top + SIZE_PX, left : left + SIZE_PX], window)
    ]
    assert len(fits) == 1
    return fits[0]


def test_the_same_seed_gives_the_same_frames() -> None:
    first, again, other = sequence(1), sequence(1), sequence(2)
    assert len(first) == FRAME_COUNT
    for one, two in zip(first, again, strict=True):
        assert one.blurry.shape == one.sharp.shape == (SIZE_PX, SIZE_PX, 3)
        assert np.array_equal(one.blurry, two.blurry)
    assert not np.array_equal(first[0].blurry, other[0].blurry)


def test_sharp_frames_are_windows_of_the_scene_along_one_track() -> None:
    calm = {"sharp_share": 0, "defocus_share": 0, "straight_share": 1, "document_share": 0}
    for seed in range(6):
        pairs = sequence(seed, **calm)
        places = np.array([place_of(pair.sharp) for pair in pairs])
        steps = np.diff(places, axis=0)
        assert np.abs(places).max() <= SIDE_PX - SIZE_PX
        # what moved from frame to frame moved while the shutter was open too
        for pair, step in zip(pairs[1:], steps, strict=False):
            assert not np.array_equal(pair.blurry, pair.sharp) or np.abs(step).max() <= 1


def test_sharp_sequences_move_without_blur() -> None:
    for pair in sequence(4, sharp_share=1):
        assert np.array_equal(pair.blurry, pair.sharp)
    places = {place_of(pair.sharp) for pair in sequence(4, sharp_share=1)}
    assert len(places) > 1


def test_things_in_front_move_over_the_scene() -> None:
    with_things = sequence(5, objects=1, layer_share=1, straight_share=0, sharp_share=0)
    without = sequence(5, straight_share=0, sharp_share=0)
    covered = [
        (one.sharp != two.sharp).any(axis=2) for one, two in zip(with_things, without, strict=True)
    ]
    assert any(it.any() for it in covered)


def test_a_track_is_continuous_and_stays_within_its_reach() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        velocities = draw_velocities(rng, rng.normal(0, 30, 2), 8)
        track = Track.of_velocities(velocities, REACH_PX)
        middle = (track.velocities[1:] + track.velocities[:-1]) / 2
        assert np.diff(track.positions, axis=0) == pytest.approx(middle)
        assert track.windows.min() == 0
        assert track.windows.max() <= REACH_PX + 1e-6


def test_noise_differs_from_frame_to_frame() -> None:
    pairs = sequence(4, sharp_share=1, noise_share=1, maximum_noise=16)
    noise = [pair.blurry.astype(int) - pair.sharp for pair in pairs]
    assert not np.array_equal(noise[0], noise[1])


def test_a_compressed_sequence_is_one_clip() -> None:
    steps = np.arange(SIDE_PX) // 8  # noise would not survive the coding
    coarse = SCENE[steps][:, steps]
    coded = sequence(4, coarse, sharp_share=1, video_share=1)
    assert len(coded) == FRAME_COUNT
    for index, frame in enumerate(coded):
        errors = [np.abs(frame.blurry.astype(int) - it.sharp).mean() for it in coded]
        assert np.argmin(errors) == index
        assert min(errors) > 0
