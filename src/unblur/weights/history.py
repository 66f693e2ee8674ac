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
    minutes = round(state["elapsed_s"] / 60)
    lasted = "1 minute" if minutes == 1 else f"{minutes} minutes"
    told = (
        f"{_describe_data(options['data'])}; {state['step']} steps of {options['optimizer']} in "
        f"{lasted} on {state['device']}"
    )
    return (told, *state.get("earlier_runs", ()))


def _describe_data(data: Mapping[str, Any]) -> str:
    """What a run learned from; how many pairs were made and of what is known only of its own."""
    frame_count = data.get("frame_count", 1)
    kind = "pairs" if frame_count == 1 else f"sequences of {frame_count} frames"
    photos = data.get("photos")
    if photos is None:
        return f"ready-made {kind} of {data['pair_px']} px"
    source = "drawn scenes" if photos == "drawn" else "photos"
    return f"{data['pair_count']} synthetic {kind} of {data['pair_px']} px from {source}"
