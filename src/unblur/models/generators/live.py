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

The picture is seen at half its size first, with the same weights.
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
    """Restores pictures whose sides are multiples of 32; shapes as `Generator` has them.

    The same weights restore half the size first (arXiv:1802.01770): long blur is short there. At
    full size the levels begin with what the coarse pass found at their stride, and a gate mixes
    both corrections, pixel by pixel. `channels` and `block_counts` go from the finest level to
    the coarsest.
    """

    ends = ("stem", "head", "gate")
    extras = ("from_coarse", "gate")

    def __init__(
        self,
        channels: Sequence[int] = (32, 64, 128),
        block_counts: Sequence[int] = (1, 2, 4),
    ) -> None:
        super().__init__()
        self.channels = tuple(channels)
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
        return self.refine(blurry, self.pyramid(halved(blurry)))

    def refine(
        self, blurry: Tensor, coarse_maps: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Give what `see` gives, from the maps of the coarse pass."""
        coarse = self.correction_of(coarse_maps)
        convs = zip(self.from_coarse, coarse_maps[:-1], strict=True)
        maps = self.pyramid(blurry, {level: conv(it) for level, (conv, it) in enumerate(convs, 1)})
        enlarged = functional.interpolate(
            coarse, scale_factor=2, mode="bilinear", align_corners=False
        )
        share = torch.sigmoid(self.shuffle(self.gate(maps[0])))
        fine = self.correction_of(maps)
        return fine + share * (enlarged - fine), coarse, maps

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
    """The live generator with a memory: the top-down maps of the coarse pass.

    At half the size things move half as far from frame to frame, and a memory costs a quarter. A
    3x3 convolution to each level adds the maps of the frame before where the level begins. The
    convolutions start at zero: with the weights of a live generator it restores as that one does
    until it has learned. A state of zeros stands for "no frame before".
    """

    extras = (*LiveGenerator.extras, "memory")

    def __init__(
        self,
        channels: Sequence[int] = (32, 64, 128),
        block_counts: Sequence[int] = (1, 2, 4),
    ) -> None:
        super().__init__(channels, block_counts)
        self.memory = nn.ModuleList(
            start_at_zero(nn.Conv2d(count, count, 3, padding=1, bias=False)) for count in channels
        )

    def correct_next(self, blurry: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Give the correction, and the state for the frame after."""
        after = self.next_maps(halved(blurry), state)
        return self.refine(blurry, after)[0], after

    def next_maps(self, frames: Tensor, state: Sequence[Tensor]) -> list[Tensor]:
        """Give the top-down maps of frames at half their size: the state for the frames after."""
        convs = zip(self.memory, state, strict=True)
        return self.pyramid(frames, {level: conv(it) for level, (conv, it) in enumerate(convs)})

    def see_frames(self, blurry: Tensor, frame_count: int) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Give what `see` gives for sequences: each `frame_count` in a row are one."""
        frames = halved(blurry).unflatten(0, (-1, frame_count)).unbind(1)
        maps = self.no_state(blurry[::frame_count])
        pyramids = [maps := self.next_maps(frame, maps) for frame in frames]
        together = [torch.stack(level, 1).flatten(0, 1) for level in zip(*pyramids, strict=True)]
        return self.refine(blurry, together)

    def no_state(self, blurry: Tensor) -> list[Tensor]:
        """Zeros: (B, C, H / stride, W / stride) each, with strides of 8, 16 and 32."""
        batch, _, height, width = blurry.shape
        strides = (2 * _CELL_PX * 2**level for level in range(len(self.channels)))
        return [
            blurry.new_zeros((batch, count, height // stride, width // stride))
            for count, stride in zip(self.channels, strides, strict=True)
        ]


def halved(pictures: Tensor) -> Tensor:
    """Pictures at half their size: the mean of each four pixels."""
    return functional.avg_pool2d(pictures, 2)


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
