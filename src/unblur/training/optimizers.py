"""Optimizers, and how their learning rates go."""

from __future__ import annotations

import math
from typing import Any

import torch
from timm.optim import muon
from torch import nn

from unblur.training.config import TrainingOptions
from unblur.training.learning_network import LearningNetwork

_ENCODER = "generator.encoder."

_zeropower_via_newtonschulz = muon.zeropower_via_newtonschulz


def _orthogonalize(gradient: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """Muon's Newton-Schulz iteration, on a CPU in fp32.

    timm computes it in bf16 everywhere and offers no choice. On a GPU that is fast; on a CPU
    without bf16 it was most of a training step, more than ten times what it takes in fp32.
    """
    dtype = torch.float32 if gradient.device.type == "cpu" else torch.bfloat16
    return _zeropower_via_newtonschulz(gradient, *arguments, dtype=dtype, **options)


muon.zeropower_via_newtonschulz = _orthogonalize


def make_optimizer(network: LearningNetwork, options: TrainingOptions) -> torch.optim.Optimizer:
    """Muon for the hidden convolutions and AdamW for the rest, or Adam(W) for all.

    A backbone's parameters are groups of their own, marked `is_encoder`.
    """
    groups = _group(network, has_matrices=options.optimizer == "muon")
    rate, decay = options.learning_rate, options.weight_decay
    if options.optimizer == "adam":
        return torch.optim.Adam(groups, lr=rate)
    if options.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=rate, weight_decay=decay)
    return muon.Muon(
        groups,
        lr=rate,
        weight_decay=decay,
        nesterov=True,
        fallback_lr_scale=options.outer_learning_rate_scale,
    )


def learning_rate_scale(progress: float, step: int, options: TrainingOptions) -> float:
    """What the learning rates are multiplied with: warm-up, then the schedule; 0..1."""
    warm = min(1.0, (step + 1) / max(1, options.warmup_steps))
    start = options.constant_until
    falling = max(0.0, (progress - start) / (1 - start))
    if options.schedule == "cosine":
        return warm * 0.5 * (1 + math.cos(math.pi * falling))
    return warm * (1 - falling) if options.schedule == "linear" else warm


def set_learning_rate(
    optimizer: torch.optim.Optimizer, rate: float, *, is_encoder_frozen: bool = False
) -> None:
    """Give `rate` to every group; 0 to those of a frozen backbone."""
    for group in optimizer.param_groups:
        group["lr"] = 0.0 if is_encoder_frozen and group.get("is_encoder") else rate


def _group(network: LearningNetwork, *, has_matrices: bool) -> list[dict[str, Any]]:
    """Parameter groups: of the backbone or not, for Muon or not; empty ones left out."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        is_matrix = has_matrices and _is_hidden(network, name, parameter)
        groups.setdefault((name.startswith(_ENCODER), is_matrix), []).append(parameter)
    return [
        {"params": parameters, "is_encoder": is_encoder}
        | ({"use_fallback": not is_matrix} if has_matrices else {})
        for (is_encoder, is_matrix), parameters in groups.items()
    ]


def _is_hidden(network: LearningNetwork, name: str, parameter: nn.Parameter) -> bool:
    """Whether it is the kernel of a dense convolution between features."""
    outer = ("coarse.", *(f"generator.{end}." for end in network.generator.ends))
    return parameter.ndim == 4 and parameter.shape[1] > 1 and not name.startswith(outer)
