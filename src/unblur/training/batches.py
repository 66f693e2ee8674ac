"""Batches: random crops of cached pairs, turned and mirrored, under a curriculum.

A batch follows from the seed, the step and the process alone: a run that goes on
sees what it would have seen without the stop, however many workers draw ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from unblur.data.pair_cache import PairCache
from unblur.data.stopping import leave_stopping_to_the_parent, shielded_processes
from unblur.training.config import TrainingOptions
from unblur.training.curriculum import Curriculum

_DRAWN_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Moment:
    """Where in the run a batch is drawn."""

    step: int
    progress: float
    """How much of the run is done, 0..1."""
    rank: int = 0
    """The number of the process, among those that train together."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A square of a picture, and how it is mirrored, then turned, and its channels exchanged."""

    top: int
    left: int
    size_px: int
    is_mirrored: bool
    quarter_turns: int
    channels: np.ndarray

    def cut(self, pictures: np.ndarray) -> np.ndarray:
        """The same square of all `pictures` (..., H, W, 3)."""
        rows = slice(self.top, self.top + self.size_px)
        columns = slice(self.left, self.left + self.size_px)
        squares = self.turned(pictures[..., rows, columns, :])
        is_plain = np.array_equal(self.channels, np.arange(3))
        return squares if is_plain else squares[..., self.channels]  # which copies, and slowly

    def turned(self, squares: np.ndarray) -> np.ndarray:
        """Squares (..., H, W, C), mirrored and turned."""
        mirrored = squares[..., ::-1, :] if self.is_mirrored else squares
        return np.rot90(mirrored, self.quarter_turns, axes=(-3, -2))


@dataclass(slots=True)
class Batch:
    """Crops of pairs: (B, 3, H, W) RGB, uint8 as drawn, float 0..1 on a device.

    The frames of a sequence come one after the other, and count in B.
    """

    blurry: Tensor
    sharp: Tensor
    pairs: list[int]
    """Which pairs of the cache they are from; empty where they were made for this batch."""

    def to(self, device: torch.device) -> Batch:
        """The same as float32 in 0..1 on `device`, channels last."""
        blurry, sharp = (
            pictures.to(device, non_blocking=True)
            .float()
            .div_(255)
            .contiguous(memory_format=torch.channels_last)
            for pictures in (self.blurry, self.sharp)
        )
        return Batch(blurry, sharp, self.pairs)

    def with_sharp(self, share: float) -> Batch:
        """The same, of whose pairs the first `share` (0..1) come in sharp."""
        count = round(share * len(self.sharp))
        blurry = torch.cat([self.sharp[:count], self.blurry[count:]]) if count else self.blurry
        return Batch(blurry, self.sharp, self.pairs)

    def name_pairs(self, options: TrainingOptions) -> str:
        """Which pairs these are, in words, where `options` are those of the run."""
        if not self.pairs:
            return f"pairs made of seed {options.seed}"
        return f"pairs {', '.join(map(str, self.pairs))} of {options.data.cache}"

    def came_sharp(self) -> Tensor:
        """Which pictures there was nothing to do to: (B,), bool."""
        return (self.blurry == self.sharp).flatten(1).all(dim=1)

    def pin_memory(self) -> Batch:
        """The same in memory from which a GPU copies faster; called by PyTorch's loader."""
        return Batch(self.blurry.pin_memory(), self.sharp.pin_memory(), self.pairs)


class ReadyBatch(Protocol):
    """What is drawn in a worker, and becomes a batch on the device."""

    def to(self, device: torch.device) -> Batch:
        """The batch, as float32 in 0..1 on `device`."""
        ...


class BatchSource(Protocol):
    """Gives the batch of any moment of a run; the same moment gives the same batch."""

    pair_count: int
    """Pairs to an epoch."""

    def __getitem__(self, moment: Moment, /) -> ReadyBatch:
        """What becomes the batch of that moment."""
        ...


class CachedBatches(Dataset[Batch]):
    """Batches of crops of cached pairs."""

    def __init__(self, cache: PairCache, options: TrainingOptions) -> None:
        self._pairs = cache.pairs
        self.pair_count = len(cache.pairs)
        self._seed = options.seed
        self._frame_count = options.data.frame_count
        self._curriculum = Curriculum(options)
        self._straight = _sorted_by_path(cache, cache.is_straight)
        self._mixture = _sorted_by_path(cache, ~cache.is_straight)

    def __getitem__(self, moment: Moment) -> Batch:
        """The batch of that moment; the same moment gives the same batch."""
        indices, crops = self.draw(moment)
        size_px = crops[0].size_px
        pictures = np.empty((2, len(crops), self._frame_count, size_px, size_px, 3), np.uint8)
        for place, (index, crop) in enumerate(zip(indices, crops, strict=True)):
            cut = crop.cut(self._pairs[index])
            pictures[:, place] = cut.reshape(2, -1, *cut.shape[-3:])
        blurry, sharp = torch.from_numpy(pictures).flatten(1, 2).permute(0, 1, 4, 2, 3)
        return Batch(blurry, sharp, indices)

    def draw(self, moment: Moment) -> tuple[list[int], list[Crop]]:
        """Which pairs make the batch of that moment, and which crop of each."""
        rng = np.random.default_rng((self._seed, moment.step, moment.rank))
        crop_px = self._curriculum.crop_px(moment.progress)
        batch_size = max(1, self._curriculum.batch_size(moment.progress) // self._frame_count)
        share = self._curriculum.mixture_share(moment.progress)
        limit = self._curriculum.path_limit_px(moment.progress)
        indices = [self._pick(share, limit, rng) for _ in range(batch_size)]
        height, width = self._pairs[0].shape[-3:-1]
        return indices, [draw_crop((height, width), crop_px, rng) for _ in indices]

    def _pick(self, share: float, limit: float, rng: np.random.Generator) -> int:
        """A random pair, of the mixture or straight, whose path is below `limit`."""
        kinds = (self._mixture, self._straight)
        order, lengths = kinds[0] if rng.random() < share else kinds[1]
        if len(order) == 0:
            order, lengths = max(kinds, key=lambda kind: len(kind[0]))
        count = max(1, int(np.searchsorted(lengths, limit)))
        return int(order[int(rng.integers(count))])


def load_batches(
    source: BatchSource, moments: Iterable[Moment], device: torch.device, workers: int
) -> Iterator[Batch]:
    """The batches of `moments`, in order, on `device`; `workers` processes draw ahead."""
    loader: DataLoader[ReadyBatch] = DataLoader(
        cast("Dataset[ReadyBatch]", source),
        batch_size=None,
        sampler=cast("Iterable[int]", moments),
        num_workers=workers,
        prefetch_factor=_DRAWN_AHEAD if workers else None,
        pin_memory=device.type == "cuda",
        worker_init_fn=leave_stopping_to_the_parent,
    )
    with shielded_processes():
        batches = iter(loader)
    for batch in batches:
        yield batch.to(device)


def draw_crop(shape: tuple[int, int], crop_px: int, rng: np.random.Generator) -> Crop:
    """A random square of pictures of `shape` (height, width), turned and mirrored."""
    top = int(rng.integers(shape[0] - crop_px + 1))
    left = int(rng.integers(shape[1] - crop_px + 1))
    is_mirrored = bool(rng.random() < 0.5)
    quarter_turns = int(rng.integers(4))
    channels = rng.permutation(3) if rng.random() < 0.3 else np.arange(3)
    return Crop(top, left, crop_px, is_mirrored, quarter_turns, channels)


def _sorted_by_path(cache: PairCache, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the `chosen` pairs, shortest path first, and their lengths."""
    indices = np.flatnonzero(chosen)
    order = indices[np.argsort(cache.path_px[indices], kind="stable")]
    return order, cache.path_px[order]
