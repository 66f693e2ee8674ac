"""Discriminators: shapes, reach, each alone."""

import pytest

torch = pytest.importorskip("torch")

from unblur.models.discriminators import DoubleScaleDiscriminator, PatchDiscriminator  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("layer_count", "side"), [(3, 35), (5, 11)])
def test_a_score_for_each_patch(layer_count, side):
    scores = PatchDiscriminator(layer_count)(torch.rand(2, 3, 256, 256))
    assert scores.shape == (2, 1, side, side)


def test_the_patch_is_70_pixels_wide():
    network = PatchDiscriminator(norm=lambda channels: torch.nn.Identity()).eval()
    pictures = torch.zeros(1, 3, 256, 256, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(pictures)[0, 0, 17, 17], pictures)
    seen = gradient.abs().sum((0, 1, 2)).nonzero().flatten()
    assert int(seen.max() - seen.min()) + 1 == 70


def test_the_pair_is_the_two_side_by_side():
    pair = DoubleScaleDiscriminator()
    pictures = torch.rand(1, 3, 128, 160)
    near, whole = pair(pictures)
    assert torch.equal(near, pair.patch(pictures))
    assert torch.equal(whole, pair.whole(pictures))
    assert near.shape[-1] > whole.shape[-1]


def test_a_gradient_reaches_the_pictures_from_both():
    pictures = torch.rand(1, 3, 96, 96, requires_grad=True)
    for scores in DoubleScaleDiscriminator()(pictures):
        (gradient,) = torch.autograd.grad(scores.sum(), pictures, retain_graph=True)
        assert gradient.abs().sum() > 0
