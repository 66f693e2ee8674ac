"""What a network remembers from one frame of a video to the next, as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unblur.facts import NetworkFacts

State = tuple[NDArray[np.float32], ...]
"""One (1, C, H / stride, W / stride) float32 for each of `facts.state_maps`."""


def empty_state(facts: NetworkFacts, height: int, width: int) -> State:
    """The state before the first frame of `height` x `width` pixels: zeros."""
    return tuple(
        np.zeros((1, it.channels, height // it.stride, width // it.stride), np.float32)
        for it in facts.state_maps
    )


def state_names(facts: NetworkFacts) -> tuple[list[str], list[str]]:
    """What the state is called among the inputs, and among the outputs, of an exported model."""
    numbers = range(len(facts.state_maps))
    return [f"state_{it}" for it in numbers], [f"next_state_{it}" for it in numbers]
