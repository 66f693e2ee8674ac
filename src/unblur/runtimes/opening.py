"""Opening a runtime by name; none is imported before it is asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal

from unblur.errors import install_command, missing_extra
from unblur.runtimes.base import Runtime, RuntimeName, RuntimeOptions


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a runtime's code is and what must be installed for it."""

    module: str
    type_name: str
    package: str
    extras: str
    """Those of this package that bring it; "" for what every installation has."""


RUNTIMES: dict[RuntimeName, _Entry] = {
    "openvino": _Entry("unblur.runtimes.openvino_runtime", "OpenVinoRuntime", "openvino", ""),
    "onnxruntime": _Entry(
        "unblur.runtimes.onnx_runtime", "OnnxRuntime", "onnxruntime", "onnxruntime"
    ),
    "torch": _Entry("unblur.runtimes.torch_runtime", "TorchRuntime", "torch", "torch"),
}


@dataclass(frozen=True, slots=True)
class RuntimeReport:
    """Whether a runtime works here."""

    name: RuntimeName
    is_available: bool
    version: str
    devices: tuple[str, ...]
    remedy: str
    """What to install, where it does not work."""


def open_runtime(name: RuntimeName | Literal["auto"], options: RuntimeOptions) -> Runtime:
    """Open a model; "auto" is PyTorch for .safetensors files and OpenVINO for others.

    Raises MissingExtraError when the runtime is not installed, ModelError and
    ConfigError as the runtime does.
    """
    if name == "auto":
        name = "torch" if options.model.suffix == ".safetensors" else "openvino"
    return getattr(_import(name), RUNTIMES[name].type_name)(options)


def report_runtimes() -> list[RuntimeReport]:
    """What can be said of each runtime on this machine."""
    reports: list[RuntimeReport] = []
    for name, entry in RUNTIMES.items():
        try:
            devices = tuple(_import(name).list_devices())
            version = metadata.version(entry.package)
            reports.append(RuntimeReport(name, True, version, devices, ""))  # noqa: FBT003
        except (ImportError, metadata.PackageNotFoundError):
            remedy = install_command(entry.extras)
            reports.append(RuntimeReport(name, False, "", (), remedy))  # noqa: FBT003
    return reports


def _import(name: RuntimeName) -> Any:
    """The module of a runtime; raises MissingExtraError when its package is missing."""
    entry = RUNTIMES[name]
    try:
        return importlib.import_module(entry.module)
    except ModuleNotFoundError as missing:
        raise missing_extra(f"the {name} runtime", missing.name, entry.extras) from missing
