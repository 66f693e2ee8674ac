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
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

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
        return self.shuffle(self.head(self.pyramid(blurry)[0]))

    def pyramid(self, blurry: Tensor, added: Sequence[Tensor] = ()) -> list[Tensor]:
        """Give the top-down feature maps, the finest first, at strides 4, 8 and 16.

        `added`, if given, are maps of the same shapes that each level begins with.
        """
        features = self.stem(self.unshuffle(blurry))
        seen: list[Tensor] = []
        for level, blocks in enumerate(self.bottom_up):
            if level:
                features = self.downsample[level - 1](features)
            features = blocks(features + added[level] if added else features)
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
        return self.shuffle(self.head(maps[0])), self.state_of(maps)

    def next_pyramid(self, blurry: Tensor, state: Sequence[Tensor]) -> list[Tensor]:
        """Give the top-down maps; `state_of` them is the state for the frame after."""
        added = [conv(maps) for conv, maps in zip(self.memory, state, strict=True)]
        return self.pyramid(blurry, added)

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
