"""Backbones: timm's networks, cut off where the pyramid begins."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from unblur.errors import ModelError, UnknownNameError, missing_extra
from unblur.models.tensor_files import read_tensors

STRIDES = (2, 4, 8, 16, 32)
"""Of the five maps that an encoder gives, the finest first."""

EncoderWeights = Literal["none", "timm"] | Path
"""Nothing; what timm downloads; or a file of timm's weights (.safetensors, .pth) or of a model
with the same backbone."""


class TimmEncoder(nn.Module):
    """The five feature maps of any timm network that has them at `STRIDES`.

    Shapes: (B, 3, H, W) in 0..1 to maps of `channels` at H/2, H/4, ... H/32, rounded up.
    Convolutions and poolings that timm leaves unpadded are padded, so that the maps lie
    at exact strides and tiles fit together.

    Raises UnknownNameError for a name that timm does not know, ModelError for a network
    without such maps, MissingExtraError without timm.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        network = _create(name, features_only=True)
        strides = tuple(network.feature_info.reduction())
        if strides != STRIDES:
            raise ModelError(
                f"the backbone {name} has maps at strides {strides}, expected {STRIDES}; "
                "choose another, for example mobilenetv2_100 or resnet34"
            )
        self.channels: tuple[int, ...] = tuple(network.feature_info.channels())
        self.network = pad_unpadded(network)
        mean, std = _input_statistics(name)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    def forward(self, blurry: Tensor) -> list[Tensor]:
        """Give the maps, the finest first."""
        return self.network((blurry - self.mean) / self.std)

    def load_weights(self, source: EncoderWeights) -> None:
        """Start from learned weights; raises ModelError when they cannot be had or do not fit."""
        if source == "none":
            return
        read = _download(self.name) if source == "timm" else read_tensors(source)
        tensors = {key.removeprefix(_IN_A_MODEL): tensor for key, tensor in read.items()}
        own = self.network.state_dict()
        missing = sorted(set(own) - set(tensors))
        wrong = [key for key in own if key in tensors and tensors[key].shape != own[key].shape]
        if missing or wrong:
            raise ModelError(
                f"{source} does not hold the weights of {self.name}: "
                f"{len(missing)} missing, {len(wrong)} of another shape, "
                f"for example {(missing + wrong)[0]}; {_CHOICES}"
            )
        self.network.load_state_dict({key: tensors[key].float() for key in own})


class StagedEncoder(nn.Module):
    """Feature maps at places of a timm network that its `feature_info` does not name.

    `stages` names the modules of each stage, in their order; the output of each stage
    is a map, with `channels`. Pictures are scaled from 0..1 to -1..1.
    """

    def __init__(self, name: str, stages: Sequence[Sequence[str]], channels: Sequence[int]) -> None:
        super().__init__()
        network = _create(name)
        self.channels = tuple(channels)
        self.stages = nn.ModuleList(
            nn.Sequential(*(network.get_submodule(module) for module in stage)) for stage in stages
        )

    def forward(self, blurry: Tensor) -> list[Tensor]:
        """Give the maps, the finest first."""
        features = blurry * 2 - 1
        maps: list[Tensor] = []
        for stage in self.stages:
            features = stage(features)
            maps.append(features)
        return maps


def pad_unpadded(network: nn.Module) -> nn.Module:
    """`network` with its overlapping, unpadded convolutions and poolings padded."""
    for module in network.modules():
        if type(module) is nn.Conv2d and module.padding == (0, 0):
            sides = zip(module.kernel_size, module.stride, module.dilation, strict=True)
            module.padding = tuple(
                dilation * (kernel - 1) // 2 if kernel > stride else 0
                for kernel, stride, dilation in sides
            )
        elif isinstance(module, nn.MaxPool2d) and module.padding == 0:
            size = module.kernel_size
            module.padding = (size - 1) // 2 if isinstance(size, int) else module.padding
    return network


_IN_A_MODEL = "encoder.network."
"""Before timm's names in the files of generators on a TimmEncoder."""

_CHOICES = (
    "choose 'timm' (downloads), the path of a file of timm's weights, or 'none' (random weights)"
)


def _create(name: str, **arguments: Any) -> Any:
    """timm's network, untrained; raises UnknownNameError and MissingExtraError."""
    try:
        import timm  # most machines that restore have none
    except ModuleNotFoundError as missing:
        raise missing_extra("this network", "timm", "train") from missing
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=3)
        raise UnknownNameError(
            f"timm has no backbone named {name!r}; nearest: {', '.join(near) or 'none'}"
        )
    try:
        return timm.create_model(name, pretrained=False, **arguments)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise ModelError(f"the backbone {name} gives no feature maps: {error}") from error


def _input_statistics(name: str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the pictures that the backbone was trained on."""
    import timm

    found = timm.get_pretrained_cfg(name)
    mean = (0.5, 0.5, 0.5) if found is None else found.mean
    std = (0.5, 0.5, 0.5) if found is None else found.std
    return torch.tensor(mean).view(1, 3, 1, 1), torch.tensor(std).view(1, 3, 1, 1)


def _download(name: str) -> dict[str, Tensor]:
    """The weights that timm has for `name`, from the network."""
    import timm

    try:
        return timm.create_model(name, pretrained=True).state_dict()
    except Exception as error:
        raise ModelError(
            f"timm could not get the ImageNet weights of {name} "
            f"({type(error).__name__}); {_CHOICES}"
        ) from error
