"""Weights and facts in one .safetensors file, which can hold no code."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from unblur.errors import ModelError
from unblur.facts import METADATA_KEY, NetworkFacts
from unblur.media.atomic import replacing
from unblur.models.catalog import find_generator
from unblur.models.generator import Generator
from unblur.weights.store import read_safetensors_facts


def save_checkpoint(
    generator: Generator, facts: NetworkFacts, target: Path, *, is_halved: bool = True
) -> None:
    """Write the weights with `facts`, as fp16 or as they are; to a temporary name first."""
    tensors = {
        name: (value.half() if is_halved and value.is_floating_point() else value).contiguous()
        for name, value in generator.state_dict().items()
    }
    _write(tensors, facts, target)


def replace_facts(path: Path, facts: NetworkFacts, target: Path | None = None) -> None:
    """Write the tensors of the file at `path` with other `facts` to `target`, or over it."""
    _write(load_file(path), facts, target or path)


def is_halved(path: Path) -> bool:
    """Whether the file at `path` holds fp16 weights."""
    return any(tensor.dtype == torch.float16 for tensor in load_file(path).values())


def load_checkpoint(path: Path) -> tuple[Generator, NetworkFacts]:
    """The generator that `path` holds, in fp32 and ready to restore, and its facts.

    Raises ModelError when the file is damaged or does not fit the network that
    its facts name.
    """
    facts = read_safetensors_facts(path)
    generator = find_generator(facts.name).build()
    try:
        tensors = {
            name: value.float() if value.is_floating_point() else value
            for name, value in load_file(path).items()
        }
        generator.load_state_dict(tensors)
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"{path} does not hold the weights of the network {facts.name!r} that it names; "
            "export it again"
        ) from error
    return generator.eval().to(memory_format=torch.channels_last), facts


def _write(tensors: dict[str, Tensor], facts: NetworkFacts, target: Path) -> None:
    """Write a .safetensors file; raises OutputError.

    Not with `save_file`, whose files nobody but their owner may read.
    """
    with replacing(target) as unfinished:
        unfinished.write_bytes(save(tensors, metadata={METADATA_KEY: facts.to_json()}))
