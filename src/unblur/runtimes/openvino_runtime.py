"""OpenVINO: the default, and the fastest on a CPU."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from threading import Lock
from typing import Any, Literal

import numpy as np
import openvino as ov
import psutil
from openvino.frontend import FrontEndManager, GeneralFailure

from unblur.errors import ComputationError, ConfigError, ModelError, OutOfMemoryError
from unblur.facts import METADATA_KEY, NetworkFacts, Precision
from unblur.images.arrays import Pixels
from unblur.images.state import State, empty_state, state_names
from unblur.runtimes.base import RuntimeOptions, WaitForResult

_COMPILED_SIZES = 2
"""Portrait and landscape: each one kept holds the memory of a whole picture or tile."""
_PRECISION_HINTS: dict[Precision, str] = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}
_OUT_OF_MEMORY = ("bad_alloc", "allocate", "out of memory", "ENOMEM")
_READING = Lock()
"""Held while a model is read: two threads that read at the same time wait for each other for ever,
one with Python's lock and one with OpenVINO's (OpenVINO 2026.4)."""

_MOST_STREAMS = 4
"""Pictures computed at the same time; each needs memory of its own."""
_Hint = Literal["LATENCY", "THROUGHPUT"]


@dataclass(slots=True)
class _CompiledNetwork:
    """The network for one picture size, and those of its requests that wait for work."""

    compiled: ov.CompiledModel
    first_state: State
    """Stands for no frame before."""
    idle: deque[ov.InferRequest] = field(default_factory=deque[ov.InferRequest])

    def start(self, pixels: Pixels) -> WaitForResult:
        """Begin to compute; gives what waits for the result."""
        finish = self.start_next(pixels, self.first_state)
        return lambda: finish()[0]

    def start_next(self, pixels: Pixels, state: State) -> Callable[[], tuple[Pixels, State]]:
        """The same for a frame of a video; what waits gives the next state too."""
        fewest = 2 if state else 1  # the state lies in one request while the other computes
        is_enough = len(self.idle) >= fewest
        request = self.idle.popleft() if is_enough else self.compiled.create_infer_request()
        inputs = dict(enumerate((pixels[np.newaxis], *state)))
        request.start_async(inputs, share_inputs=True)
        return partial(self._finish, request)

    def _finish(self, request: ov.InferRequest) -> tuple[Pixels, State]:
        """The results of a request, which is idle then: a copy of the picture, and the state."""
        try:
            request.wait()
            numbers = range(len(self.first_state))
            state = tuple(request.get_output_tensor(1 + it).data for it in numbers)
            return np.array(request.get_output_tensor(0).data[0]), state
        except RuntimeError as error:
            raise _as_failure(error) from error
        finally:
            self.idle.append(request)


class OpenVinoRuntime:
    """A model compiled for each picture size it meets; the last few are kept."""

    name = "openvino"

    def __init__(self, options: RuntimeOptions) -> None:
        """Open `options.model`.

        Raises ModelError when it is no model of ours, ConfigError when the device or
        the precision is not to be had here.
        """
        self._core = open_core()
        self.precision: Precision = options.precision
        self.device = _pick_device(self._core, options)
        self._model = _read_model(options)
        self.facts = _read_facts(self._model, options)
        self._settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _PRECISION_HINTS[options.precision],
        }
        if options.thread_count is not None:
            self._settings["INFERENCE_NUM_THREADS"] = options.thread_count
        threads = options.thread_count or psutil.cpu_count(logical=False) or 1
        self._stream_count = max(1, min(threads, _MOST_STREAMS))
        self._networks: OrderedDict[tuple[int, int, _Hint], _CompiledNetwork] = OrderedDict()

    @property
    def in_flight_count(self) -> int:
        """One for each stream, and one that waits until a stream is free."""
        return self._stream_count + 1

    def restore(self, pixels: Pixels) -> Pixels:
        """See `Runtime.restore`."""
        return self._start(pixels, "LATENCY")()

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State]:
        """See `Runtime.restore_next`."""
        try:
            network = self._network_for(pixels.shape[0], pixels.shape[1], "LATENCY")
            return network.start_next(pixels, network.first_state if state is None else state)()
        except RuntimeError as error:
            raise _as_failure(error) from error

    def start(self, pixels: Pixels) -> WaitForResult:
        """See `Runtime.start`."""
        return self._start(pixels, "THROUGHPUT")

    def _start(self, pixels: Pixels, hint: _Hint) -> WaitForResult:
        try:
            return self._network_for(pixels.shape[0], pixels.shape[1], hint).start(pixels)
        except RuntimeError as error:
            raise _as_failure(error) from error

    def _network_for(self, height: int, width: int, hint: _Hint) -> _CompiledNetwork:
        """The compiled network for that size, made if it is not among the last few."""
        key = (height, width, hint)
        if key not in self._networks:
            while len(self._networks) >= _COMPILED_SIZES:
                self._networks.popitem(last=False)
            model = self._model.clone()
            first_state = empty_state(self.facts, height, width)
            shapes = {"blurry": [1, height, width, 3]}
            for name, zeros in zip(state_names(self.facts)[0], first_state, strict=True):
                shapes[name] = list(zeros.shape)
            model.reshape(shapes)
            settings = {**self._settings, "PERFORMANCE_HINT": hint}
            if hint == "THROUGHPUT":
                settings["NUM_STREAMS"] = self._stream_count
            compiled = self._core.compile_model(model, self.device, settings)
            self._networks[key] = _CompiledNetwork(compiled, first_state)
        self._networks.move_to_end(key)
        return self._networks[key]


@cache
def open_core() -> ov.Core:
    """OpenVINO itself, which stays until the process ends.

    Its CPU plugin gives the thread that loads it a stack of its own for signals, and frees
    that when it is unloaded. Unloaded by another thread (as garbage, say), it would leave the
    first with a stack that is gone, and the next signal with a Python handler, Ctrl-C for one,
    would crash the process (OpenVINO 2026.4).
    """
    return ov.Core()


def list_devices() -> tuple[str, ...]:
    """The devices that OpenVINO finds here, with their full names."""
    core = open_core()
    return tuple(
        f"{device}: {core.get_property(device, 'FULL_DEVICE_NAME')}"
        for device in core.available_devices
    )


def _pick_device(core: ov.Core, options: RuntimeOptions) -> str:
    """OpenVINO's name of the wanted device; raises ConfigError when it is not there."""
    wanted = "CPU" if options.device == "auto" else options.device.upper()
    found = [name for name in core.available_devices if name.split(".")[0] == wanted]
    if not found:
        here = ", ".join(core.available_devices)
        raise ConfigError(
            f"OpenVINO finds no {wanted} here, only: {here}; choose --device cpu, "
            "or see `unblur doctor`"
        )
    capabilities = core.get_property(found[0], "OPTIMIZATION_CAPABILITIES")
    if options.precision == "bf16" and "BF16" not in capabilities:
        raise ConfigError(f"this {wanted} cannot compute in bf16; choose --precision fp32")
    return found[0]


def _read_model(options: RuntimeOptions) -> ov.Model:
    """The network in the file; raises ModelError.

    Read as ONNX by name: `Core.read_model` tries one front end after another,
    and TensorFlow's writes to stderr about files that are none of its own.
    """
    with _READING:
        try:
            front_end = FrontEndManager().load_by_framework("onnx")
            model = front_end.convert(front_end.load(str(options.model)))
        except (RuntimeError, GeneralFailure) as error:
            raise ModelError(
                f"{options.model} is not a readable ONNX model; give one made by `unblur export`"
            ) from error
        is_damaged = any(_holds_nan(node) for node in model.get_ops())
    if is_damaged:
        raise ModelError(
            f"the weights in {options.model} are damaged: some are not numbers; "
            "export the model again"
        )
    return model


def _holds_nan(node: Any) -> bool:
    """Whether `node` is a constant with NaN in it, which int8 would turn into wrong numbers."""
    if node.get_type_name() != "Constant" or not node.get_element_type().is_real():
        return False
    return bool(np.isnan(node.get_data()).any())


def _read_facts(model: ov.Model, options: RuntimeOptions) -> NetworkFacts:
    """The facts in the model's metadata; raises ModelError when there are none."""
    place = ["framework", METADATA_KEY]
    if not model.has_rt_info(place):
        raise ModelError(
            f"{options.model} carries no unblur facts, so it is another program's model; "
            "give one made by `unblur export`"
        )
    return NetworkFacts.from_json(str(model.get_rt_info(place).value))


def _as_failure(error: RuntimeError) -> ComputationError:
    """OpenVINO's error as ours, lack of memory told apart."""
    text = str(error)
    if any(sign in text for sign in _OUT_OF_MEMORY):
        return OutOfMemoryError("OpenVINO ran out of memory; choose a smaller --tile-px")
    return ComputationError(f"OpenVINO failed: {text.splitlines()[-1] if text else error!r}")
