"""A generator that takes and gives bytes: the pixel contract, inside the graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unblur.models.generator import Generator, RecurrentGenerator


class BytesInBytesOut(nn.Module):
    """A generator between the two conversions of the pixel contract.

    The generator gives a correction, which is rounded to grey levels and added to
    the picture: for pictures of bytes the same as rounding the sum. Whole numbers
    up to 256 are exact in bf16 too, so in every precision a picture that needs no
    correction comes out as it went in.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, blurry: Tensor) -> Tensor:
        """(B, H, W, 3) uint8 RGB to the restored same."""
        levels = _to_levels(blurry)
        return _add(levels, self.generator.correction(levels / 255))


class BytesAndState(nn.Module):
    """The same for a generator with a memory: the state goes in and out beside the bytes."""

    def __init__(self, generator: RecurrentGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, blurry: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """(B, H, W, 3) uint8 RGB and the state, float32, to the restored same and the next."""
        levels = _to_levels(blurry)
        correction, after = self.generator.correct_next(levels / 255, state)
        return _add(levels, correction), *after


def _to_levels(blurry: Tensor) -> Tensor:
    """Bytes (B, H, W, 3) as float grey levels (B, 3, H, W)."""
    return blurry.permute(0, 3, 1, 2).to(torch.float32)


def _add(levels: Tensor, correction: Tensor) -> Tensor:
    """Grey levels and a correction in 0..1 as bytes (B, H, W, 3)."""
    restored = (levels + torch.round(correction * 255)).clamp(0, 255)
    return restored.permute(0, 2, 3, 1).to(torch.uint8)


def between_bytes(generator: Generator) -> BytesInBytesOut | BytesAndState:
    """The generator as it is exported and run."""
    if isinstance(generator, RecurrentGenerator):
        return BytesAndState(generator)
    return BytesInBytesOut(generator)
