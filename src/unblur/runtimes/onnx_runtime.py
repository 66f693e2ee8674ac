"""ONNX Runtime: on a CPU, or on a GPU through CUDA, DirectML or CoreML."""

from __future__ import annotations

from functools import partial

import numpy as np
import onnxruntime
from onnxruntime.capi import (
    onnxruntime_pybind11_state as _states,  # pyright: ignore[reportAttributeAccessIssue]
)

from unblur.errors import ComputationError, ConfigError, ModelError, OutOfMemoryError
from unblur.facts import METADATA_KEY, NetworkFacts, Precision
from unblur.images.arrays import Pixels
from unblur.images.state import State, empty_state, state_names
from unblur.runtimes.base import RuntimeOptions, WaitForResult

_GPU_PROVIDERS = (
    "CUDAExecutionProvider",
    "ROCMExecutionProvider",
    "DmlExecutionProvider",
    "CoreMLExecutionProvider",
)
_NPU_PROVIDERS = ("QNNExecutionProvider", "VitisAIExecutionProvider")
_ERRORS_ONLY = 3
onnxruntime.disable_telemetry_events()


class OnnxRuntime:
    """A model in an ONNX Runtime session."""

    name = "onnxruntime"
    in_flight_count = 1

    def __init__(self, options: RuntimeOptions) -> None:
        """Open `options.model`; raises as `OpenVinoRuntime` does."""
        if options.precision == "bf16":
            raise ConfigError(
                "ONNX Runtime does not compute in bf16; choose --precision fp32 "
                "or --runtime openvino"
            )
        self.precision: Precision = options.precision
        settings = onnxruntime.SessionOptions()
        settings.log_severity_level = _ERRORS_ONLY
        if options.thread_count is not None:
            settings.intra_op_num_threads = options.thread_count
        try:
            self._session = onnxruntime.InferenceSession(
                str(options.model), settings, providers=_pick_providers(options)
            )
        except _MODEL_ERRORS as error:
            raise ModelError(
                f"{options.model} is not a readable ONNX model; give one made by `unblur export`"
            ) from error
        metadata = self._session.get_modelmeta().custom_metadata_map
        if METADATA_KEY not in metadata:
            raise ModelError(
                f"{options.model} carries no unblur facts, so it is another program's model; "
                "give one made by `unblur export`"
            )
        self.facts = NetworkFacts.from_json(metadata[METADATA_KEY])
        self.device = self._session.get_providers()[0].removesuffix("ExecutionProvider")

    def restore(self, pixels: Pixels) -> Pixels:
        """See `Runtime.restore`."""
        return self.restore_next(pixels, None)[0]

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State]:
        """See `Runtime.restore_next`."""
        if state is None:
            state = empty_state(self.facts, *pixels.shape[:2])
        before = dict(zip(state_names(self.facts)[0], state, strict=True))
        try:
            restored, *after = self._session.run(None, {"blurry": pixels[np.newaxis], **before})
        except (_states.Fail, _states.RuntimeException, MemoryError) as error:
            if isinstance(error, MemoryError) or "alloc" in str(error).lower():
                raise OutOfMemoryError(
                    "ONNX Runtime ran out of memory; choose a smaller --tile-px"
                ) from error
            raise ComputationError(f"ONNX Runtime failed: {error}") from error
        return np.asarray(restored)[0], tuple(np.asarray(it) for it in after)

    def start(self, pixels: Pixels) -> WaitForResult:
        """See `Runtime.start`; one after the other, computed when it is waited for."""
        return partial(self.restore, pixels)


_MODEL_ERRORS = (
    _states.InvalidProtobuf,
    _states.InvalidGraph,
    _states.InvalidArgument,
    _states.Fail,
    _states.NotImplemented,
)


def list_devices() -> tuple[str, ...]:
    """The execution providers of this build."""
    return tuple(onnxruntime.get_available_providers())


def _pick_providers(options: RuntimeOptions) -> list[str]:
    """Providers for the wanted device, best first; raises ConfigError when there is none."""
    here = onnxruntime.get_available_providers()
    if options.device == "cpu":
        return ["CPUExecutionProvider"]
    wanted = _NPU_PROVIDERS if options.device == "npu" else _GPU_PROVIDERS
    found = [provider for provider in wanted if provider in here]
    if not found and options.device != "auto":
        raise ConfigError(
            f"this ONNX Runtime has no {options.device.upper()} provider, only: {', '.join(here)}; "
            "choose --device cpu, or see `unblur doctor`"
        )
    return [*found, "CPUExecutionProvider"]
