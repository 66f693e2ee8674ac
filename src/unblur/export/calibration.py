"""What int8 is calibrated with: blurred pictures of many kinds, as the network gets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch

from unblur.errors import InputError
from unblur.evaluation.picture_sets import check_not_all_empty, open_picture_set
from unblur.facts import NetworkFacts
from unblur.images.state import empty_state, state_names
from unblur.models.bytes import between_bytes
from unblur.models.generator import Generator

_EXAMPLE_COUNT = 120
_SIDE_PX = 256


def read_blurry(folder: Path) -> Iterator[np.ndarray]:
    """The middle of blurry pictures from all over `folder`, (H, W, 3) uint8 RGB, at most 256 px.

    They lie in `folder`, or in its `blurry/`. Raises InputError where there are none or one cannot
    be read.
    """
    pictures = open_picture_set(folder.name, folder)
    check_not_all_empty([pictures])
    step = max(1, len(pictures.samples) // _EXAMPLE_COUNT)
    for sample in pictures.samples[::step]:
        pixels, _ = sample.read()
        top, left = (max(0, side - _SIDE_PX) // 2 for side in pixels.shape[:2])
        yield pixels[top : top + _SIDE_PX, left : left + _SIDE_PX]


def calibration_examples(
    generator: Generator, facts: NetworkFacts, blurry: Iterable[np.ndarray]
) -> Iterator[dict[str, np.ndarray]]:
    """What `generator` takes for the first 120 of `blurry`, by the names of its inputs.

    Those are pictures (H, W, 3) or sequences (T, H, W, 3), uint8 RGB; a frame has the state that
    the frames before it leave. Cut to multiples of what the network takes; raises InputError when
    they are smaller.
    """
    network = between_bytes(generator).eval()
    names, _ = state_names(facts)
    multiple = facts.size_rule.multiple_of
    left = _EXAMPLE_COUNT
    for picture in blurry:
        if not left:
            return
        height, width = picture.shape[-3:-1]
        if min(height, width) < multiple:
            raise InputError(
                f"int8 is to be calibrated with a blurred picture of {width}x{height}, and "
                f"{facts.name} takes multiples of {multiple} px; give larger ones (a run's are of "
                "data.pair_px)"
            )
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
