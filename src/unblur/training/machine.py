"""What a run is computed on: devices, processes and arithmetic."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException

from unblur.errors import ConfigError
from unblur.training.config import TrainingOptions

_PRECISIONS = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


def make_fabric(options: TrainingOptions) -> Fabric:
    """Devices, processes and arithmetic as `options` want them; not launched yet.

    Raises ConfigError when this machine has not what they ask for.
    """
    machine = options.machine
    has_gpu = machine.accelerator != "cpu" and torch.cuda.is_available()
    if options.precision == "fp16" and not has_gpu:
        raise ConfigError("fp16 trains on a GPU only; choose precision bf16 or fp32")
    try:
        return Fabric(
            accelerator=machine.accelerator,
            devices=machine.devices,
            num_nodes=machine.nodes,
            strategy=machine.strategy,
            precision=_PRECISIONS[options.precision],  # pyright: ignore[reportArgumentType]
        )
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        wanted = f"{machine.devices} {machine.accelerator} device(s)"
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"cannot train on {wanted} with machine.strategy {machine.strategy!r}: {reason}"
        ) from error


def name_device(device: torch.device) -> str:
    """What people call it."""
    return (
        torch.cuda.get_device_name(device) if device.type == "cuda" else f"a {device.type} device"
    )
