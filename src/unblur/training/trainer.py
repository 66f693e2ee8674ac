"""One training run of a generator on pixel losses, saved as it goes.

The loop is explicit: draw, restore, compare, step, average. What is drawn is
decided in `batches`, what is compared in `_loss`.
"""

from __future__ import annotations

import json
import logging
import math
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.optim import Muon
from torch import Tensor, nn
from torch.nn import functional

from unblur.data.pair_cache import PairCache, build_pair_cache, open_pair_cache
from unblur.errors import UnblurError
from unblur.models.catalog import find_generator
from unblur.models.generators.live import LiveGenerator, MultiScaleHeads
from unblur.training.batches import BatchSampler
from unblur.training.config import TrainingOptions

_log = logging.getLogger(__name__)
_VALIDATION_PAIRS = 200


class LearningNetwork(nn.Module):
    """A live generator with its training heads."""

    def __init__(self, generator: LiveGenerator) -> None:
        super().__init__()
        self.generator = generator
        self.coarse = MultiScaleHeads(generator.channels)

    def forward(self, blurry: Tensor) -> list[Tensor]:
        """Restored pictures at full, 1/2 and 1/4 resolution, 0..1, not clamped."""
        generator = self.generator
        maps = generator.pyramid(blurry)
        restored = [blurry + generator.shuffle(generator.head(maps[0]))]
        for level, residual in enumerate(self.coarse(maps), start=1):
            restored.append(functional.avg_pool2d(blurry, 2**level) + residual)
        return restored


class Trainer:
    """Runs `options` from wherever its output folder says the run stands."""

    def __init__(self, options: TrainingOptions) -> None:
        self.options = options
        torch.manual_seed(options.seed)
        generator = find_generator(options.network).build()
        if not isinstance(generator, LiveGenerator):
            raise UnblurError(f"{options.network} cannot be trained yet; known: live, live_large")
        self.network = LearningNetwork(generator).to(memory_format=torch.channels_last)
        if options.start_from is not None:
            self.network.load_state_dict(_read(options.start_from)["averaged"])
        self.averaged = deepcopy(self.network).requires_grad_(requires_grad=False)
        self.optimizer = _make_optimizer(self.network, options)
        self.rng = np.random.default_rng(options.seed)
        self.step = 0
        self.elapsed_s = 0.0
        self.usual_norm = 0.0
        self.history: list[dict[str, float]] = []

    @property
    def progress(self) -> float:
        """How much of the run is done, 0..1, by steps or by time, whichever is more."""
        minutes = self.elapsed_s / 60 / self.options.maximum_minutes
        return min(1.0, max(self.step / self.options.maximum_steps, minutes))

    def run(self) -> Path:
        """Train to the end; gives the path of the last checkpoint."""
        options = self.options
        options.output.mkdir(parents=True, exist_ok=True)
        checkpoint = options.output / "last.pt"
        if checkpoint.exists():
            self._resume(checkpoint)
        training, validation = _open_caches(options)
        sampler = BatchSampler(training, options)
        started = time.monotonic() - self.elapsed_s
        saved_at = time.monotonic()
        losses: list[float] = []
        while self.progress < 1:
            losses.append(self._train_step(*sampler.draw(self.progress, self.rng)))
            self.elapsed_s = time.monotonic() - started
            due = time.monotonic() - saved_at > 60 * options.checkpoint_minutes
            if due or self.progress >= 1:
                self._report(float(np.mean(losses)), validation)
                self._save(checkpoint)
                saved_at, losses = time.monotonic(), []
        return checkpoint

    def _train_step(self, blurry: Tensor, sharp: Tensor) -> float:
        """One optimizer step; gives the loss. Raises UnblurError when it is not finite."""
        self._set_learning_rate()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.options.precision == "bf16"):
            restored = self.network(blurry.to(memory_format=torch.channels_last))
        loss = self._loss(restored, sharp)
        value = loss.item()
        if not math.isfinite(value):
            raise UnblurError(
                f"the loss is {value} at step {self.step}; "
                f"the last good checkpoint is in {self.options.output}: lower the learning rate"
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._limit_gradient()
        self.optimizer.step()
        self.step += 1
        decay = min(self.options.ema_decay, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for kept, new in zip(
                self.averaged.parameters(), self.network.parameters(), strict=True
            ):
                kept.lerp_(new, 1 - decay)
        return value

    def _loss(self, restored: list[Tensor], sharp: Tensor) -> Tensor:
        """L1 at full resolution plus the weighted L1 at the coarser ones."""
        loss = functional.l1_loss(restored[0].float(), sharp)
        for level, coarse in enumerate(restored[1:], start=1):
            target = functional.avg_pool2d(sharp, 2**level)
            loss = loss + self.options.coarse_loss_weight * functional.l1_loss(
                coarse.float(), target
            )
        return loss

    def _limit_gradient(self) -> None:
        """Shorten an unusually long gradient, which Muon's momentum would remember for long."""
        limit = self.options.gradient_limit * self.usual_norm if self.step > 20 else math.inf
        norm = float(nn.utils.clip_grad_norm_(self.network.parameters(), limit))
        share = 1 / min(self.step + 1, 100)
        self.usual_norm += share * (min(norm, limit) - self.usual_norm)

    def _set_learning_rate(self) -> None:
        warm = min(1.0, (self.step + 1) / max(1, self.options.warmup_steps))
        rate = self.options.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * self.progress))
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _report(self, loss: float, validation: PairCache) -> None:
        gain = validation_gain_db(self.averaged.generator, validation)
        row = {
            "step": self.step,
            "minutes": round(self.elapsed_s / 60, 2),
            "progress": round(self.progress, 4),
            "loss": round(loss, 5),
            "gradient_norm": round(self.usual_norm, 4),
            "validation_gain_db": round(gain, 3),
            "steps_per_s": round(self.step / self.elapsed_s, 2),
        }
        self.history.append(row)
        with (self.options.output / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        _log.info("%s", row)

    def _save(self, path: Path) -> None:
        """Write everything that resuming needs, to a temporary name first."""
        state = {
            "options": self.options.model_dump_json(),
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": json.dumps(self.rng.bit_generator.state),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "usual_norm": self.usual_norm,
            "history": json.dumps(self.history),
        }
        unfinished = path.with_suffix(".unfinished")
        torch.save(state, unfinished)
        unfinished.replace(path)

    def _resume(self, path: Path) -> None:
        state = _read(path)
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.bit_generator.state = json.loads(state["rng"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]
        self.usual_norm = state["usual_norm"]
        self.history = json.loads(state["history"])


@torch.no_grad()
def validation_gain_db(generator: nn.Module, validation: PairCache, batch_size: int = 20) -> float:
    """Mean over the pairs of PSNR(restored) - PSNR(blurry), in dB, for pairs that are blurred."""
    gains: list[Tensor] = []
    chosen = np.flatnonzero(validation.path_px > 0)
    for start in range(0, len(chosen), batch_size):
        pairs = torch.from_numpy(validation.pairs[chosen[start : start + batch_size]])
        blurry, sharp = pairs.permute(1, 0, 4, 2, 3).float().div(255)
        restored = generator(blurry.to(memory_format=torch.channels_last)).clamp(0, 1)
        before = (blurry - sharp).square().mean((1, 2, 3))
        after = (restored - sharp).square().mean((1, 2, 3))
        gains.append(10 * torch.log10(before / after.clamp_min(1e-10)))
    return float(torch.cat(gains).mean())


def _make_optimizer(network: nn.Module, options: TrainingOptions) -> torch.optim.Optimizer:
    """Muon for the hidden convolutions and AdamW for the rest, or AdamW for all."""
    if options.optimizer == "adamw":
        return torch.optim.AdamW(
            network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
    outer = ("generator.stem", "generator.head", "coarse")
    hidden, rest = [], []
    for name, parameter in network.named_parameters():
        is_hidden = parameter.ndim > 1 and not name.startswith(outer)
        (hidden if is_hidden else rest).append(parameter)
    groups = [{"params": hidden}, {"params": rest, "use_fallback": True}]
    return Muon(
        groups,
        lr=options.learning_rate,
        weight_decay=options.weight_decay,
        nesterov=True,
        fallback_lr_scale=options.outer_learning_rate_scale,
    )


def _open_caches(options: TrainingOptions) -> tuple[PairCache, PairCache]:
    """The training and the validation pairs, made first where they are missing."""
    data = options.data
    for part, count in (("train", data.pair_count), ("held_out", _VALIDATION_PAIRS)):
        folder = data.cache / part
        if not (folder / "is_straight.npy").exists():
            _log.info("making %d pairs in %s", count, folder)
            build_pair_cache(
                data.photos,
                folder,
                pair_count=count,
                size_px=data.pair_px,
                options=data.blur,
                seed=options.seed + (part == "held_out"),
                held_out=part == "held_out",
            )
    return open_pair_cache(data.cache / "train"), open_pair_cache(data.cache / "held_out")


def _read(path: Path) -> dict[str, Any]:
    """A checkpoint that `Trainer` wrote."""
    return torch.load(path, map_location="cpu", weights_only=True)
