"""Helpers for tests of networks."""

import torch


def give_random_weights(network, seed=0):
    """`network` with every weight random: new ones are the identity, which tests little."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            scale = 0.5 / max(1, parameter[0].numel()) ** 0.5
            parameter.copy_(scale * torch.randn(parameter.shape, generator=rng))
    return network
