"""`unblur doctor`: what works on this machine, and what to install for more."""

from __future__ import annotations

from typing import Any

from unblur.apps.cli import options
from unblur.apps.cli.machine import examine
from unblur.apps.cli.output import SUCCESS, print_json, print_result, print_table
from unblur.runtimes.processor import INSTRUCTION_SETS


def doctor(*, json: options.Json = False) -> int:
    """Say what works here and what to install for more."""
    (print_json if json else _print)(examine())
    return SUCCESS


def _print(report: dict[str, Any]) -> None:
    """Print the report as sections of short lines."""
    print_result(f"unblur {report['version']}, Python {report['python']}, {report['system']}")
    print_result(f"models: {', '.join(report['models']) or 'none'}")
    sections = {
        "runtimes": [_runtime_row(each) for each in report["runtimes"]],
        f"processor ({report['cpu_count']} cores)": _instruction_rows(report["instruction_sets"]),
        "files": [
            *((codec, _yes(is_alive)) for codec, is_alive in report["video_codecs"].items()),
            ("HEIC", _yes(report["heic"])),
        ],
        "packages": [(name, version or "-") for name, version in report["packages"].items()],
        "for more": [(advice,) for advice in report["advice"]],
    }
    for title, rows in sections.items():
        if rows:
            print_result(f"{title}:")
            print_table(rows, indent="  ")


def _runtime_row(runtime: dict[str, Any]) -> tuple[str, ...]:
    if not runtime["is_available"]:
        return (runtime["name"], "-", "not installed")
    return (runtime["name"], runtime["version"], "; ".join(runtime["devices"]))


def _instruction_rows(instruction_sets: dict[str, bool] | None) -> list[tuple[str, ...]]:
    if instruction_sets is None:
        return [("instruction sets", "unknown on this system")]
    return [
        (name, _yes(is_there), INSTRUCTION_SETS[name])
        for name, is_there in instruction_sets.items()
    ]


def _yes(is_so: bool) -> str:  # noqa: FBT001 - a converter of one value
    return "yes" if is_so else "no"
