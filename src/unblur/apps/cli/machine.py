"""What this machine and this installation can do, as far as it matters for restoring."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from importlib import metadata
from typing import Any, get_args

from unblur._version import __version__
from unblur.runtimes.processor import read_instruction_sets

_PACKAGES = ("numpy", "pillow", "pillow-heif", "av", "openvino", "onnxruntime", "torch")


def examine() -> dict[str, Any]:
    """Everything that `unblur doctor` reports, as JSON knows it."""
    from unblur.media.codecs import VideoCodec, available_codecs
    from unblur.media.image_files import PICTURE_ENDINGS
    from unblur.runtimes.opening import report_runtimes
    from unblur.weights.store import list_models

    alive = available_codecs()
    report: dict[str, Any] = {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu_count": os.cpu_count(),
        "instruction_sets": read_instruction_sets(),
        "packages": {name: _find_version(name) for name in _PACKAGES},
        "runtimes": [asdict(each) for each in report_runtimes()],
        "video_codecs": {codec: codec in alive for codec in get_args(VideoCodec)},
        "heic": ".heic" in PICTURE_ENDINGS and _find_version("pillow-heif") is not None,
        "models": [model.name for model in list_models()],
    }
    return {**report, "advice": _advise(report)}


def _find_version(package: str) -> str | None:
    """The installed version of `package`; None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _advise(report: dict[str, Any]) -> list[str]:
    """What to install or know for more, one sentence each."""
    advice = [
        f"for the {each['name']} runtime: {each['remedy']}"
        for each in report["runtimes"]
        if not each["is_available"]
    ]
    missing = [codec for codec, is_alive in report["video_codecs"].items() if not is_alive]
    if missing:
        advice.append(f"for {', '.join(missing)}: pip install --upgrade --force-reinstall av")
    if not report["heic"]:
        advice.append("for HEIC photos: pip install pillow-heif")
    if not report["models"]:
        advice.append("no model is bundled: pip install --force-reinstall unblur")
    return advice
