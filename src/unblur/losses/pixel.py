"""Distances between pictures, pixel by pixel and frequency by frequency.

Shapes: two (B, C, H, W) tensors of the same shape, RGB in 0..1, to a scalar.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def mean_squared_error(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean of the squared differences: L_p of arXiv:1908.03826, section 3.3."""
    return functional.mse_loss(restored, sharp)


def mean_absolute_error(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean of the absolute differences (L1)."""
    return functional.l1_loss(restored, sharp)


def charbonnier(restored: Tensor, sharp: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Mean of sqrt(difference^2 + epsilon^2): L1 with a round bottom (Charbonnier 1994)."""
    return torch.sqrt((restored - sharp).square() + epsilon**2).mean()


def frequency_l1(restored: Tensor, sharp: Tensor) -> Tensor:
    """Mean absolute difference of the 2-D Fourier transforms, real and imaginary parts.

    Transforms are orthonormal, so that the size of the picture does not matter
    (arXiv:2108.05054, equation 6, without its scale).
    """
    difference = torch.fft.rfft2(restored.float() - sharp.float(), norm="ortho")
    return torch.view_as_real(difference).abs().mean()
