"""What a training run needs to go on, on disk: never half-written."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import torch

from unblur.errors import ModelError, OutputError


def save_state(state: dict[str, Any], path: Path) -> None:
    """Write `state`; it reaches the disk before it takes the place of what was at `path`.

    Raises OutputError when it cannot be written; what was there stays.
    """
    unfinished = path.with_suffix(".unfinished")
    try:
        with unfinished.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError where a write fell short
        unfinished.unlink(missing_ok=True)
        is_full = getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT, None}
        reason = "the disk is full" if is_full else str(error)
        kept = f"the one of before is kept in {path}" if path.exists() else "none is there yet"
        raise OutputError(
            f"cannot save the checkpoint {path}: {reason}; {kept}; "
            "make room and give the same command again"
        ) from error


def read_state(path: Path) -> dict[str, Any]:
    """What `save_state` wrote; raises ModelError."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"there is no checkpoint {path}; train first: unblur train") from error
    except Exception as error:  # torch names no common base for damaged files
        raise ModelError(f"{path} is not a readable checkpoint: {error}") from error
    if not isinstance(state, dict) or not {"options", "network", "averaged", "step"} <= set(state):
        raise ModelError(f"{path} is not a checkpoint of a training run; see unblur train")
    return state
