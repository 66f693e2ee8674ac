"""Strict options: frozen, typed, from TOML or keywords; an unknown key is an error.

Knows no other room. What an option means is said where it is declared.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from unblur.errors import ConfigError


class Options(BaseModel):
    """Base of every options class: frozen, and refuses what it does not know, inf and nan."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def from_toml(cls, path: Path, changes: Iterable[str] = ()) -> Self:
        """Read the options from a TOML file; `changes` such as "blur.noise_share=0.5" count more.

        Raises ConfigError when the file cannot be read, is not TOML, or when it or a change
        holds an unknown key (the nearest right one is named) or an unfit value.
        """
        values = read_toml(path)
        for change in changes:
            _apply(change, values)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(f"{path}: {_explain(cls, error)}") from error

    @classmethod
    def from_changes(cls, changes: Iterable[str]) -> Self:
        """The defaults, changed by words such as "noise_share=0.5".

        Raises ConfigError when a change holds an unknown key (the nearest right one is
        named) or an unfit value.
        """
        values: dict[str, Any] = {}
        for change in changes:
            _apply(change, values)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigError(_explain(cls, error)) from error


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file says; raises ConfigError when it cannot be read or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _apply(change: str, values: dict[str, Any]) -> None:
    """Set in `values` what a word such as "loss.pixel=mse" says; raises ConfigError."""
    key, equals, text = change.partition("=")
    *tables, name = key.strip().split(".")
    if not equals or not all((*tables, name)):
        raise ConfigError(f"{change!r} is not KEY=VALUE, such as learning_rate=1e-4")
    for table in tables:
        inner: Any = values.setdefault(table, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{change!r} looks into {table}, which is a value and no table")
        values = inner
    try:
        values[name] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        values[name] = text.strip()


def _explain(options: type[BaseModel], error: ValidationError) -> str:
    """The first fault of `error` as one sentence, with the nearest known key."""
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "value_error":  # a validator's own sentence; the input is the whole table
        sentence = fault["msg"].removeprefix("Value error, ")
        return f"{place}: {sentence}" if place else sentence
    if fault["type"] != "extra_forbidden":
        return f"{place}: {fault['msg']}, got {fault['input']!r}"
    known = _fields_at(options, fault["loc"][:-1])
    nearest = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1, cutoff=0.0)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"unknown option {place!r}{hint}"


def _fields_at(options: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Names of the options that the table at `place` of `options` knows."""
    for key in place:
        inner = options.model_fields[str(key)].annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        options = inner
    return list(options.model_fields)
