"""Helpers for tests of networks."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def give_random_weights(network, seed=0):
    """`network` with every weight random: new ones are the identity, which tests little."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            scale = 0.5 / max(1, parameter[0].numel()) ** 0.5
            parameter.copy_(scale * torch.randn(parameter.shape, generator=rng))
    return network


WIDTHS = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256)]
TORCHVISION = [f"features.{place}" for place in (0, 2, 5, 7, 10, 12, 14)]
CAFFE = ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3"]


def made_vgg(names: Sequence[str]) -> dict[str, torch.Tensor]:
    """Random weights of VGG up to conv3_3, under `names`."""
    rng = torch.Generator().manual_seed(1)
    tensors = {}
    for name, (before, after) in zip(names, WIDTHS, strict=True):
        tensors[f"{name}.weight"] = torch.randn(after, before, 3, 3, generator=rng) / (
            3 * before**0.5
        )
        tensors[f"{name}.bias"] = torch.zeros(after)
    return tensors
