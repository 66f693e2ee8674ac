"""A training checkpoint to the three files that make a model: see `weights.store`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from unblur.data.pair_cache import open_pair_cache
from unblur.errors import ModelError
from unblur.export.onnx_export import export_onnx, halve_weights, with_facts
from unblur.export.quantize import quantize_onnx
from unblur.facts import NetworkFacts
from unblur.images.arrays import Pixels
from unblur.models.catalog import find_generator
from unblur.weights.checkpoint import load_checkpoint, save_checkpoint

_CALIBRATION_PICTURES = 120


def export_bundle(
    checkpoint: Path, target: Path, *, metrics: Mapping[str, float] | None = None
) -> list[Path]:
    """Write `NAME.safetensors`, `NAME.onnx` and `NAME.int8.onnx` into `target`.

    `checkpoint` is what a training run saved; its averaged weights are taken, and
    int8 is calibrated on the run's own held-out blurred pictures. Gives the paths.
    Raises ModelError when `checkpoint` is not one.
    """
    state = _read(checkpoint)
    options = json.loads(state["options"])
    target.mkdir(parents=True, exist_ok=True)
    generator = find_generator(options["network"]).build()
    prefix = "generator."
    generator.load_state_dict(
        {
            name.removeprefix(prefix): tensor
            for name, tensor in state["averaged"].items()
            if name.startswith(prefix)
        }
    )
    facts = _describe(options, state, metrics or {})
    weights = target / f"{facts.name}.safetensors"
    save_checkpoint(generator, facts, weights)
    generator, facts = load_checkpoint(weights)  # the fp16 weights are what is exported
    model = export_onnx(generator, facts)
    pictures = _calibration_pictures(Path(options["data"]["cache"]) / "held_out")
    quantized = with_facts(quantize_onnx(model, facts, pictures), facts)
    paths = [target / f"{facts.name}.onnx", target / f"{facts.name}.int8.onnx"]
    for path, exported in zip(paths, (halve_weights(model), quantized), strict=True):
        unfinished = path.with_name(f".{path.name}.unfinished")
        onnx.save(exported, unfinished)
        unfinished.replace(path)
    return [weights, *paths]


def _describe(
    options: Mapping[str, Any], state: Mapping[str, Any], metrics: Mapping[str, float]
) -> NetworkFacts:
    """The facts of a network as it was trained."""
    card = find_generator(options["network"])
    minutes = state["elapsed_s"] / 60
    data = options["data"]
    return NetworkFacts(
        name=options["network"],
        summary=card.summary,
        size_rule=card.size_rule,
        halo_px=card.halo_px,
        parameter_count=sum(parameter.numel() for parameter in card.build().parameters()),
        paper=card.paper,
        training=(
            f"{data['pair_count']} synthetic pairs of {data['pair_px']} px from permissively "
            f"licensed photos; {state['step']} steps of {options['optimizer']}, "
            f"{minutes:.0f} minutes on two CPU cores"
        ),
        metrics=dict(metrics),
    )


def _calibration_pictures(cache: Path) -> list[Pixels]:
    """Blurred pictures of many kinds."""
    pairs = open_pair_cache(cache).pairs
    return [np.ascontiguousarray(pair[0]) for pair in pairs[:_CALIBRATION_PICTURES]]


def _read(checkpoint: Path) -> dict[str, Any]:
    """What a training run saved; raises ModelError."""
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        if {"options", "averaged", "step", "elapsed_s"} <= set(state):
            return state
    except FileNotFoundError as error:
        raise ModelError(f"there is no checkpoint {checkpoint}; train first: unblur train") from error
    except Exception as error:  # torch names no common base for damaged files
        raise ModelError(f"{checkpoint} is not a readable checkpoint: {error}") from error
    raise ModelError(f"{checkpoint} is not a checkpoint of a training run; see unblur train")
