"""What the processor is, and which instructions it has that make networks fast."""

from __future__ import annotations

import platform
from pathlib import Path

_INFORMATION = Path("/proc/cpuinfo")

INSTRUCTION_SETS = {
    "avx2": "a base for all fast arithmetic",
    "avx512_vnni": "fast int8",
    "avx_vnni": "fast int8",
    "avx512_bf16": "fast bf16",
    "amx_int8": "very fast int8",
    "amx_bf16": "very fast bf16",
}
"""By their names in /proc/cpuinfo, and what each is good for."""


def name_processor(cpu_information: Path = _INFORMATION) -> str:
    """What the processor calls itself."""
    lines = _read(cpu_information)
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown processor")


def read_instruction_sets(cpu_information: Path = _INFORMATION) -> dict[str, bool] | None:
    """Whether each instruction set that matters is there; None where it cannot be told."""
    lines = _read(cpu_information)
    flags = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), None)
    return None if flags is None else {name: name in flags for name in INSTRUCTION_SETS}


def _read(cpu_information: Path) -> list[str]:
    try:
        return cpu_information.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
