"""How good a generator is on the held-out pairs, which are the same all through a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from unblur.data.pair_cache import PairCache
from unblur.errors import ConfigError
from unblur.models.generators.live import RecurrentLiveGenerator

_BATCH_SIZE = 20
_FITTING_PX = 96, 32
"""Every generator takes sides that are multiples of the first, most those of the second."""
_LEAST_ERROR = 1e-10
"""100 dB: what equal pictures count as."""


@dataclass(frozen=True, slots=True)
class ValidationScore:
    """Means over the pairs, in dB."""

    blurry_psnr_db: float
    restored_psnr_db: float
    sharp_kept_psnr_db: float
    """PSNR of restored sharp pictures against themselves."""

    @property
    def gain_db(self) -> float:
        """How much nearer to the sharp pictures the restored ones are."""
        return self.restored_psnr_db - self.blurry_psnr_db


@torch.no_grad()
def validate(generator: nn.Module, validation: PairCache, device: torch.device) -> ValidationScore:
    """Score `generator`, in the mode that restoring has, on the pairs that are blurred."""
    was_training = generator.training
    generator.eval()
    figures: list[Tensor] = []
    for blurry, sharp in _batches(validation, device):
        restored, kept = (_restore(generator, it).clamp(0, 1) for it in (blurry, sharp))
        blurry, sharp = blurry.flatten(0, 1), sharp.flatten(0, 1)
        figures.append(torch.stack([_psnr_db(it, sharp) for it in (blurry, restored, kept)]))
    generator.train(was_training)
    return ValidationScore(*torch.cat(figures, dim=1).mean(dim=1).tolist())


def example_triplets(
    generator: nn.Module, validation: PairCache, device: torch.device, count: int = 4
) -> Tensor:
    """The first pairs as blurry, restored and sharp side by side: (count, 3, H, 3W) in 0..1."""
    blurry, sharp = (pictures[:count, -1:] for pictures in next(_batches(validation, device)))
    was_training = generator.training
    with torch.no_grad():
        restored = _restore(generator.eval(), blurry).clamp(0, 1)
    generator.train(was_training)
    blurry, sharp = blurry.flatten(0, 1), sharp.flatten(0, 1)
    return torch.cat([blurry, restored, sharp], dim=3).cpu()


@torch.no_grad()
def restored_pixels(
    generator: nn.Module, validation: PairCache, device: torch.device
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What `generator` makes of each blurred pair, and its sharp half: (H, W, 3) uint8 each."""
    generator.eval()
    for blurry, sharp in _batches(validation, device):
        restored = _restore(generator, blurry).clamp(0, 1)
        for pair in zip(restored, sharp.flatten(0, 1), strict=True):
            first, second = (
                (it * 255).round().byte().permute(1, 2, 0).cpu().numpy() for it in pair
            )
            yield first, second


def _batches(validation: PairCache, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """The pairs that are blurred, (B, T, 3, H, W) float32 in 0..1; raises ConfigError for none.

    Cut to multiples of what every generator takes.
    """
    chosen = np.flatnonzero(validation.path_px > 0)
    if len(chosen) == 0:
        raise ConfigError(
            f"none of the {len(validation.pairs)} validation pairs is blurred; make more of them "
            "(data.held_out_count) in another data.cache"
        )
    for start in range(0, len(chosen), _BATCH_SIZE):
        some = [validation.pairs[int(index)] for index in chosen[start : start + _BATCH_SIZE]]
        frames = [_fitting(pair.reshape(2, -1, *pair.shape[-3:])) for pair in some]
        blurry, sharp = (
            torch.from_numpy(np.stack(frames)).to(device).permute(1, 0, 2, 5, 3, 4).float().div(255)
        )
        yield blurry, sharp


def _fitting(frames: np.ndarray) -> np.ndarray:
    """The most of (2, T, H, W, 3) whose sides are multiples of `_FITTING_PX`: of the second where
    the first is more than there is.
    """
    most, some = _FITTING_PX
    fitting_px = most if min(frames.shape[2:4]) >= most else some
    height, width = (max(it // fitting_px, 1) * fitting_px for it in frames.shape[2:4])
    return frames[:, :, :height, :width]


def _restore(generator: nn.Module, frames: Tensor) -> Tensor:
    """What `generator` makes of sequences (B, T, 3, H, W): (B * T, 3, H, W)."""
    pictures, frame_count = frames.flatten(0, 1), frames.shape[1]
    if not isinstance(generator, RecurrentLiveGenerator):
        return generator(pictures)
    return pictures + generator.see_frames(pictures, frame_count)[0]


def _psnr_db(pictures: Tensor, sharp: Tensor) -> Tensor:
    """PSNR of each picture, (B,)."""
    error = (pictures - sharp).square().mean((1, 2, 3))
    return -10 * torch.log10(error.clamp_min(_LEAST_ERROR))
