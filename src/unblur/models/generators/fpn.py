"""DeblurGAN-v2's generator: a feature pyramid on any backbone (arXiv:1908.03826, section 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from unblur.models.blocks import SeparableConv2d, start_at_zero
from unblur.models.encoders import StagedEncoder, TimmEncoder
from unblur.models.generator import Generator

Padding = tuple[int, int, int, int]
"""Pixels to reflect at the left, right, top and bottom of a map."""


@dataclass(frozen=True, slots=True)
class FpnLayout:
    """What differs between the kinds of FPN generators."""

    pyramid_channels: int = 128
    head_channels: int = 64
    convolution: type[nn.Conv2d | SeparableConv2d] = nn.Conv2d
    """For every 3x3 convolution outside the backbone."""
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d
    """After the top-down and smoothing convolutions; BatchNorm2d folds into them."""
    has_bias_before_norm: bool = False
    lateral_padding: Sequence[Padding] = ((0, 0, 0, 0),) * 5
    """For backbones whose maps are smaller than their stride says, the finest first."""


class FpnGenerator(Generator):
    """Restores pictures of any size that the encoder takes; shapes as `Generator` has them.

    The encoder's maps at 1/4 to 1/32 go top-down with lateral connections; each level has
    a head; the heads' outputs are joined at 1/4, merged with the map at 1/2, and give a
    correction between -1/2 and 1/2 (the paper's tanh, on pictures in -1..1).
    """

    def __init__(self, encoder: TimmEncoder | StagedEncoder, layout: FpnLayout) -> None:
        super().__init__()
        self.layout = layout
        self.encoder = encoder
        pyramid, heads = layout.pyramid_channels, layout.head_channels
        widths = (pyramid // 2, pyramid, pyramid, pyramid, pyramid)
        self.lateral = nn.ModuleList(
            nn.Conv2d(count, width, 1, bias=False)
            for count, width in zip(encoder.channels, widths, strict=True)
        )
        self.top_down = nn.ModuleList(self._smoothing(pyramid, pyramid) for _ in range(3))
        self.heads = nn.ModuleList(self._head(pyramid, heads) for _ in range(4))
        self.smooth = self._smoothing(4 * heads, pyramid // 2)
        self.smooth2 = self._smoothing(pyramid // 2, pyramid // 4)
        self.final = layout.convolution(pyramid // 4, 3, 3, padding=1)
        start_at_zero(self.final if isinstance(self.final, nn.Conv2d) else self.final.pointwise)

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to the pictures, -1/2..1/2."""
        half, *laterals = self._laterals(blurry)
        maps = [laterals[-1]]
        for merge, lateral in zip(self.top_down, reversed(laterals[:-1]), strict=True):
            maps.append(merge(lateral + _resize(maps[-1], lateral)))
        finest = maps[-1]
        levels = zip(reversed(self.heads), maps, strict=True)
        joined = torch.cat([_resize(head(features), finest) for head, features in levels], dim=1)
        merged = self.smooth2(_resize(self.smooth(joined), half) + half)
        return torch.tanh(self.final(_resize(merged, blurry))) / 2

    def _laterals(self, blurry: Tensor) -> list[Tensor]:
        """The encoder's maps in the pyramid's channels, the finest first."""
        layers = zip(self.lateral, self.encoder(blurry), self.layout.lateral_padding, strict=True)
        return [_pad(lateral(features), padding) for lateral, features, padding in layers]

    def _smoothing(self, in_channels: int, out_channels: int) -> nn.Sequential:
        """A 3x3 convolution, a norm and a ReLU."""
        layout = self.layout
        bias = layout.has_bias_before_norm
        conv = layout.convolution(in_channels, out_channels, 3, padding=1, bias=bias)
        return nn.Sequential(conv, layout.norm(out_channels), nn.ReLU(inplace=True))

    def _head(self, in_channels: int, out_channels: int) -> nn.Sequential:
        """Two 3x3 convolutions without bias, each with a ReLU."""
        convolution = self.layout.convolution
        return nn.Sequential(
            convolution(in_channels, out_channels, 3, padding=1, bias=False),
            nn.ReLU(inplace=True),
            convolution(out_channels, out_channels, 3, padding=1, bias=False),
            nn.ReLU(inplace=True),
        )


def _resize(features: Tensor, like: Tensor) -> Tensor:
    """`features` at the height and width of `like`, by the nearest neighbour."""
    return functional.interpolate(features, size=like.shape[-2:], mode="nearest")


def _pad(features: Tensor, padding: Padding) -> Tensor:
    """`features` continued by reflection."""
    return functional.pad(features, padding, mode="reflect") if any(padding) else features
