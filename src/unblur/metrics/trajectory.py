"""PSNR against the best frame of a camera's path: Köhler's protocol.

A blurry photo has no single sharp counterpart: any moment of the exposure is right. So
the benchmark of Köhler et al. ("Recording and Playback of Camera Shake", ECCV 2012,
section 5) compares a restored photo with each frame of the recorded path, and the best
counts. What is computed follows the authors' own evaluation (eval_image.m, 2012, as kept
in github.com/codeslake/PVDNet), step by step: the restored picture is scaled in
brightness and shifted by whole pixels to fit the frame, what the shift leaves open is
blank in both, and PSNR is of the luma of the whole picture, 255^2 over its MSE. Their
papers' SSIM is a multi-scale one, which is not here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from unblur.errors import InputError
from unblur.images.arrays import Pixels, check_one_size

_LUMA = np.array([0.299, 0.587, 0.114])


def best_trajectory_psnr(restored: Pixels, frames: Iterable[Pixels]) -> float:
    """The highest PSNR in dB of `restored` against one of `frames`, aligned to each.

    All of them (H, W, 3) uint8 RGB; infinite when one is equal. Frames are taken one at
    a time. Raises ImageFormatError when sizes differ, InputError when there is no frame.

    >>> grey = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> best_trajectory_psnr(grey, [255 - grey, grey])
    inf
    """
    values = [aligned_psnr(restored, frame) for frame in frames]
    if not values:
        raise InputError("expected the frames of a trajectory, got none")
    return max(values)


def aligned_psnr(restored: Pixels, sharp: Pixels) -> float:
    """PSNR in dB of the luma of `restored`, scaled and shifted to fit `sharp`.

    (H, W, 3) uint8 RGB both; infinite for equal ones. Raises ImageFormatError when
    their sizes differ.
    """
    check_one_size(restored, sharp)
    wanted, given = sharp.astype(np.float64), restored.astype(np.float64)
    power = float(np.vdot(given, given))
    if power > 0:
        given *= float(np.vdot(wanted, given)) / power
    here, there = _overlap(_best_shift(wanted.mean(axis=2), given.mean(axis=2)), sharp.shape)
    difference = (wanted[here] - given[there]) @ _LUMA
    error = float(np.sum(difference**2)) / (sharp.shape[0] * sharp.shape[1])
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def _best_shift(wanted: NDArray[np.float64], given: NDArray[np.float64]) -> tuple[int, int]:
    """Pixels down and right by which `given` has to move to fit `wanted`.

    The peak of their circular cross-correlation (Guizar-Sicairos, Thurman, Fienup,
    Optics Letters 33, 2008, without upsampling).
    """
    spectrum = np.fft.rfft2(wanted) * np.conj(np.fft.rfft2(given))
    correlation = np.fft.irfft2(spectrum, wanted.shape)
    peak = np.unravel_index(int(np.argmax(correlation)), wanted.shape)
    down, right = (
        int(place) - length if place >= length // 2 else int(place)
        for place, length in zip(peak, wanted.shape, strict=True)
    )
    return down, right


def _overlap(
    shift: tuple[int, int], shape: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where the two pictures lie over one another: in the one that stays, in the other."""
    stays = tuple(
        slice(max(move, 0), length + min(move, 0))
        for move, length in zip(shift, shape[:2], strict=True)
    )
    moves = tuple(
        slice(max(-move, 0), length + min(-move, 0))
        for move, length in zip(shift, shape[:2], strict=True)
    )
    return stays, moves
