"""What every generator is: a correction added to the picture."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class Generator(nn.Module):
    """Restores pictures by a residual over the whole image (arXiv:1908.03826, section 3.1).

    Shapes: (B, 3, H, W) RGB in 0..1 to the same; the output is not clamped.
    """

    ends: ClassVar[tuple[str, ...]] = ()
    """Names of the modules that take or give pixels: Muon leaves them to AdamW."""

    def forward(self, blurry: Tensor) -> Tensor:
        """Give the restored pictures."""
        return blurry + self.correction(blurry)

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to the pictures, about -1..1."""
        raise NotImplementedError
