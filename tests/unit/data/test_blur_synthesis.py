"""Synthetic blur: reproducible, aligned, and of the kinds that are asked for."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from tests.blur_tools import only, scene
from unblur.data.blur_synthesis import (
    BlurOptions,
    cut_things,
    degradation,
    draw_plan,
    random_camera_path,
    render_pair,
    synthesize_pair,
)
from unblur.data.blur_synthesis.degradation import Degradation, compress, to_grey_levels
from unblur.data.blur_synthesis.lights import Light, render_lights

pytestmark = pytest.mark.torch


def test_the_same_seed_gives_the_same_pair():
    pairs = [synthesize_pair(scene(), [scene(64, 1)], np.random.default_rng(5)) for _ in range(2)]
    assert np.array_equal(pairs[0].blurry, pairs[1].blurry)
    assert np.array_equal(pairs[0].sharp, pairs[1].sharp)


def test_a_sharp_pair_is_two_equal_pictures():
    pair = synthesize_pair(scene(), [], np.random.default_rng(0), only(sharp_share=1.0))
    assert np.array_equal(pair.blurry, pair.sharp)
    assert np.array_equal(pair.sharp, scene()[16:-16, 16:-16])
    assert pair.path_px == 0


@pytest.mark.parametrize("seed", range(8))
def test_blurry_and_sharp_are_aligned(seed):
    """No shift of the blurry picture by a pixel or two fits the sharp one better."""
    rng = np.random.default_rng(seed)
    pair = synthesize_pair(scene(seed=seed), [], rng, only(straight_share=1.0))
    blurry, sharp = pair.blurry.astype(float), pair.sharp.astype(float)

    def error(down, right):
        shifted = np.roll(blurry, (down, right), axis=(0, 1))
        return ((shifted - sharp)[4:-4, 4:-4] ** 2).mean()

    here = error(0, 0)
    assert all(here <= error(*s) for s in [(2, 0), (-2, 0), (0, 2), (0, -2), (2, 2), (-2, -2)])
    assert pair.is_straight
    assert here > 0


def test_longer_paths_blur_more():
    def error(mean_path_px):
        options = only(mean_path_px=mean_path_px, maximum_path_px=60)
        pairs = [
            synthesize_pair(scene(seed=seed), [], np.random.default_rng(seed), options)
            for seed in range(12)
        ]
        return np.mean([((p.blurry.astype(float) - p.sharp) ** 2).mean() for p in pairs])

    assert error(3) < error(8) < error(24)


KINDS = ["defocus", "layer", "highlight", "lights", "noise", "sensor_noise", "jpeg", "video"]


@pytest.mark.parametrize("share", [f"{kind}_share" for kind in KINDS])
def test_every_kind_gives_a_pair_that_differs_from_plain_blur(share):
    plain = synthesize_pair(scene(), [scene(64, 1)], np.random.default_rng(3), only())
    pair = synthesize_pair(scene(), [scene(64, 1)], np.random.default_rng(3), only(**{share: 1.0}))
    assert pair.blurry.shape == pair.sharp.shape == (96, 96, 3)
    assert pair.blurry.dtype == np.uint8
    assert not np.array_equal(pair.blurry, plain.blurry)


def test_nothing_moves_at_the_middle_of_the_exposure():
    path = random_camera_path(np.random.default_rng(0), length_px=20, size_px=100)
    assert np.allclose(path.at(0.0, 100, 100), [[1, 0, 0], [0, 1, 0]])


def test_a_straight_path_is_as_long_as_it_says():
    path = random_camera_path(np.random.default_rng(0), length_px=20, size_px=100, straight=True)
    ends = path.at(1.0, 100, 100) - path.at(-1.0, 100, 100)
    assert np.linalg.norm(ends[:, 2]) == pytest.approx(20)
    assert path.length_px(100, 100) == pytest.approx(20)


def test_a_rolling_shutter_blurs_the_rows_of_a_bent_path_in_different_directions():
    path = random_camera_path(np.random.default_rng(1), length_px=20, size_px=100)
    rolling = path.with_readout(1.0)
    top, bottom = np.array([49.5, 0, 1]), np.array([49.5, 99, 1])

    def way(of, point):
        return of.at(1.0, 100, 100) @ point - of.at(-1.0, 100, 100) @ point

    difference = way(rolling, bottom) - way(rolling, top)
    assert np.linalg.norm(difference - (way(path, bottom) - way(path, top))) > 1
    assert np.allclose(rolling.at(0.0, 100, 100), [[1, 0, 0], [0, 1, 0]])


def test_a_rolling_shutter_changes_nothing_on_a_straight_path():
    path = random_camera_path(np.random.default_rng(1), length_px=20, size_px=100, straight=True)
    moments = np.linspace(-1, 1, 9)
    rolling = path.with_readout(1.0)
    assert np.allclose(rolling.at_moments(moments, 90, 100), path.at_moments(moments, 90, 100))


def test_lamps_leave_streaks_that_clip():
    options = only(lights_share=1.0, straight_share=1.0)
    dark = np.full((128, 128, 3), 20, np.uint8)
    pair = synthesize_pair(dark, [], np.random.default_rng(4), options)
    clipped = (pair.blurry.min(axis=2) == 255).sum()
    averaged = pair.sharp.astype(float).mean() * 1.2
    assert clipped > 0
    assert pair.blurry.mean() > averaged, "light beyond white was lost before the exposure"


def test_a_lamp_is_brightest_at_its_place_and_has_a_star():
    lamp = Light(0.5, 0.5, 1.0, (10.0, 10.0, 5.0), spike_px=6.0, spike_count=2, spike_angle=0.0)
    light = render_lights([lamp], (41, 41))
    assert np.allclose(light[20, 20], [10.4, 10.4, 5.2], atol=0.01)
    assert light[20, 30, 0] > 100 * light[27, 27, 0], "a spike to the right, none diagonally"


def test_sensor_noise_grows_with_light():
    plan = Degradation(photon_noise=1e-3, read_noise=1e-3, noise_seed=1)
    dark, bright = (
        to_grey_levels(np.full((64, 64, 3), light, np.float32), 1.0, plan) for light in (0.05, 0.8)
    )
    expected = [255 * np.sqrt(1e-3 * light + 1e-6) for light in (0.05, 0.8)]
    assert dark.std() == pytest.approx(expected[0], rel=0.05)
    assert bright.std() == pytest.approx(expected[1], rel=0.05)


def test_noise_has_the_deviation_that_the_plan_says():
    grey = to_grey_levels(np.full((64, 64, 3), 0.5, np.float32), 2.2, Degradation(noise=3.0))
    assert grey.std() == pytest.approx(3.0, rel=0.05)
    assert grey.mean() == pytest.approx(255 * 0.5 ** (1 / 2.2), abs=0.2)


def test_jpeg_keeps_red_red():
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    compressed = compress(red, Degradation(jpeg_quality=80), np.zeros(2))
    assert np.abs(compressed.astype(int) - red).max() <= 3


@pytest.mark.parametrize("frames_before", [0, 1, 2])
def test_video_compression_keeps_the_picture_in_place(frames_before):
    picture = scene(97, width=83)
    plan = Degradation(video_crf=20, frames_before=frames_before)
    compressed = compress(picture, plan, np.array([3.0, 1.0]))
    assert compressed.shape == picture.shape
    grey, original = compressed.mean(axis=2), picture.mean(axis=2)
    assert 0.5 < np.abs(grey - original).mean() < 8


def test_the_frames_before_in_a_clip_are_the_picture_moved_back(monkeypatch):
    given = []
    monkeypatch.setattr(
        degradation, "compress_frames", lambda frames, _crf: given.append(frames) or frames
    )
    picture = scene(64)
    plan = Degradation(video_crf=20, frames_before=2)
    assert np.array_equal(compress(picture, plan, np.array([3.0, -1.0])), picture)
    ((farther, nearer, kept),) = given
    assert np.array_equal(kept, picture)
    assert np.array_equal(nearer[1:, :-3], picture[:-1, 3:])
    assert np.array_equal(farther[2:, :-6], picture[:-2, 6:])


def test_straight_pairs_are_neither_noisy_nor_compressed():
    options = only(straight_share=1.0, noise_share=1.0, jpeg_share=1.0)
    plan = draw_plan(np.random.default_rng(0), options, (128, 128))
    assert plan.is_straight
    assert plan.degradation == Degradation()


def test_default_shares_are_met():
    plans = [
        draw_plan(np.random.default_rng(seed), BlurOptions(), (240, 240)) for seed in range(2000)
    ]
    moved = [plan for plan in plans if plan.kind in {"straight", "path"}]
    assert np.mean([plan.kind == "sharp" for plan in plans]) == pytest.approx(0.06, abs=0.02)
    assert np.mean([plan.is_straight for plan in moved]) == pytest.approx(0.25, abs=0.03)
    assert np.mean([bool(plan.lights) for plan in plans]) == pytest.approx(0.04, abs=0.015)
    rolling = [plan.path.readout > 0 for plan in plans if plan.kind == "path"]
    assert np.mean(rolling) == pytest.approx(0.05, abs=0.02)
    assert all(plan.sample_count % 2 for plan in plans)


def test_a_small_thing_is_mirrored_to_fill_the_scene():
    plan = draw_plan(np.random.default_rng(0), only(layer_share=1.0), (200, 320))
    things = cut_things(plan, [scene(40)])
    assert {thing.shape for thing in things} == {(200, 320, 3)}
    assert all(thing[-1].any() and thing[:, -1].any() for thing in things)
    pair = render_pair(plan, scene(200, width=320), things, margin_px=10)
    assert pair.blurry.shape == (180, 300, 3)
