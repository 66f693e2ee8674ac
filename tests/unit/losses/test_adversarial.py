"""Adversarial losses against numbers worked by hand."""

import math

import pytest

torch = pytest.importorskip("torch")

from unblur.errors import UnknownNameError  # noqa: E402
from unblur.losses.adversarial import (  # noqa: E402
    discriminator_loss,
    generator_loss,
    gradient_penalty,
)

pytestmark = pytest.mark.torch
REAL, RESTORED = torch.tensor([1.0, 3.0]), torch.tensor([0.0, -1.0, 4.0])


def softplus(value):
    return math.log1p(math.exp(value))


def mean(values):
    return sum(values) / len(values)


BY_HAND = {
    "gan": (
        mean([softplus(-1), softplus(-3)]) + mean([softplus(0), softplus(-1), softplus(4)]),
        mean([softplus(0), softplus(1), softplus(-4)]),
    ),
    "lsgan": ((mean([0, 4]) + mean([0, 1, 16])) / 2, mean([1, 4, 9]) / 2),
    "wgan-gp": (1.0 - 2.0, -1.0),
    "ragan": (
        mean([softplus(0), softplus(-2)]) + mean([softplus(-2), softplus(-3), softplus(2)]),
        mean([softplus(2), softplus(3), softplus(-2)]) + mean([softplus(0), softplus(2)]),
    ),
    "ragan-ls": (mean([1, 1]) + mean([1, 4, 9]), mean([9, 16, 1]) + mean([1, 9])),
}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_by_hand(name):
    """The means are 2 (real) and 1 (restored)."""
    expected = BY_HAND[name]
    assert discriminator_loss(name, REAL, RESTORED).item() == pytest.approx(expected[0])
    assert generator_loss(name, REAL, RESTORED).item() == pytest.approx(expected[1])


@pytest.mark.parametrize("name", ["ragan", "ragan-ls"])
def test_the_gradient_goes_through_both_scores(name):
    real, restored = REAL.clone().requires_grad_(), RESTORED.clone().requires_grad_()
    generator_loss(name, real, restored).backward()
    assert real.grad.abs().sum() > 0
    assert restored.grad.abs().sum() > 0


def test_the_gradient_penalty_of_a_plane_is_by_its_slope():
    """D(x) = 3 times the sum of a picture of 4 values: the slope's norm is 3 * sqrt(4) = 6."""
    pictures = torch.rand(2, 1, 2, 2)
    penalty = gradient_penalty(lambda p: 3 * p.sum(dim=(1, 2, 3)), pictures, 1 - pictures)
    assert penalty.item() == pytest.approx(25)


def test_the_gradient_penalty_trains_the_discriminator():
    layer = torch.nn.Linear(4, 1)
    gradient_penalty(
        lambda p: layer(p.flatten(1)), torch.rand(3, 1, 2, 2), torch.rand(3, 1, 2, 2)
    ).backward()
    assert layer.weight.grad.abs().sum() > 0


def test_an_unknown_name_is_an_error():
    with pytest.raises(UnknownNameError, match="known: gan, lsgan"):
        discriminator_loss("gann", REAL, RESTORED)
