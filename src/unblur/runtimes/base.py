"""What every runtime can do: one picture in, one restored picture out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from unblur.facts import NetworkFacts, Precision
from unblur.images.arrays import Pixels
from unblur.images.state import State

RuntimeName = Literal["openvino", "onnxruntime", "torch"]
Device = Literal["auto", "cpu", "gpu", "npu"]
WaitForResult = Callable[[], Pixels]
"""Waits until a picture is restored and gives it; to be called once."""


class Runtime(Protocol):
    """An opened model on a device.

    Not safe to call from several threads at once.
    """

    @property
    def name(self) -> str:
        """Which runtime this is: "openvino", "onnxruntime", "torch"."""
        ...

    @property
    def device(self) -> str:
        """Where it computes, in the runtime's own words, for example "CPU"."""
        ...

    @property
    def precision(self) -> Precision:
        """The arithmetic it computes in."""
        ...

    @property
    def facts(self) -> NetworkFacts:
        """What the model needs and promises."""
        ...

    @property
    def in_flight_count(self) -> int:
        """How many pictures are best started before the first result is waited for."""
        ...

    def restore(self, pixels: Pixels) -> Pixels:
        """The restored picture: (H, W, 3) uint8 RGB in, the same shape out.

        Height and width must fit `facts.size_rule`. Raises OutOfMemoryError when
        memory does not suffice, ComputationError for any other failure.
        """
        ...

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State]:
        """The next frame of a video restored, with the state for the one after it.

        `state` is what the frame before gave, at the same size; None for the first. A
        network without a memory gives an empty state. A state may be overwritten from the
        second call after on. Raises as `restore` does.
        """
        ...

    def start(self, pixels: Pixels) -> WaitForResult:
        """Begin what `restore` does; the result is waited for with what this gives.

        Made for many pictures of one size: each may take longer than with `restore`,
        but more are done in a second. `pixels` must stay unchanged until then. Every
        result has to be waited for. Raises as `restore` does, here or when waiting.
        """
        ...


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """How to open a model."""

    model: Path
    """An exported .onnx file with facts in its metadata."""
    device: Device = "auto"
    precision: Precision = "fp32"
    thread_count: int | None = None
    """CPU threads; None: as many as the runtime finds good."""
