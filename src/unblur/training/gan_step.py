"""One step of training: the discriminator learns, then the generator (arXiv:1908.03826, 3.3).

Without a discriminator it is a step on pixel losses alone. The losses see pictures in -1..1,
as the paper's weights expect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from unblur.losses import pixel
from unblur.losses.adversarial import (
    AdversarialName,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
)
from unblur.losses.perceptual import PerceptualLoss
from unblur.models.discriminators import DISCRIMINATORS, DoubleScaleDiscriminator
from unblur.training.config import AdversaryOptions, LossOptions

_PIXEL_LOSSES = {
    "l1": pixel.mean_absolute_error,
    "mse": pixel.mean_squared_error,
    "charbonnier": pixel.charbonnier,
}


class GeneratorLoss(nn.Module):
    """The terms of the generator's loss that need no discriminator.

    The perceptual network computes in the arithmetic that `autocast` sets.
    Raises ModelError when it cannot be had.
    """

    def __init__(
        self,
        options: LossOptions,
        autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        super().__init__()
        self.options, self.autocast = options, autocast
        self.compare = _PIXEL_LOSSES[options.pixel]
        needs_network = options.perceptual_weight > 0
        self.perceptual = PerceptualLoss(options.perceptual_network) if needs_network else None

    def forward(
        self, restored: Sequence[Tensor], sharp: Tensor, came_sharp: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Give each term by name, weighted.

        `restored` are (B, 3, H, W) in 0..1 at full resolution, then at 1/2, 1/4, ...,
        in any order; `sharp` is at full resolution. `came_sharp` says which were sharp before:
        (B,), bool; the identity term is over them.
        """
        options, wanted = self.options, to_signed(sharp)
        terms = {"pixel": options.pixel_weight * self.compare(to_signed(restored[0]), wanted)}
        if len(restored) > 1:
            levels = (
                self.compare(
                    to_signed(coarse),
                    functional.adaptive_avg_pool2d(wanted, (coarse.shape[-2], coarse.shape[-1])),
                )
                for coarse in restored[1:]
            )
            terms["coarse"] = options.coarse_weight * torch.stack(list(levels)).sum()
        if options.frequency_weight > 0:
            distance = pixel.frequency_l1(to_signed(restored[0]), wanted)
            terms["frequency"] = options.frequency_weight * distance
        if came_sharp is not None:
            distances = (to_signed(restored[0]) - wanted).abs().mean(dim=(1, 2, 3))
            distance = (distances * came_sharp).sum() / came_sharp.sum().clamp(min=1)
            terms["identity"] = options.identity_weight * distance
        if self.perceptual is not None:
            with self.autocast():
                distance = self.perceptual(restored[0], sharp)
            terms["perceptual"] = options.perceptual_weight * distance.float()
        return terms


class Adversary:
    """A discriminator, its optimizer and its loss."""

    def __init__(self, options: AdversaryOptions, fabric: Fabric) -> None:
        if options.loss is None:
            raise ValueError("an adversary needs a loss")
        self.options, self.fabric = options, fabric
        self.name: AdversarialName = options.loss
        self.network = DISCRIMINATORS[options.discriminator]().to(
            memory_format=torch.channels_last  # pyright: ignore[reportCallIssue]
        )
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=options.learning_rate)
        self._network, self._optimizer = fabric.setup(self.network, self.optimizer)

    def learn(self, sharp: Tensor, restored: Tensor, chance: torch.Generator) -> Tensor:
        """One step of the discriminator; pictures in 0..1. Gives its loss."""
        pictures = to_signed(torch.cat([sharp, restored.detach()]))
        loss = torch.zeros((), device=sharp.device)
        for scores in _all_scores(self._network(pictures)):
            real, fake = scores.chunk(2)
            loss = loss + discriminator_loss(self.name, real, fake, self._mean)
        if self.name == "wgan-gp":
            real, fake = pictures.chunk(2)
            for network in self._parts():
                penalty = gradient_penalty(network, real, fake, chance)
                loss = loss + self.options.gradient_penalty_weight * penalty
        loss = loss / len(self._parts())
        self._optimizer.zero_grad()
        self.fabric.backward(loss)
        self._optimizer.step()
        return loss.detach()

    def judge(self, sharp: Tensor, restored: Tensor) -> Tensor:
        """The generator's adversarial loss, weighted: the mean over the discriminators."""
        self.network.requires_grad_(requires_grad=False)
        with self.fabric.autocast():
            with torch.no_grad():
                judged_sharp = _all_scores(self.network(to_signed(sharp)))
            judged = _all_scores(self.network(to_signed(restored)))
        losses = [
            generator_loss(self.name, real.float(), fake.float(), self._mean)
            for real, fake in zip(judged_sharp, judged, strict=True)
        ]
        self.network.requires_grad_(requires_grad=True)
        return self.options.weight * torch.stack(losses).mean()

    def _parts(self) -> list[nn.Module]:
        """The single discriminators, without what spreads them over devices."""
        network = self.network
        if isinstance(network, DoubleScaleDiscriminator):
            return [network.patch, network.whole]
        return [network]

    def _mean(self, scores: Tensor) -> Tensor:
        """The mean of scores over the batches of all devices; gradients reach all of them."""
        if self.fabric.world_size == 1:
            return scores.mean()
        gathered: Any = self.fabric.all_gather(scores.mean(), sync_grads=True)
        return gathered.mean()


def shown_to_adversary(came_sharp: Tensor | None) -> Tensor | slice:
    """What of a batch the discriminator sees: all, or where it is known what came blurry.

    Of a batch that came in sharp as a whole, all: batch norms need something.
    """
    return slice(None) if came_sharp is None or came_sharp.all() else ~came_sharp


def to_signed(pictures: Tensor) -> Tensor:
    """0..1 to -1..1, float32."""
    return pictures.float() * 2 - 1


def total(terms: Iterable[Tensor]) -> Tensor:
    """The sum of the terms of a loss."""
    return torch.stack(list(terms)).sum()


def _all_scores(judged: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """What a discriminator gave, as the scores of each of its parts."""
    return judged if isinstance(judged, tuple) else (judged,)
