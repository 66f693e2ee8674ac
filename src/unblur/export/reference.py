"""The original fpn_mobilenet as something to compare times with: its weights are random.

The time does not depend on the weights, so the network is built from our own code
(`models.generators.official`) and exported once, into a cache folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import onnx
import torch

from unblur.export.onnx_export import export_onnx
from unblur.facts import NetworkFacts
from unblur.media.atomic import make_folder, replacing
from unblur.models.catalog import OFFICIAL_GENERATORS
from unblur.weights.checkpoint import save_checkpoint
from unblur.weights.store import StoredModel

REFERENCE_NAME = "original fpn_mobilenet"
_NETWORK = "official_mobilenet"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "unblur"


def make_reference(folder: Path = _CACHE) -> StoredModel:
    """The files of the original network with random weights in `folder`, made if need be."""
    paths = {ending: folder / f"{_NETWORK}.random{ending}" for ending in (".safetensors", ".onnx")}
    if not all(path.is_file() for path in paths.values()):
        make_folder(folder)
        card = OFFICIAL_GENERATORS[_NETWORK]
        with torch.random.fork_rng():
            torch.manual_seed(0)
            generator = card.build().eval()
        facts = NetworkFacts(
            _NETWORK,
            summary="The original network with random weights: for timing only.",
            size_rule=card.size_rule,
            halo_px=card.halo_px,
            paper=card.paper,
        )
        save_checkpoint(generator, facts, paths[".safetensors"], is_halved=False)
        with replacing(paths[".onnx"]) as unfinished:
            onnx.save(export_onnx(generator, facts), unfinished)
    return StoredModel(
        REFERENCE_NAME, {"safetensors": paths[".safetensors"], "onnx": paths[".onnx"]}
    )
