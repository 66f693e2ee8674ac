"""What every generator is: a correction added to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn


class Generator(nn.Module):
    """Restores pictures by a residual over the whole image (arXiv:1908.03826, section 3.1).

    Shapes: (B, 3, H, W) RGB in 0..1 to the same; the output is not clamped.
    """

    ends: ClassVar[tuple[str, ...]] = ()
    """Names of the modules that take or give pixels: Muon leaves them to AdamW."""
    extras: ClassVar[tuple[str, ...]] = ()
    """Names of the modules that a simpler generator, whose weights it may begin with, lacks."""

    def forward(self, blurry: Tensor) -> Tensor:
        """Give the restored pictures."""
        return blurry + self.correction(blurry)

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to the pictures, about -1..1."""
        raise NotImplementedError


class RecurrentGenerator(Generator):
    """A generator that remembers the frame before: feature maps as state, zeros for none."""

    def correct_next(self, blurry: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Give the correction, and the state for the frame after."""
        raise NotImplementedError

    def no_state(self, blurry: Tensor) -> list[Tensor]:
        """The state before the first frame: zeros, (B, C, H / stride, W / stride) each."""
        raise NotImplementedError
