"""The live generator: a feature pyramid made for CPUs.

DeblurGAN-v2's idea (arXiv:1908.03826): a feature pyramid with lateral
connections and a residual over the whole image. What is ours: everything works
at a quarter of the resolution and below, where dense 3x3 convolutions are
cheapest for a CPU, and nothing normalises (docs/decisions/live-generator.md).

| level | stride | channels (live) | channels (live_large) |
|-------|--------|-----------------|-----------------------|
| 0     | 4      | 32              | 48                    |
| 1     | 8      | 64              | 96                    |
| 2     | 16     | 128             | 160                   |

`live_large` also sees the picture at half its size first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from unblur.models.blocks import PixelShuffleUpsample, ResidualBlock, start_at_zero
from unblur.models.generator import Generator, RecurrentGenerator

_CELL_PX = 4


class LiveGenerator(Generator):
    """Restores pictures whose sides are multiples of 16; shapes as `Generator` has them.

    `channels` and `block_counts` go from the finest level to the coarsest.
    """

    ends = ("stem", "head")

    def __init__(
        self,
        channels: Sequence[int] = (32, 64, 128),
        block_counts: Sequence[int] = (1, 2, 4),
    ) -> None:
        super().__init__()
        self.channels = tuple(channels)
        self.strides = tuple(_CELL_PX * 2**level for level in range(len(channels)))
        pixels = 3 * _CELL_PX**2
        levels = range(len(channels))
        self.unshuffle = nn.PixelUnshuffle(_CELL_PX)
        self.stem = nn.Conv2d(pixels, channels[0], 3, padding=1)
        self.bottom_up = nn.ModuleList(
            _blocks(channels[level], block_counts[level]) for level in levels
        )
        self.downsample = nn.ModuleList(
            nn.Conv2d(channels[level], channels[level + 1], 3, stride=2, padding=1)
            for level in levels[:-1]
        )
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels[level], channels[level], 1) for level in levels[:-1]
        )
        self.upsample = nn.ModuleList(
            PixelShuffleUpsample(channels[level + 1], channels[level]) for level in levels[:-1]
        )
        self.top_down = nn.ModuleList(
            _blocks(channels[level], block_counts[level]) for level in levels[:-1]
        )
        self.head = nn.Conv2d(channels[0], pixels, 3, padding=1)
        self.shuffle = nn.PixelShuffle(_CELL_PX)
        start_at_zero(self.head)

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to the pictures, about -1..1."""
        return self.correction_of(self.pyramid(blurry))

    def correction_of(self, maps: Sequence[Tensor]) -> Tensor:
        """Give what the top-down maps say is to be added, about -1..1."""
        return self.shuffle(self.head(maps[0]))

    def pyramid(self, blurry: Tensor, added: Mapping[int, Tensor] | None = None) -> list[Tensor]:
        """Give the top-down feature maps, the finest first, at strides 4, 8 and 16.

        `added` are maps, by level, of the same shapes, that levels begin with.
        """
        features = self.stem(self.unshuffle(blurry))
        seen: list[Tensor] = []
        for level, blocks in enumerate(self.bottom_up):
            if level:
                features = self.downsample[level - 1](features)
            if added and level in added:
                features = features + added[level]
            features = blocks(features)
            seen.append(features)
        maps = [seen[-1]]
        for level in reversed(range(len(self.lateral))):
            merged = self.upsample[level](maps[0]) + self.lateral[level](seen[level])
            maps.insert(0, self.top_down[level](merged))
        return maps


def _blocks(channels: int, count: int) -> nn.Sequential:
    """`count` residual blocks in a row."""
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(count)))


class RecurrentLiveGenerator(LiveGenerator, RecurrentGenerator):
    """The live generator with a memory: of each level, the first channels of its top-down maps.

    A 3x3 convolution to a level adds those of the frame before where the level begins. The
    convolutions start at zero: with the weights of a live generator it restores as that one
    does until it has learned. A state of zeros stands for "no frame before".
    """

    extras = ("memory",)

    def __init__(
        self,
        channels: Sequence[int] = (32, 64, 128),
        block_counts: Sequence[int] = (1, 2, 4),
        memory_channels: Sequence[int] = (16, 64, 128),
    ) -> None:
        super().__init__(channels, block_counts)
        self.memory_channels = tuple(memory_channels)
        self.memory = nn.ModuleList(
            start_at_zero(nn.Conv2d(kept, count, 3, padding=1, bias=False))
            for kept, count in zip(memory_channels, channels, strict=True)
        )

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to pictures that no frame came before, about -1..1."""
        return self.correct_next(blurry, self.no_state(blurry))[0]

    def correct_next(self, blurry: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Give the correction, and the state for the frame after."""
        maps = self.next_pyramid(blurry, state)
        return self.correction_of(maps), self.state_of(maps)

    def next_pyramid(self, blurry: Tensor, state: Sequence[Tensor]) -> list[Tensor]:
        """Give the top-down maps; `state_of` them is the state for the frame after."""
        convs = zip(self.memory, state, strict=True)
        return self.pyramid(blurry, {level: conv(it) for level, (conv, it) in enumerate(convs)})

    def state_of(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Give what is remembered of the top-down maps."""
        return [it[:, :kept] for it, kept in zip(maps, self.memory_channels, strict=True)]

    def no_state(self, blurry: Tensor) -> list[Tensor]:
        """Zeros: (B, C, H / stride, W / stride) for each level, the finest first."""
        batch, _, height, width = blurry.shape
        return [
            blurry.new_zeros((batch, count, height // stride, width // stride))
            for count, stride in zip(self.memory_channels, self.strides, strict=True)
        ]


class CoarseToFineLiveGenerator(LiveGenerator):
    """The live generator, which sees the picture at half its size first (arXiv:1802.01770).

    Long blur is short there. The same weights restore both sizes; at full size the levels begin
    with what the coarse pass found at their stride, and a gate mixes both corrections, pixel by
    pixel. Until it has learned, it gives four fifths of what a live generator gives, and one of
    what that gives at half the size.
    """

    ends = ("stem", "head", "gate")
    extras = ("from_coarse", "gate")

    def __init__(
        self,
        channels: Sequence[int] = (48, 96, 160),
        block_counts: Sequence[int] = (1, 2, 4),
    ) -> None:
        super().__init__(channels, block_counts)
        self.from_coarse = nn.ModuleList(
            start_at_zero(nn.Conv2d(coarse, fine, 3, padding=1, bias=False))
            for coarse, fine in pairwise(channels)
        )
        self.gate = start_at_zero(nn.Conv2d(channels[0], _CELL_PX**2, 3, padding=1))
        nn.init.constant_(self.gate.bias, _logit(0.2))  # pyright: ignore[reportArgumentType]

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to the pictures, about -1..1."""
        return self.see(blurry)[0]

    def see(self, blurry: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Give the correction, that of the coarse pass at half the size, and the fine maps."""
        coarse_maps = self.pyramid(functional.avg_pool2d(blurry, 2))
        coarse = self.correction_of(coarse_maps)
        convs = zip(self.from_coarse, coarse_maps[:-1], strict=True)
        added = {level: conv(it) for level, (conv, it) in enumerate(convs, start=1)}
        maps = self.pyramid(blurry, added)
        enlarged = functional.interpolate(
            coarse, scale_factor=2, mode="bilinear", align_corners=False
        )
        share = torch.sigmoid(self.shuffle(self.gate(maps[0])))
        fine = self.correction_of(maps)
        return fine + share * (enlarged - fine), coarse, maps


def _logit(share: float) -> float:
    """What the sigmoid makes `share` of."""
    return math.log(share / (1 - share))


class MultiScaleHeads(nn.Module):
    """Restored pictures at 1/2 and 1/4 from the coarser maps: a help in training only.

    Each map predicts the residual at a quarter of its stride. Dropped at export.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        pixels = 3 * _CELL_PX**2
        self.heads = nn.ModuleList(
            start_at_zero(nn.Conv2d(count, pixels, 3, padding=1)) for count in channels[1:]
        )
        self.shuffle = nn.PixelShuffle(_CELL_PX)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Give the residuals at 1/2, 1/4, ... of the resolution."""
        return [
            self.shuffle(head(features))
            for head, features in zip(self.heads, maps[1:], strict=True)
        ]
