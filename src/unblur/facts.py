"""What a network needs and promises, as data that travels inside its files.

Checkpoints and exported models carry these facts as JSON in their metadata, so
that restoring never has to ask the code that defined the network.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from pydantic import TypeAdapter, ValidationError

from unblur.errors import ModelError

Precision = Literal["fp32", "bf16", "int8"]
"""Arithmetic that a network is computed in."""

Aim = Literal["fidelity", "perceptual"]
"""What weights were trained for: to be near the truth, or to look sharp, with a discriminator."""

DEFAULT_LICENCE = "Apache-2.0"
"""Of the bundled weights, and of others that do not say."""

METADATA_KEY = "unblur_facts"
"""Under which key of a file's metadata the JSON stands."""


@dataclass(frozen=True, slots=True)
class SizeRule:
    """Which picture sizes a network takes."""

    multiple_of: int = 1
    """Height and width must be multiples of this many pixels."""
    minimum: int = 1
    """And at least this many pixels."""

    def padding(self, length: int) -> int:
        """Pixels to add to a side of `length`; 0 where it already fits."""
        wanted = max(length, self.minimum)
        return math.ceil(wanted / self.multiple_of) * self.multiple_of - length


@dataclass(frozen=True, slots=True)
class StateMap:
    """One of the feature maps that a network keeps from one frame to the next."""

    channels: int
    stride: int
    """Pixels of the picture to one of the map, each way."""


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """A network as its user must know it: how to run it, where it comes from."""

    name: str
    """Catalog name of the network, for example "live"."""
    summary: str
    """One sentence: what it is for."""
    size_rule: SizeRule = SizeRule()
    """Which sizes it takes; other pictures are padded by reflection."""
    halo_px: int | None = None
    """How far a pixel of the input counts in the output, but for a grey level; None: the whole
    image, no tiles."""
    scale: int = 1
    """Output side over input side."""
    state_maps: tuple[StateMap, ...] = ()
    """What it remembers of the frame before; none: it sees each picture by itself."""
    parameter_count: int = 0
    """Learned numbers."""
    aim: Aim = "fidelity"
    """What the weights were trained for."""
    paper: str = ""
    """Where the idea stands, for example "arXiv:1908.03826"."""
    licence: str = DEFAULT_LICENCE
    """Of the weights, as an SPDX name."""
    training_runs: tuple[str, ...] = ()
    """Data, recipe and length of each run that made the weights, in a sentence; the last first."""
    metrics: dict[str, float] = field(default_factory=dict[str, float])
    """Measured figures by name, for example "reds_020_psnr_gain_db"."""
    measured_on: str = ""
    """Machine, threads and date of the times among `metrics`; empty: not timed."""

    @property
    def model_name(self) -> str:
        """The network's name, and the aim of its weights where that is not fidelity."""
        return self.name if self.aim == "fidelity" else f"{self.name}_{self.aim}"

    def to_json(self) -> str:
        """The facts as one line of JSON."""
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read back what `to_json` wrote; raises ModelError when it does not fit."""
        try:
            return _ADAPTER.validate_json(text)  # pyright: ignore[reportReturnType]
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(str(part) for part in fault["loc"])
            raise ModelError(
                f"the facts in the model file are damaged: {place}: {fault['msg']}"
            ) from error

    def as_dict(self) -> dict[str, Any]:
        """The facts as plain dictionaries, lists and numbers."""
        return asdict(self)


_ADAPTER: TypeAdapter[NetworkFacts] = TypeAdapter(NetworkFacts)
