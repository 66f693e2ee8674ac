"""The runs that made weights, a sentence each, as the files of the weights tell them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unblur.weights.run_state import read_state
from unblur.weights.store import read_safetensors_facts


def runs_behind(start: Path | None) -> tuple[str, ...]:
    """The runs behind the weights in `start`, a checkpoint or a .safetensors file, the last first.

    To be asked when a run begins: later another file may stand there. Raises ModelError when
    `start` is neither; None has no runs.
    """
    if start is None:
        return ()
    if start.suffix == ".safetensors":
        return read_safetensors_facts(start).training_runs
    return runs_of(read_state(start))


def runs_of(state: Mapping[str, Any]) -> tuple[str, ...]:
    """The run that saved `state`, then those before it."""
    options = json.loads(state["options"])
    data = options["data"]
    told = (
        f"{data['pair_count']} synthetic {_kind_of(data)} of {data['pair_px']} px from "
        f"permissively licensed photos; {state['step']} steps of {options['optimizer']} in "
        f"{state['elapsed_s'] / 60:.0f} minutes on {state['device']}"
    )
    return (told, *state.get("earlier_runs", ()))


def _kind_of(data: Mapping[str, Any]) -> str:
    """What a run learned from."""
    frame_count = data.get("frame_count", 1)
    return "pairs" if frame_count == 1 else f"sequences of {frame_count} frames"
