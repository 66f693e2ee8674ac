"""What a training run needs to go on, on disk: never half-written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any

import torch

from unblur.errors import ModelError, OutputError
from unblur.media.atomic import replacing


def save_state(state: dict[str, Any], path: Path) -> None:
    """Write `state`; it reaches the disk before it takes the place of what was at `path`.

    Raises OutputError when it cannot be written; what was there stays.
    """
    try:
        with replacing(path) as unfinished, unfinished.open("wb") as file:
            _dump(state, file)
            file.flush()
            os.fsync(file.fileno())
    except OutputError as error:
        kept = f"the one of before is kept in {path}" if path.exists() else "none is there yet"
        raise OutputError(
            f"cannot save the checkpoint: {error}; {kept}; then give the same command again"
        ) from error


def _dump(state: dict[str, Any], file: IO[bytes]) -> None:
    """Write `state`; raises OSError where the disk is the cause, which torch wraps."""
    try:
        torch.save(state, file)
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from error
        raise


def read_state(path: Path) -> dict[str, Any]:
    """What `save_state` wrote; raises ModelError."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"there is no checkpoint {path}; train first: unblur train") from error
    except OSError as error:
        raise ModelError(f"cannot read the checkpoint {path}: {error.strerror or error}") from error
    except Exception as error:  # torch names no common base, and advises to trust what is in it
        raise ModelError(
            f"{path} is not a readable checkpoint: damaged, or another kind of file; expected "
            "last.pt or best.pt of a training run"
        ) from error
    if not isinstance(state, dict) or not {"options", "network", "averaged", "step"} <= set(state):
        raise ModelError(f"{path} is not a checkpoint of a training run; see unblur train")
    return state


def read_options(state: dict[str, Any], path: Path) -> dict[str, Any]:
    """The options of the run that `state`, read of `path`, is of; raises ModelError."""
    try:
        options = json.loads(state["options"])
        is_whole = {"network", "optimizer", "data"} <= set(options)
        is_whole = is_whole and {"cache", "pair_px"} <= set(options["data"])
    except (TypeError, ValueError):
        is_whole, options = False, {}
    if not is_whole:
        raise ModelError(
            f"{path} does not say how it was trained; expected last.pt or best.pt as unblur train "
            "saves them"
        )
    return options
