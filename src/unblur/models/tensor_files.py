"""Reading tensors that others wrote, without running what a file holds."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from unblur.errors import ModelError


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a .safetensors file or a pickle, by name.

    A pickle is opened with `weights_only`; where it keeps the tensors under "model" or
    "state_dict", those are given. Raises ModelError.
    """
    try:
        state: object = load_file(path) if path.suffix == ".safetensors" else _unpickle(path)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:
        raise ModelError(
            f"{path} holds no weights, or is damaged; expected a .safetensors file or "
            "a checkpoint of PyTorch that holds tensors only"
        ) from error
    for key in ("model", "state_dict"):
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping):
        raise ModelError(f"{path} holds a {type(state).__name__}, expected named tensors")
    return {str(key): value for key, value in state.items() if isinstance(value, Tensor)}


def _unpickle(path: Path) -> object:
    """What a checkpoint holds; torch warns of protocols that it reads all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)
