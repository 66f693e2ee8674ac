"""What int8 is calibrated with: blurred pictures of many kinds, as the network gets them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch

from unblur.errors import InputError
from unblur.evaluation.picture_sets import open_picture_set
from unblur.facts import NetworkFacts
from unblur.images.arrays import to_eight_bits
from unblur.images.state import empty_state, state_names
from unblur.media.image_files import read_picture
from unblur.models.bytes import between_bytes
from unblur.models.generator import Generator

_log = logging.getLogger(__name__)
_EXAMPLE_COUNT = 120
_SIDE_PX = 256


def read_blurry(folder: Path) -> Iterator[np.ndarray]:
    """The middle of 120 pictures from all over `folder`, (H, W, 3) uint8 RGB, at most 256 px.

    They lie in `folder`, or in `blurry/` as pairs do. Raises InputError at once where there are
    none, and later where one cannot be read.
    """
    samples = open_picture_set(folder.name, folder).samples
    if not samples:
        raise InputError(
            f"{folder} holds no pictures to calibrate with; give a folder of blurred pictures, or "
            "of pairs"
        )
    count = min(len(samples), _EXAMPLE_COUNT)
    return (_read_middle(samples[index * len(samples) // count].blurry) for index in range(count))


def _read_middle(path: Path) -> np.ndarray:
    pixels = to_eight_bits(read_picture(path).samples)
    top, left = (max(0, side - _SIDE_PX) // 2 for side in pixels.shape[:2])
    return pixels[top : top + _SIDE_PX, left : left + _SIDE_PX]


def calibration_examples(
    generator: Generator, facts: NetworkFacts, blurry: Iterable[np.ndarray]
) -> Iterator[dict[str, np.ndarray]]:
    """What `generator` takes for the first 120 of `blurry`, by the names of its inputs.

    Those are pictures (H, W, 3) or sequences (T, H, W, 3), uint8 RGB; a frame has the state that
    the frames before it leave. Cut to multiples of what the network takes. Smaller ones are left
    out with a warning; raises InputError when all are.
    """
    network = between_bytes(generator).eval()
    names, _ = state_names(facts)
    multiple = facts.size_rule.multiple_of
    smallest_px = max(multiple, facts.size_rule.minimum)
    left, small_count = _EXAMPLE_COUNT, 0
    for picture in blurry:
        if not left:
            break
        height, width = picture.shape[-3:-1]
        if min(height, width) < smallest_px:
            small_count += 1
            continue
        frames = picture.reshape(-1, height, width, 3)[:left]
        frames = frames[:, : height - height % multiple, : width - width % multiple]
        left -= len(frames)
        state = empty_state(facts, *frames.shape[1:3])
        for frame in frames:
            example = np.ascontiguousarray(frame[np.newaxis])
            yield {"blurry": example, **dict(zip(names, state, strict=True))}
            if names:
                inputs = [torch.from_numpy(array) for array in (example, *state)]
                with torch.inference_mode():
                    state = tuple(it.numpy() for it in network(*inputs)[1:])
    if left == _EXAMPLE_COUNT:
        raise InputError(
            f"none of the {small_count} blurred pictures to calibrate int8 with has {smallest_px} "
            f"px or more each way, which {facts.name} takes; give larger ones"
        )
    if small_count:
        _log.warning(
            "%d blurred pictures of less than %d px are left out", small_count, smallest_px
        )
