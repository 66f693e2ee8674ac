"""A measurement as it is kept: the figures, and when, where, with what they were made."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import TypeAdapter, ValidationError

from unblur._version import __version__
from unblur.errors import InputError
from unblur.media.atomic import make_folder, replacing
from unblur.runtimes.processor import name_processor, read_instruction_sets

Kind = Literal["quality", "paper", "speed", "task", "video", "live", "video_speed"]
Row = dict[str, Any]
"""Figures by name; None where there is none, infinite ones as the text "inf"."""


@dataclass(frozen=True, slots=True)
class Record:
    """One run of a measuring command."""

    kind: Kind
    title: str
    command: str
    """As it was typed."""
    rows: list[Row]
    each: list[Row] = field(default_factory=list[Row])
    """The rows that the rows are made of, such as those of each picture."""
    faults: list[str] = field(default_factory=list[str])
    """What could not be measured, one sentence each."""
    notes: list[str] = field(default_factory=list[str])
    """What must be known to read the figures, one sentence each."""
    date: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    machine: str = field(default_factory=lambda: describe_machine())
    commit: str = field(default_factory=lambda: find_commit())

    def to_json(self) -> str:
        """The record as JSON, to be read by people too."""
        return json.dumps(asdict(self), indent=1, allow_nan=False) + "\n"

    def save(self, path: Path) -> None:
        """Write it to `path`, whose folder is made if need be; raises OutputError."""
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read back what `save` wrote; raises InputError for anything else."""
        try:
            return _ADAPTER.validate_json(path.read_bytes())  # pyright: ignore[reportReturnType]
        except (OSError, ValidationError) as error:
            raise InputError(
                f"{path} is no record of a measurement; make one with --save: {error}"
            ) from error


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; its folder is made if need be. Raises OutputError."""
    make_folder(path.parent)
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def as_row(values: Any) -> Row:
    """The fields of a dataclass as JSON knows them."""
    return plain_row(asdict(values))


def plain_row(row: Row) -> Row:
    """The row with only what JSON knows."""
    return {key: _plain(value) for key, value in row.items()}


def _plain(value: Any) -> Any:
    """JSON knows neither NaN (None here) nor infinity ("inf", "-inf")."""
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value)
    return value


def describe_machine() -> str:
    """Processor, cores, memory and system, on one line."""
    import psutil

    memory_gb = psutil.virtual_memory().total / 2**30
    there = [name for name, is_there in (read_instruction_sets() or {}).items() if is_there]
    processor = f"{name_processor()} ({', '.join(there)})" if there else name_processor()
    return (
        f"{processor}, {os.cpu_count()} cores, {memory_gb:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def find_commit() -> str:
    """The commit that this code is of, "+" added where it was changed; else the version."""
    package = Path(__file__).parents[1]
    try:
        commit, changes = (
            subprocess.run(  # noqa: S603 - fixed words
                ["git", "-C", str(package), *words],  # noqa: S607 - wherever git is
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for words in (("rev-parse", "--short=10", "HEAD"), ("status", "--porcelain", "."))
        )
    except (OSError, subprocess.CalledProcessError):
        return f"version {__version__}"
    is_changed = any(line for line in changes.splitlines() if not line.startswith("??"))
    return commit.strip() + ("+" if is_changed else "")


_ADAPTER: TypeAdapter[Record] = TypeAdapter(Record)
