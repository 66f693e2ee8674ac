"""Adversarial losses in their textbook forms.

Scores are what a discriminator gives, not bounded, of any shape; those of real and of
restored pictures may be of different batches. Each loss is a scalar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from unblur.errors import check_known

AdversarialName = Literal["gan", "lsgan", "wgan-gp", "ragan", "ragan-ls"]


Mean = Callable[[Tensor], Tensor]
"""The mean of scores; where a batch is spread over processes, over all of them."""


def discriminator_loss(
    name: AdversarialName, real: Tensor, restored: Tensor, mean: Mean = torch.mean
) -> Tensor:
    """What the discriminator makes small; `mean` gives the E inside the relativistic forms.

    - gan: binary cross-entropy (arXiv:1406.2661).
    - lsgan: E[(D(x) - 1)^2] + E[D(G(z))^2], halved (arXiv:1611.04076, equation 9).
    - wgan-gp: E[D(G(z))] - E[D(x)]; add `gradient_penalty` (arXiv:1704.00028).
    - ragan: cross-entropy of the scores relative to the other kind's mean
      (arXiv:1807.00734, equation 5).
    - ragan-ls: E[(D(x) - E[D(G(z))] - 1)^2] + E[(D(G(z)) - E[D(x)] + 1)^2]
      (arXiv:1908.03826, equation 2).
    """
    check_known("adversarial loss", name, get_args(AdversarialName))
    if name == "wgan-gp":
        return restored.mean() - real.mean()
    if name == "ragan-ls":
        return _towards(real - mean(restored), 1) + _towards(restored - mean(real), -1)
    if name == "ragan":
        return _says(real - mean(restored), 1) + _says(restored - mean(real), 0)
    if name == "lsgan":
        return (_towards(real, 1) + _towards(restored, 0)) / 2
    return _says(real, 1) + _says(restored, 0)


def generator_loss(
    name: AdversarialName, real: Tensor, restored: Tensor, mean: Mean = torch.mean
) -> Tensor:
    """What the generator makes small; the gradient goes through both scores' means.

    The relativistic ones are the discriminator's with the roles exchanged; gan is the
    non-saturating form; lsgan is halved as the discriminator's is.
    """
    check_known("adversarial loss", name, get_args(AdversarialName))
    if name in ("ragan", "ragan-ls"):
        return discriminator_loss(name, restored, real, mean)
    if name == "wgan-gp":
        return -restored.mean()
    if name == "lsgan":
        return _towards(restored, 1) / 2
    return _says(restored, 1)


def gradient_penalty(
    discriminator: Callable[[Tensor], Tensor],
    real: Tensor,
    restored: Tensor,
    generator: torch.Generator | None = None,
) -> Tensor:
    """How far the discriminator's slope is from 1: E[(||grad D(m)||_2 - 1)^2], not weighted.

    m lies at a random place between each real picture and its restored one; the norm is
    over all of a picture's values (arXiv:1704.00028, equation 3; its weight is 10).
    """
    shape = (len(real), *[1] * (real.dim() - 1))
    share = torch.rand(shape, generator=generator, device=real.device, dtype=real.dtype)
    between = (share * real + (1 - share) * restored).detach().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


def _towards(scores: Tensor, target: float) -> Tensor:
    """Mean squared distance from `target`."""
    return (scores - target).square().mean()


def _says(scores: Tensor, answer: float) -> Tensor:
    """Cross-entropy of the scores, as logits, with one answer for all."""
    return functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, answer))
