"""PyTorch: for machines that have it, and for networks that nothing else runs."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from unblur.errors import ComputationError, ConfigError, ModelError, OutOfMemoryError
from unblur.facts import Precision
from unblur.images.arrays import Pixels
from unblur.images.state import State, empty_state
from unblur.models.bytes import between_bytes
from unblur.runtimes.base import RuntimeOptions, WaitForResult
from unblur.weights.checkpoint import load_checkpoint


class TorchRuntime:
    """A network as a torch module."""

    name = "torch"
    in_flight_count = 1

    def __init__(self, options: RuntimeOptions) -> None:
        """Open `options.model`, a .safetensors file; raises as `OpenVinoRuntime` does."""
        if options.precision == "int8":
            raise ConfigError("PyTorch runs no int8 here; choose --precision fp32 or bf16")
        if options.model.suffix != ".safetensors":
            raise ModelError(f"PyTorch reads .safetensors files, not {options.model}")
        self.precision: Precision = options.precision
        self.device = _pick_device(options)
        if options.thread_count is not None:
            torch.set_num_threads(options.thread_count)
        generator, self.facts = load_checkpoint(options.model)
        self._network = between_bytes(generator).to(self.device)

    def restore(self, pixels: Pixels) -> Pixels:
        """See `Runtime.restore`."""
        return self.restore_next(pixels, None)[0]

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State]:
        """See `Runtime.restore_next`."""
        if state is None:
            state = empty_state(self.facts, *pixels.shape[:2])
        kind = torch.device(self.device).type
        try:
            with (
                torch.inference_mode(),
                torch.autocast(kind, torch.bfloat16, enabled=self.precision == "bf16"),
            ):
                arrays = (np.ascontiguousarray(pixels)[np.newaxis], *state)
                made = self._network(*(torch.from_numpy(it).to(self.device) for it in arrays))
                restored, *after = made if isinstance(made, tuple) else (made,)
                return restored[0].cpu().numpy(), tuple(it.float().cpu().numpy() for it in after)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError) or "allocate" in str(error):
                raise OutOfMemoryError(
                    "PyTorch ran out of memory; choose a smaller --tile-px"
                ) from error
            raise ComputationError(f"PyTorch failed: {error}") from error

    def start(self, pixels: Pixels) -> WaitForResult:
        """See `Runtime.start`; one after the other, computed when it is waited for."""
        return partial(self.restore, pixels)


def list_devices() -> tuple[str, ...]:
    """The devices that this PyTorch can use."""
    gpus = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    return ("cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else []))


def _pick_device(options: RuntimeOptions) -> str:
    """Torch's name of the wanted device; raises ConfigError when it is not there."""
    gpu = "cuda" if torch.cuda.is_available() else "mps"
    has_gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    if options.device == "cpu" or (options.device == "auto" and not has_gpu):
        return "cpu"
    if options.device == "npu" or not has_gpu:
        raise ConfigError(
            f"PyTorch finds no {options.device.upper()} here; choose --device cpu, "
            "or see `unblur doctor`"
        )
    return gpu
