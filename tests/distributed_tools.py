"""One step of training in several processes; importable by them."""

from __future__ import annotations

from pathlib import Path

import torch
from lightning_fabric import Fabric

from unblur.data.pair_cache import open_pair_cache
from unblur.errors import UnblurError
from unblur.training.batches import Batch, CachedBatches, Moment
from unblur.training.config import TrainingOptions
from unblur.training.trainer import Trainer


def take_joined_step(options: TrainingOptions, process_count: int, target: Path) -> None:
    """One step on what `process_count` processes would draw; saves the gradients."""
    fabric = Fabric(accelerator="cpu", devices=1)
    dataset = _dataset(options)
    batches = [dataset[Moment(0, 1.0, rank)] for rank in range(process_count)]
    joined = Batch(
        torch.cat([batch.blurry for batch in batches]),
        torch.cat([batch.sharp for batch in batches]),
        [pair for batch in batches for pair in batch.pairs],
    )
    _take_step(Trainer(options, fabric), joined, target)


def take_shared_step(options: TrainingOptions, process_count: int, target: Path) -> None:
    """The same step, each process on its own batch."""
    fabric = Fabric(accelerator="cpu", devices=process_count, strategy="ddp_spawn")
    fabric.launch(_take_own_step, options, target)


def _take_own_step(fabric: Fabric, options: TrainingOptions, target: Path) -> None:
    torch.set_num_threads(1)
    batch = _dataset(options)[Moment(0, 1.0, fabric.global_rank)]
    _take_step(Trainer(options, fabric), batch, target)


def take_broken_step(options: TrainingOptions, process_count: int, folder: Path) -> None:
    """A step with no numbers in the last process; each saves what it raised, by its rank."""
    fabric = Fabric(accelerator="cpu", devices=process_count, strategy="ddp_spawn")
    fabric.launch(_take_broken_step, options, folder)


def _take_broken_step(fabric: Fabric, options: TrainingOptions, folder: Path) -> None:
    torch.set_num_threads(1)
    batch = _dataset(options)[Moment(0, 1.0, fabric.global_rank)].to(torch.device("cpu"))
    if fabric.global_rank == fabric.world_size - 1:
        batch.blurry.fill_(torch.nan)
    try:
        Trainer(options, fabric).train_step(batch)
    except UnblurError as error:
        (folder / f"{fabric.global_rank}.txt").write_text(str(error))
    fabric.barrier()


def _take_step(trainer: Trainer, batch: Batch, target: Path) -> None:
    with torch.no_grad():
        for parameter in trainer.network.parameters():
            if not parameter.any():  # starts at zero, and would stop every gradient
                values = torch.linspace(-0.02, 0.02, parameter.numel())
                parameter.copy_(values.view_as(parameter))
    trainer.train_step(batch.to(torch.device("cpu")))
    networks = {"generator": trainer.network}
    if trainer.adversary is not None:
        networks["discriminator"] = trainer.adversary.network
    gradients = {
        f"{name}.{key}": parameter.grad
        for name, network in networks.items()
        for key, parameter in network.named_parameters()
    }
    if trainer.fabric.is_global_zero:
        torch.save(gradients, target)


def _dataset(options: TrainingOptions) -> CachedBatches:
    return CachedBatches(open_pair_cache(options.data.cache / "train"), options)
