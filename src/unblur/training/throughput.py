"""How many crops a second the data give, the network takes, and both do together."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import torch

from unblur.training.batches import Batch, Moment, load_batches
from unblur.training.config import TrainingOptions
from unblur.training.machine import make_fabric
from unblur.training.sources import open_batches
from unblur.training.trainer import Trainer

_WARM_UP_STEPS = 3


@dataclass(frozen=True, slots=True)
class Throughput:
    """Crops a second of one process, at the final crop size."""

    data: float
    """Drawing batches and bringing them to the device, with no network."""
    network: float
    """Training on one batch over and over."""
    together: float
    """Training on new batches, as a run does."""

    @property
    def efficiency(self) -> float:
        """Both together, over the slower of the two."""
        return self.together / min(self.data, self.network)

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"crops/s: data alone {self.data:.0f}, network alone {self.network:.0f}, "
            f"both {self.together:.0f} ({self.efficiency:.2f} of the slower)"
        )


def measure_throughput(options: TrainingOptions, seconds: float = 15.0) -> Throughput:
    """Measure for about `seconds` each, in turn; a run that is there is left alone."""
    with TemporaryDirectory() as folder:
        machine = options.machine.model_copy(update={"devices": 1, "nodes": 1})
        update = {"output": folder, "machine": machine, "maximum_steps": 10**9}
        options = options.model_validate({**options.model_dump(), **update})
        trainer = Trainer(options, make_fabric(options))
        source, device = open_batches(options)[0], trainer.fabric.device

        def batches() -> Iterator[Batch]:
            moments = (Moment(step, 1.0) for step in itertools.count())
            return load_batches(source, moments, device, options.data.drawing_workers)

        same = next(batches())
        return Throughput(
            data=_time(batches(), None, seconds),
            network=_time(itertools.repeat(same), trainer, seconds),
            together=_time(batches(), trainer, seconds),
        )


def _time(batches: Iterator[Batch], trainer: Trainer | None, seconds: float) -> float:
    """Crops a second of training on `batches`, or of only getting them."""
    crops, started = 0, 0.0
    for step, batch in enumerate(batches):
        if trainer is not None:
            trainer.train_step(batch)
        if step < _WARM_UP_STEPS:
            started = _now()
            continue
        crops += len(batch.sharp)
        if _now() - started > seconds:
            break
    return crops / (_now() - started)


def _now() -> float:
    """The time, once what a GPU was told to do is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
