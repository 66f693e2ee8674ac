"""A generator that takes and gives bytes: the pixel contract, inside the graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unblur.models.generator import Generator


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
        levels = blurry.permute(0, 3, 1, 2).to(torch.float32)
        correction = torch.round(self.generator.correction(levels / 255) * 255)
        restored = (levels + correction).clamp(0, 255)
        return restored.permute(0, 2, 3, 1).to(torch.uint8)
