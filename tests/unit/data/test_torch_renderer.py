"""The two renderers give the same pairs."""

import numpy as np
import pytest

pytest.importorskip("cv2")
torch = pytest.importorskip("torch")

from tests.blur_tools import only, scene  # noqa: E402
from unblur.data.blur_synthesis import (  # noqa: E402
    BlurOptions,
    cut_things,
    draw_plan,
    render_pair,
)
from unblur.data.blur_synthesis.torch_renderer import SceneBatch, render_batch  # noqa: E402

pytestmark = pytest.mark.torch

QUIET = {"noise_share": 0.0, "sensor_noise_share": 0.0, "jpeg_share": 0.0, "video_share": 0.0}
EVERY_KIND = BlurOptions(
    sharp_share=0.1,
    defocus_share=0.1,
    layer_share=0.6,
    lights_share=0.2,
    rolling_shutter_share=0.3,
    **QUIET,
)


def render_both(options, count=24, size=(96, 120)):
    """The pairs of NumPy and of PyTorch, each as (N, 2, H, W, 3), and their plans."""
    plans = [draw_plan(np.random.default_rng((3, index)), options, size) for index in range(count)]
    pictures = [scene(size[0], index, size[1]) for index in range(count)]
    things = [cut_things(plan, [scene(64, 99)]) for plan in plans]
    pairs = [render_pair(*each) for each in zip(plans, pictures, things, strict=True)]
    batch = render_batch(plans, SceneBatch.of(pictures, things))
    numpy_pairs = np.stack([(pair.blurry, pair.sharp) for pair in pairs])
    torch_pairs = np.stack([each.permute(0, 2, 3, 1).numpy() for each in batch], axis=1)
    return numpy_pairs, torch_pairs, plans


def assert_alike(first, second):
    """To one grey level; in near black, where a large gamma makes much of rounding, to three."""
    is_near_black = np.maximum(first, second) < 5
    difference = np.abs(first.astype(int) - second)
    assert difference[~is_near_black].max() <= 1
    assert difference.max() <= 3


def test_both_renderers_give_the_same_pairs_to_one_grey_level():
    by_numpy, by_torch, plans = render_both(EVERY_KIND)
    assert {plan.kind for plan in plans} == {"sharp", "defocus", "straight", "path"}
    assert any(plan.layers for plan in plans)
    assert any(plan.lights for plan in plans)
    assert_alike(by_numpy, by_torch)
    difference = np.abs(by_numpy.astype(int) - by_torch)
    assert (difference > 0).mean() < 1e-3, "only where a value lies between two levels"


def test_pictures_that_are_rendered_in_strips_have_no_seams():
    options = only(layer_share=1.0, lights_share=0.5)
    by_numpy, by_torch, _ = render_both(options, 4, size=(640, 72))
    assert_alike(by_numpy, by_torch)


def test_compression_is_the_same_in_both():
    by_numpy, by_torch, _ = render_both(only(jpeg_share=0.5, video_share=0.5, sharp_share=1.0), 6)
    assert np.array_equal(by_numpy, by_torch)
    assert not np.array_equal(by_torch[:, 0], by_torch[:, 1])


@pytest.mark.parametrize("share", ["noise_share", "sensor_noise_share"])
def test_noise_is_as_strong_in_both_and_the_same_again_from_the_same_plan(share):
    options = only(sharp_share=1.0, maximum_noise=6.0, **{share: 1.0})
    by_numpy, by_torch, _ = render_both(options, 6)
    assert np.array_equal(render_both(options, 6)[1], by_torch)

    def noise(pairs):
        away_from_clipping = (pairs[:, 1] > 30) & (pairs[:, 1] < 225)
        difference = pairs[:, 0].astype(float) - pairs[:, 1]
        return [one[mask].std() for one, mask in zip(difference, away_from_clipping, strict=True)]

    assert noise(by_torch) == pytest.approx(noise(by_numpy), rel=0.05, abs=0.05)


def test_autocast_round_it_changes_nothing():
    options = only(defocus_share=0.5, layer_share=1.0)
    plain = render_both(options, 6)[1]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert np.array_equal(render_both(options, 6)[1], plain)


def test_a_pair_does_not_depend_on_the_others_of_its_batch():
    plans = [draw_plan(np.random.default_rng(index), EVERY_KIND, (96, 96)) for index in range(6)]
    pictures = [scene(96, index) for index in range(6)]
    things = [cut_things(plan, [scene(64, 99)]) for plan in plans]
    together = render_batch(plans, SceneBatch.of(pictures, things))[0]
    for index in range(6):
        one = SceneBatch.of(pictures[index : index + 1], things[index : index + 1])
        alone = render_batch(plans[index : index + 1], one)[0][0]
        assert (alone.int() - together[index].int()).abs().max() <= 1
