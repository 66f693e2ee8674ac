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

The picture is seen at half its size first, with the same weights. The first convolutions step
over pixels by the cell of 4x4; from there on cells are channels, to the last step: on a CPU, work
on whole pictures costs as much as convolutions (docs/decisions/live-generator.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from unblur.models.blocks import PixelShuffleUpsample, ResidualBlock, start_at_zero
from unblur.models.generator import Generator, RecurrentGenerator

_CELL_PX = 4
_CELL_VALUES = 3 * _CELL_PX**2
_REDUCED_PX = 6
"""The side of what becomes a cell at two thirds of the size."""


class Seen(NamedTuple):
    """What a live network finds in pictures."""

    correction: Tensor
    """Of the pictures, (B, 3, H, W)."""
    coarse: list[Tensor]
    """Corrections of smaller sizes, (B, 3, h, w), for training."""
    maps: list[Tensor]
    """The top-down maps, the finest first."""


class LiveGenerator(Generator):
    """Restores pictures whose sides are multiples of 32; shapes as `Generator` has them.

    The same weights restore half the size first (arXiv:1802.01770): long blur is short there. At
    full size the levels begin with what the coarse pass found at their stride, the coarsest has
    only its last block left to do, and a gate mixes both corrections, pixel by pixel. `channels`
    and `block_counts` go from the finest level to the coarsest.
    """

    ends = ("stem", "head", "gate")
    extras = ("from_coarse", "gate")
    halving: Tensor
    enlarging: Tensor

    def __init__(self, channels: Sequence[int], block_counts: Sequence[int]) -> None:
        super().__init__()
        self.channels = tuple(channels)
        levels = range(len(channels))
        self.stem = nn.Conv2d(_CELL_VALUES, channels[0], 3, padding=1)
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
        self.head = nn.Conv2d(channels[0], _CELL_VALUES, 3, padding=1)
        self.shuffle = nn.PixelShuffle(_CELL_PX)
        start_at_zero(self.head)
        self.from_coarse = nn.ModuleList(
            start_at_zero(nn.Conv2d(coarse, fine, 3, padding=1, bias=False))
            for coarse, fine in pairwise(channels)
        )
        self.gate = start_at_zero(nn.Conv2d(channels[0], _CELL_PX**2, 3, padding=1))
        nn.init.constant_(self.gate.bias, _logit(0.2))  # pyright: ignore[reportArgumentType]
        self.register_buffer("halving", _kernel(_halve_cells, _CELL_VALUES, 2), persistent=False)
        self.register_buffer("enlarging", _kernel(_enlarging_to(4), 12, 3), persistent=False)

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to the pictures, about -1..1."""
        return self.see(blurry).correction

    def see(self, blurry: Tensor) -> Seen:
        """Give the correction, and what was found on the way."""
        coarse_maps = self.pyramid(self.stem(self.halve(blurry)))
        return self.refine(_over_pixels(self.stem, blurry), coarse_maps)

    def refine(self, features: Tensor, coarse_maps: Sequence[Tensor]) -> Seen:
        """Give what `see` gives, from the stem's features and the coarse maps."""
        coarse = self.shuffle(self.head(coarse_maps[0]))
        convs = zip(self.from_coarse, coarse_maps[:-1], strict=True)
        added = {level: conv(it) for level, (conv, it) in enumerate(convs, 1)}
        maps = self.pyramid(features, added, is_fine=True)
        fine, share = self.head(maps[0]), torch.sigmoid(self.gate(maps[0]))
        mixed = fine + torch.cat([share] * 3, dim=1) * (self.enlarge(coarse) - fine)
        return Seen(self.shuffle(mixed), [coarse], maps)

    def halve(self, pictures: Tensor) -> Tensor:
        """Cells, (B, 48, H / 8, W / 8), of what pictures (B, 3, H, W) are at half their size."""
        return functional.conv2d(pictures, _of_pixels(self.halving), stride=2 * _CELL_PX)

    def enlarge(self, coarse: Tensor) -> Tensor:
        """Cells, (B, 48, H / 2, W / 2), of what is (B, 3, H, W) at twice its size.

        Bilinear; beyond the borders are zeros.
        """
        return functional.conv2d(functional.pixel_unshuffle(coarse, 2), self.enlarging, padding=1)

    def pyramid(
        self, features: Tensor, added: Mapping[int, Tensor] | None = None, *, is_fine: bool = False
    ) -> list[Tensor]:
        """Give the top-down feature maps, the finest first, at strides 4, 8 and 16.

        `features` are the stem's. `added` are maps, by level, of the same shapes, that levels
        begin with. In the fine pass the coarsest level is all but done.
        """
        seen: list[Tensor] = []
        for level, blocks in enumerate(self.bottom_up):
            if level:
                features = self.downsample[level - 1](features)
            if added and level in added:
                features = features + added[level]
            is_almost_done = is_fine and level == len(self.bottom_up) - 1
            left = cast("nn.Sequential", blocks)[-1:] if is_almost_done else blocks
            features = left(features)
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

    def __init__(self, channels: Sequence[int], block_counts: Sequence[int]) -> None:
        super().__init__(channels, block_counts)
        self.memory = nn.ModuleList(
            start_at_zero(nn.Conv2d(count, count, 3, padding=1, bias=False)) for count in channels
        )

    def correct_next(self, blurry: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Give the correction, and the state for the frame after."""
        after = self.next_maps(self.halve(blurry), state)
        return self.refine(_over_pixels(self.stem, blurry), after).correction, after

    def next_maps(self, cells: Tensor, state: Sequence[Tensor]) -> list[Tensor]:
        """Give the top-down maps of frames at half their size: the state for the frames after."""
        convs = zip(self.memory, state, strict=True)
        added = {level: conv(it) for level, (conv, it) in enumerate(convs)}
        return self.pyramid(self.stem(cells), added)

    def see_frames(self, blurry: Tensor, frame_count: int) -> Seen:
        """Give what `see` gives for sequences: each `frame_count` in a row are one."""
        frames = self.halve(blurry).unflatten(0, (-1, frame_count)).unbind(1)
        maps = self.no_state(blurry[::frame_count])
        pyramids = [maps := self.next_maps(frame, maps) for frame in frames]
        together = [torch.stack(level, 1).flatten(0, 1) for level in zip(*pyramids, strict=True)]
        return self.refine(_over_pixels(self.stem, blurry), together)

    def no_state(self, blurry: Tensor) -> list[Tensor]:
        """Zeros: (B, C, H / stride, W / stride) each, with strides of 8, 16 and 32."""
        batch, _, height, width = blurry.shape
        strides = (2 * _CELL_PX * 2**level for level in range(len(self.channels)))
        return [
            blurry.new_zeros((batch, count, height // stride, width // stride))
            for count, stride in zip(self.channels, strides, strict=True)
        ]


class ReducedLiveGenerator(LiveGenerator):
    """The live generator at two thirds of the size: the same weights, 0.44 times the pixels.

    The picture is reduced and the correction enlarged in cells of 6x6 pixels. Sides are multiples
    of 48.
    """

    reducing: Tensor
    enlarging_by_half: Tensor

    def __init__(self, channels: Sequence[int], block_counts: Sequence[int]) -> None:
        super().__init__(channels, block_counts)
        self.register_buffer("reducing", _kernel(_reduce_cell, 3, _REDUCED_PX), persistent=False)
        self.register_buffer(
            "enlarging_by_half", _kernel(_enlarging_to(3), 12, 3), persistent=False
        )

    def see(self, blurry: Tensor) -> Seen:
        """Give the correction, those of smaller sizes, and the maps of the reduced size."""
        cells = functional.conv2d(blurry, self.reducing, stride=_REDUCED_PX)
        half = functional.conv2d(cells, self.halving, stride=2)
        found = self.refine(self.stem(cells), self.pyramid(self.stem(half)))
        blocks = functional.pixel_unshuffle(found.correction, 2)
        enlarged = functional.conv2d(blocks, self.enlarging_by_half, padding=1)
        correction = functional.pixel_shuffle(enlarged, 3)
        return Seen(correction, [found.correction, *found.coarse], found.maps)


def _over_pixels(conv: nn.Conv2d, pictures: Tensor) -> Tensor:
    """What a 3x3 `conv` makes of the cells of `pictures`, without putting them into cells."""
    kernel = _of_pixels(conv.weight)
    return functional.conv2d(pictures, kernel, conv.bias, stride=_CELL_PX, padding=_CELL_PX)


def _of_pixels(kernel: Tensor) -> Tensor:
    """A kernel over cells, (C, 48, k, k), as one over pixels, (C, 3, 4k, 4k)."""
    count, _, size, _ = kernel.shape
    cells = kernel.reshape(count, 3, _CELL_PX, _CELL_PX, size, size)
    return cells.permute(0, 1, 4, 2, 5, 3).reshape(count, 3, size * _CELL_PX, size * _CELL_PX)


def _kernel(function: Callable[[Tensor], Tensor], channels: int, size: int) -> Tensor:
    """The kernel that gives what a linear `function` makes of (B, channels, size, size)."""
    impulses = torch.eye(channels * size**2).unflatten(1, (channels, size, size))
    return function(impulses).flatten(1).T.unflatten(1, (channels, size, size)).contiguous()


def _halve_cells(cells: Tensor) -> Tensor:
    """One cell (B, 48, 1, 1) from four: the mean of each four pixels."""
    pixels = functional.pixel_shuffle(cells, _CELL_PX)
    return functional.pixel_unshuffle(functional.avg_pool2d(pixels, 2), _CELL_PX)


def _reduce_cell(pixels: Tensor) -> Tensor:
    """One cell (B, 48, 1, 1) from 6x6 pixels: the mean over the area of each of its own."""
    thirds = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]) / 3
    rows = torch.block_diag(thirds, thirds)
    return functional.pixel_unshuffle(rows @ pixels @ rows.T, _CELL_PX)


def _enlarging_to(side_px: int) -> Callable[[Tensor], Tensor]:
    """What makes of nine cells of 2x2 pixels the middle one, bilinearly `side_px` wide."""

    def enlarge(cells: Tensor) -> Tensor:
        pixels = functional.pixel_shuffle(cells, 2)
        size = (3 * side_px, 3 * side_px)
        enlarged = functional.interpolate(pixels, size, mode="bilinear", align_corners=False)
        middle = slice(side_px, 2 * side_px)
        return functional.pixel_unshuffle(enlarged[..., middle, middle], side_px)

    return enlarge


def _logit(share: float) -> float:
    """What the sigmoid makes `share` of."""
    return math.log(share / (1 - share))


class MultiScaleHeads(nn.Module):
    """Restored pictures at 1/2 and 1/4 from the coarser maps: a help in training only.

    Each map predicts the residual at a quarter of its stride. Dropped at export.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            start_at_zero(nn.Conv2d(count, _CELL_VALUES, 3, padding=1)) for count in channels[1:]
        )
        self.shuffle = nn.PixelShuffle(_CELL_PX)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Give the residuals at 1/2, 1/4, ... of the resolution."""
        return [
            self.shuffle(head(features))
            for head, features in zip(self.heads, maps[1:], strict=True)
        ]
