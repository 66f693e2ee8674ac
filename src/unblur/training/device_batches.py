"""Batches of cached pairs that the device which trains holds in its memory, and cuts crops from.

For a large GPU, which takes crops faster than workers can draw and copy them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unblur.data.pair_cache import PairCache, Pairs
from unblur.errors import ConfigError
from unblur.training.batches import Batch, CachedBatches, Crop, Moment
from unblur.training.config import TrainingOptions

_WAYS_TO_TURN = 8


class PairsOnDevice:
    """Pairs, copied to the device where they are first cut."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._held: Tensor | None = None
        self._offsets: dict[int, Tensor] = {}

    def cut(self, indices: list[int], crops: list[Crop], device: torch.device) -> Tensor:
        """The crops of the pairs with those indices: (2, B, 3, H, W) uint8 on `device`.

        What `Crop.cut` gives, frames one after the other. Raises ConfigError when the pairs do
        not fit into the memory of `device`.
        """
        held = self._hold(device)
        height, width = self._pairs[0].shape[-3:-1]
        size_px = crops[0].size_px
        corners = [it.top * width + it.left for it in crops]
        ways = [it.quarter_turns + 4 * it.is_mirrored for it in crops]
        if size_px not in self._offsets:
            self._offsets[size_px] = torch.from_numpy(_offsets_of_ways(size_px, width)).to(device)
        which, where, way = torch.tensor([indices, corners, ways]).to(device)
        places = where[:, None] + self._offsets[size_px][way]
        pixels = held.view(len(held), -1, height * width, 3)[which[:, None], :, places]
        channels = torch.from_numpy(np.stack([it.channels for it in crops])).to(device)
        pixels = torch.take_along_dim(pixels, channels[:, None, None], dim=-1)
        pictures = pixels.view(len(crops), size_px, size_px, 2, -1, 3)
        return pictures.permute(3, 0, 4, 5, 1, 2).flatten(1, 2)

    def _hold(self, device: torch.device) -> Tensor:
        """All pairs on `device`."""
        if self._held is None:
            shape = (len(self._pairs), *self._pairs[0].shape)
            try:
                held = torch.empty(shape, dtype=torch.uint8, device=device)
            except RuntimeError as error:  # out of memory, on every kind of device
                gigabytes = np.prod(shape, dtype=float) / 1e9
                raise ConfigError(
                    f"the pairs take {gigabytes:.1f} GB, which {device} has not free; set "
                    "data.cache_on_device to false, or train on fewer pairs"
                ) from error
            for place in range(len(self._pairs)):
                held[place] = torch.from_numpy(np.array(self._pairs[place]))
            self._held = held
        return self._held


@dataclass(slots=True)
class ChosenBatch:
    """Which crops of which pairs make a batch."""

    pairs: PairsOnDevice
    indices: list[int]
    crops: list[Crop]

    def to(self, device: torch.device) -> Batch:
        """The batch, cut on `device`."""
        blurry, sharp = self.pairs.cut(self.indices, self.crops, device)
        return Batch(blurry, sharp, self.indices).to(device)


class DeviceBatches:
    """The batches that `CachedBatches` gives, cut on the device.

    Drawn in the process that trains: what is held there cannot be sent to workers.
    """

    def __init__(self, cache: PairCache, options: TrainingOptions) -> None:
        self._drawn = CachedBatches(cache, options)
        self._held = PairsOnDevice(cache.pairs)
        self.pair_count = self._drawn.pair_count

    def __getitem__(self, moment: Moment) -> ChosenBatch:
        """What becomes the batch of that moment; the same moment gives the same batch."""
        return ChosenBatch(self._held, *self._drawn.draw(moment))


def _offsets_of_ways(size_px: int, width: int) -> np.ndarray:
    """Where each pixel of a crop lies behind its corner, in a picture as wide as `width`.

    (8, size_px * size_px) int64: first turned by no, one, two and three quarters, then
    mirrored and turned.
    """
    plain = np.arange(size_px)[:, None, None] * width + np.arange(size_px)[:, None]
    ways = (
        Crop(0, 0, size_px, way >= 4, way % 4, np.arange(3)).turned(plain)
        for way in range(_WAYS_TO_TURN)
    )
    return np.stack([each.reshape(-1) for each in ways])
