"""What holds for every synthetic pair, whatever its seed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("cv2")

from tests.blur_tools import only, scene
from unblur.data.blur_synthesis import BlurOptions, draw_plan, render_pair, synthesize_pair

pytestmark = pytest.mark.torch

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds)
@settings(max_examples=40, deadline=None)
def test_a_seed_is_a_pair(seed):
    first, second = (
        synthesize_pair(scene(96, 1), [scene(64, 2)], np.random.default_rng(seed)) for _ in range(2)
    )
    assert np.array_equal(first.blurry, second.blurry)
    assert np.array_equal(first.sharp, second.sharp)
    assert (first.path_px, first.kind) == (second.path_px, second.kind)


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_a_path_of_no_length_changes_nothing(seed):
    plan = draw_plan(np.random.default_rng(seed), only(), (96, 96))
    still = replace(plan, path=plan.path.scaled(0.0))
    pair = render_pair(still, scene(96, seed), [])
    assert np.array_equal(pair.blurry, pair.sharp)


@given(seed=seeds, straight=st.booleans())
@settings(max_examples=40, deadline=None)
def test_blur_keeps_the_light(seed, straight):
    """A thing in the middle of an even ground has as much light in it after the exposure."""
    rng = np.random.default_rng(seed)
    picture = np.full((192, 192, 3), rng.integers(10, 240, 3), np.uint8)
    picture[84:108, 84:108] = scene(24, seed)
    options = only(straight_share=float(straight), maximum_path_px=30.0)
    plan = draw_plan(rng, options, (192, 192))
    if not straight:  # turning and zooming spread the thing over more or less ground
        plan = replace(plan, path=replace(plan.path, linear=np.zeros((2, 2))))
    pair = render_pair(plan, picture, [])
    light = [((half / 255.0) ** plan.gamma).mean() for half in (pair.blurry, pair.sharp)]
    assert light[0] == pytest.approx(light[1], abs=0.002)


@given(seed=seeds)
@settings(max_examples=60, deadline=None)
def test_no_path_is_longer_than_asked(seed):
    options = BlurOptions(maximum_path_px=9.0)
    plan = draw_plan(np.random.default_rng(seed), options, (128, 128))
    assert 0 <= plan.path_px <= 9
    assert (plan.path_px == 0) == (plan.kind in {"sharp", "defocus"})
