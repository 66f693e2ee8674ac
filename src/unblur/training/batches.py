"""Random crops of cached pairs, turned and mirrored, under a curriculum."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from unblur.data.pair_cache import PairCache
from unblur.training.config import TrainingOptions

_CROP_STEP_PX = 16


class BatchSampler:
    """Draws batches whose difficulty grows with the progress of the run."""

    def __init__(self, cache: PairCache, options: TrainingOptions) -> None:
        self._pairs = cache.pairs
        self._options = options
        self._curriculum = options.curriculum
        self._straight = _sorted_by_path(cache, cache.is_straight)
        self._mixture = _sorted_by_path(cache, ~cache.is_straight)

    def draw(self, progress: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A blurry and a sharp batch, (B, 3, H, W) float32 RGB in 0..1; `progress` in 0..1."""
        crop_px = self.crop_px(progress)
        batch_size = round(self._options.batch_size * (self._options.crop_px / crop_px) ** 2)
        share = self.mixture_share(progress)
        limit = self.path_limit_px(progress)
        blurry, sharp = [], []
        for _ in range(batch_size):
            order, lengths = self._mixture if rng.random() < share else self._straight
            count = max(1, int(np.searchsorted(lengths, limit)))
            pair = self._pairs[order[int(rng.integers(count))]]
            first, second = random_crop(pair, crop_px, rng)
            blurry.append(first)
            sharp.append(second)
        return _to_tensor(blurry), _to_tensor(sharp)

    def crop_px(self, progress: float) -> int:
        """The size of crops at `progress`, a multiple of 16 below the final size."""
        first, last = self._options.first_crop_px, self._options.crop_px
        if progress >= self._options.final_crop_at:
            return last
        grown = first + (last - first) * progress / self._options.final_crop_at
        return min(last, int(grown) // _CROP_STEP_PX * _CROP_STEP_PX)

    def mixture_share(self, progress: float) -> float:
        """How much of a batch is the full mixture at `progress`."""
        start, stop = self._curriculum.mixture_from, self._curriculum.mixture_until
        return float(np.interp(progress, [start, max(stop, start + 1e-9)], [0, 1])) * (
            self._curriculum.mixture_share
        )

    def path_limit_px(self, progress: float) -> float:
        """The longest path shown at `progress`; infinite once the curriculum is over."""
        if progress >= self._curriculum.full_length_at:
            return float("inf")
        grown = progress / self._curriculum.full_length_at
        return self._curriculum.first_path_px + grown * (64 - self._curriculum.first_path_px)


def random_crop(
    pair: np.ndarray, crop_px: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The same random square of both pictures of `pair` (2, H, W, 3), turned and mirrored."""
    height, width = pair.shape[1:3]
    top = int(rng.integers(height - crop_px + 1))
    left = int(rng.integers(width - crop_px + 1))
    crop = pair[:, top : top + crop_px, left : left + crop_px]
    if rng.random() < 0.5:
        crop = crop[:, :, ::-1]
    crop = np.rot90(crop, int(rng.integers(4)), axes=(1, 2))
    if rng.random() < 0.3:
        crop = crop[..., rng.permutation(3)]
    return crop[0], crop[1]


def _sorted_by_path(cache: PairCache, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the `chosen` pairs, shortest path first, and their lengths."""
    indices = np.flatnonzero(chosen)
    order = indices[np.argsort(cache.path_px[indices], kind="stable")]
    return order, cache.path_px[order]


def _to_tensor(pictures: list[np.ndarray]) -> Tensor:
    """A list of (H, W, 3) uint8 to (B, 3, H, W) float32 in 0..1."""
    stacked = torch.from_numpy(np.stack(pictures))
    return stacked.permute(0, 3, 1, 2).float().div_(255)
