"""A generator as it learns: with heads at coarse resolutions where it has maps for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from unblur.errors import ConfigError
from unblur.models.catalog import find_generator
from unblur.models.encoders import TimmEncoder
from unblur.models.generator import Generator
from unblur.models.generators.live import (
    LiveGenerator,
    MultiScaleHeads,
    RecurrentLiveGenerator,
)
from unblur.training.config import TrainingOptions
from unblur.weights.checkpoint import load_checkpoint
from unblur.weights.run_state import read_state


class LearningNetwork(nn.Module):
    """A generator; the live ones with heads at 1/2 and 1/4, which are dropped after training."""

    def __init__(self, generator: Generator, frame_count: int = 1) -> None:
        super().__init__()
        self.generator = generator
        self.frame_count = frame_count
        self.coarse = (
            MultiScaleHeads(generator.channels) if isinstance(generator, LiveGenerator) else None
        )

    def forward(self, blurry: Tensor) -> list[Tensor]:
        """Restored pictures at full resolution, then some at less; 0..1, not clamped.

        Of (B, 3, H, W) each `frame_count` in a row are consecutive frames.
        """
        generator = self.generator
        if self.coarse is None or not isinstance(generator, LiveGenerator):
            return [generator(blurry)]
        if isinstance(generator, RecurrentLiveGenerator):
            correction, coarse, maps = generator.see_frames(blurry, self.frame_count)
        else:
            correction, coarse, maps = generator.see(blurry)
        small = [
            functional.adaptive_avg_pool2d(blurry, (it.shape[-2], it.shape[-1])) + it
            for it in (*coarse, *self.coarse(maps))
        ]
        return [blurry + correction, *small]


def build_network(options: TrainingOptions, *, is_begun: bool = False) -> LearningNetwork:
    """The network of a run with the weights that it starts from; raises UnblurError.

    Those are not read for a run that is begun: its checkpoint brings others.
    """
    card = find_generator(options.network)
    if card.size_rule.padding(options.crop_px):
        raise ConfigError(
            f"{options.network} takes sides that are multiples of {card.size_rule.multiple_of}, "
            f"{card.size_rule.minimum} or more; crop_px is {options.crop_px}"
        )
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        network = LearningNetwork(card.build(), options.data.frame_count)
    if not is_begun:
        _load_first_weights(network, options)
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _load_first_weights(network: LearningNetwork, options: TrainingOptions) -> None:
    """Give `network` what a run begins with; raises UnblurError."""
    if options.start_from is None:
        _load_encoder_weights(network.generator, options)
    else:
        _load_start(network, options.start_from, options.network)


def _load_start(network: LearningNetwork, start: Path, name: str) -> None:
    """Give `network` the weights in `start`; raises ConfigError when they are of another.

    What a simpler generator lacks stays as it begins.
    """
    extras = network.generator.extras
    try:
        if start.suffix == ".safetensors":
            generator, _facts = load_checkpoint(start)
            _load_all_but(extras, network.generator, generator.state_dict())
        else:
            _load_all_but(extras, network, read_state(start)["averaged"])
    except RuntimeError as error:  # PyTorch's, with every name that does not fit
        raise ConfigError(
            f"start_from is {start}, whose weights are not of {name!r}; set network to what it "
            "was trained as, or start from another file"
        ) from error


def _load_all_but(
    extras: Collection[str], network: nn.Module, weights: Mapping[str, Tensor]
) -> None:
    """Load `weights`, which may lack the modules `extras`.

    Raises RuntimeError as `load_state_dict` does.
    """
    own = network.state_dict()
    kept = {name: own[name] for name in own if not set(name.split(".")).isdisjoint(extras)}
    network.load_state_dict({**kept, **weights})


def _load_encoder_weights(generator: Generator, options: TrainingOptions) -> None:
    """Let a backbone begin with the weights that `options` name; raises ModelError."""
    encoder = getattr(generator, "encoder", None)
    if isinstance(encoder, TimmEncoder):
        encoder.load_weights(options.encoder_weights)
