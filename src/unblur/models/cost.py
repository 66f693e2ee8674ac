"""What a network costs: parameters, and multiplications with additions (MACs)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from unblur.models.catalog import GeneratorCard

HEIGHT, WIDTH = 720, 1280
"""The size for which MACs are given, as in Table 1 of arXiv:1908.03826."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one network, for one 1280x720 picture padded to its size rule."""

    parameter_count: int
    giga_macs: float


def count_cost(card: GeneratorCard) -> Cost:
    """Count by torch's own counter, without computing anything (convolutions only)."""
    height, width = (side + card.size_rule.padding(side) for side in (HEIGHT, WIDTH))
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        generator = card.build().eval()
        generator(torch.empty(1, 3, height, width))
    parameters = sum(parameter.numel() for parameter in generator.parameters())
    return Cost(parameters, counter.get_total_flops() / 2 / 1e9)
