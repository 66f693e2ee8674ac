"""A training run: draw, step, average, validate, save, from wherever the run stands.

The step itself is in `gan_step`, what is drawn in `batches`. Chance comes from the seed and
the step alone, so a run that was stopped, however roughly, ends with the same weights.
"""

from __future__ import annotations

import itertools
import json
import logging
import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from timm.utils import ModelEmaV3

from unblur.data.pair_cache import PairCache
from unblur.data.stopping import StopRequest, stop_requests
from unblur.errors import ConfigError, OutputError, UnblurError
from unblur.media.atomic import make_folder
from unblur.media.locks import holding
from unblur.training.batches import Batch, BatchSource, Moment, load_batches
from unblur.training.config import TrainingOptions
from unblur.training.gan_step import Adversary, GeneratorLoss, shown_to_adversary, total
from unblur.training.learning_network import build_network
from unblur.training.machine import make_fabric, name_device
from unblur.training.optimizers import learning_rate_scale, make_optimizer, set_learning_rate
from unblur.training.reports import RunReports, Ticker, say_progress
from unblur.training.sources import open_batches
from unblur.training.validation import ValidationScore, example_triplets, validate
from unblur.weights.history import runs_behind
from unblur.weights.run_state import read_state, save_state

_log = logging.getLogger(__name__)
_STEPS_BEFORE_LIMIT = 20
_MOST_OVERFLOWS = 100
_LOCK = ".lock"
"""In the folder of a run, held by its first process while it writes there."""


def train(options: TrainingOptions) -> Path | None:
    """Train as `options` say, or go on with the run that is in `options.output`.

    Gives the path of the last checkpoint; None in all processes but the first. Raises
    KeyboardInterrupt, after saving, when the run was asked to stop; UnblurError when it
    cannot go on.
    """
    fabric = make_fabric(options)
    fabric.launch()
    last = Trainer(options, fabric).run()
    return last if fabric.is_global_zero else None


class Trainer:
    """One process of a run: its networks, and how far they are."""

    def __init__(self, options: TrainingOptions, fabric: Fabric) -> None:
        self.options, self.fabric = options, fabric
        make_folder(options.output)
        is_begun = self.last.exists()
        self.network = build_network(options, is_begun=is_begun)
        self.earlier_runs = () if is_begun else runs_behind(options.start_from)
        self.losses = GeneratorLoss(options.loss, self.fabric.autocast).to(fabric.device)
        has_adversary = options.adversary.loss is not None
        self.step, self.elapsed_s, self.usual_norm = 0, 0.0, 0.0
        self.overflow_count = 0
        self.best_gain_db = -math.inf
        self.score = ValidationScore(math.nan, math.nan, math.nan)
        self.averaged = ModelEmaV3(
            self.network.to(fabric.device), decay=options.ema_decay, use_warmup=True
        )
        self.optimizer = make_optimizer(self.network, options)
        if options.machine.compile:
            self.network.compile()
        self._network, self._optimizer = fabric.setup(self.network, self.optimizer)
        with torch.random.fork_rng():
            torch.manual_seed(options.seed)
            self.adversary = Adversary(options.adversary, fabric) if has_adversary else None
        self.steps_per_epoch = math.inf

    @property
    def last(self) -> Path:
        """Where the state of the run is saved."""
        return self.options.output / "last.pt"

    @property
    def generator_step(self) -> int:
        """Steps that the generator has learned in; negative while the discriminator has yet to."""
        return self.step - (self.options.adversary.pretraining_steps if self.adversary else 0)

    def progress_at(self, step: int) -> float:
        """How much of the run is done before `step`, 0..1: by what ends it first."""
        options = self.options
        shares = [
            step / options.maximum_steps if options.maximum_steps else 0,
            step / self.steps_per_epoch / (options.maximum_epochs or math.inf),
            self.elapsed_s / 60 / (options.maximum_minutes or math.inf),
        ]
        return min(1.0, max(shares))

    def run(self) -> Path:
        """Train to the end; gives the path of the last checkpoint.

        Raises OutputError, in all processes, where another run is writing into the folder.
        """
        output = self.options.output
        held = (
            holding(output / _LOCK)
            if self.fabric.is_global_zero
            else nullcontext(enter_result=True)
        )
        with held as is_ours:
            if not self.fabric.broadcast(is_ours):
                raise OutputError(
                    f"a run is writing into {output} already; wait until it is done or stop it, or "
                    "choose another output folder"
                )
            self._run()
        return self.last

    def _run(self) -> None:
        """Train to the end."""
        options, fabric = self.options, self.fabric
        with fabric.rank_zero_first():
            source, validation = open_batches(options)
        frame_count = source.pair_count * options.data.frame_count
        self.steps_per_epoch = frame_count / options.batch_size / fabric.world_size
        if self.last.exists():
            self.load_state(read_state(self.last))
        reports = RunReports(options.output, self.step) if fabric.is_global_zero else None
        try:
            with stop_requests() as request:
                self._loop(source, validation, reports, request)
        finally:
            if reports is not None:
                reports.close()

    def _loop(
        self,
        source: BatchSource,
        validation: PairCache,
        reports: RunReports | None,
        request: StopRequest,
    ) -> None:
        """Step until the run is done."""
        started = time.monotonic() - self.elapsed_s
        ticker = Ticker(self.options.checkpoint_minutes * 60)
        workers = self.options.data.drawing_workers
        if self.progress_at(self.step) >= 1:
            return
        self._validate(validation, reports)
        for drawn in load_batches(source, self._moments(), self.fabric.device, workers):
            batch = drawn.with_sharp(self.options.data.sharp_share)
            ticker.count(self.train_step(batch), len(batch.sharp) * self.fabric.world_size)
            self.elapsed_s, is_due, is_stopped = self._agree(
                time.monotonic() - started, ticker.is_due(), request.is_made
            )
            is_done = self.progress_at(self.step) >= 1
            if is_due or is_done:
                self._validate(validation, reports)
            self._keep(ticker, reports, is_saved=is_due or is_done or is_stopped)
            if is_stopped:
                self.fabric.barrier()  # a process that ends early lets the launcher kill the first
                raise KeyboardInterrupt
            if is_done:
                return

    def _keep(self, ticker: Ticker, reports: RunReports | None, *, is_saved: bool) -> None:
        """Save the state if `is_saved`; report what is to be reported."""
        if is_saved:
            self._save(self.last)
            ticker.restart()
        if reports is not None and (is_saved or ticker.is_time_to_say()):
            self._say(ticker, reports, is_row=is_saved)

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One step of the discriminator, if any, and of the generator; gives the losses.

        Raises UnblurError when a loss or the gradient is no finite number; the generator's
        weights are then those of before the step.
        """
        has_identity = self.options.loss.identity_weight > 0
        came_sharp = batch.came_sharp() if has_identity else None
        shown = shown_to_adversary(came_sharp)
        if self.generator_step < 0:
            with torch.no_grad():
                restored = self._restore(batch)
            values = self._teach_adversary(batch.sharp[shown], restored[0][shown])
            values["loss"] = values["discriminator"]
            self._check(values, batch)
            self.step += 1
            return values
        options, step = self.options, self.generator_step
        scale = learning_rate_scale(self.progress_at(self.step), step, options)
        is_frozen = step < options.frozen_encoder_epochs * self.steps_per_epoch
        set_learning_rate(
            self.optimizer, options.learning_rate * scale, is_encoder_frozen=is_frozen
        )
        restored = self._restore(batch)
        terms = self.losses(restored, batch.sharp, came_sharp)
        values = self._teach_adversary(batch.sharp[shown], restored[0][shown])
        if self.adversary is not None:
            terms["adversarial"] = self.adversary.judge(batch.sharp[shown], restored[0][shown])
        loss = total(terms.values())
        values |= {name: term.item() for name, term in terms.items()} | {"loss": loss.item()}
        self._optimizer.zero_grad()
        self.fabric.backward(loss)
        self._check(values, batch)  # now, when all processes have the gradient: none waits
        self._limit_gradient(batch)
        self._optimizer.step()
        self.step += 1
        self.averaged.update(self.network, step=self.generator_step)
        return values

    def _teach_adversary(self, sharp: torch.Tensor, restored: torch.Tensor) -> dict[str, float]:
        """One step of the discriminator, if there is one; gives its loss by name."""
        if self.adversary is None:
            return {}
        scale = learning_rate_scale(self.progress_at(self.step), self.step, self.options)
        rate = self.options.adversary.learning_rate * scale
        set_learning_rate(self.adversary.optimizer, rate)
        judged = self.adversary.learn(sharp, restored, self._chance())
        return {"discriminator": judged.item()}

    def _restore(self, batch: Batch) -> list[torch.Tensor]:
        """What the network makes of a batch; raises ConfigError for one too small for its norms."""
        try:
            return self._network(batch.blurry)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise ConfigError(
                f"crops of {batch.blurry.shape[-1]} px leave {self.options.network} one value to "
                "normalise by; raise crop_px or batch_size"
            ) from error

    def state(self) -> dict[str, Any]:
        """All that going on needs."""
        state: dict[str, Any] = {
            "options": self.options.model_dump_json(),
            "device": name_device(self.fabric.device),
            "network": self.network.state_dict(),
            "averaged": self.averaged.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),
            "earlier_runs": list(self.earlier_runs),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "usual_norm": self.usual_norm,
            "best_gain_db": self.best_gain_db,
        }
        if self.adversary is not None:
            state["discriminator"] = self.adversary.network.state_dict()
            state["discriminator_optimizer"] = self.adversary.optimizer.state_dict()
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave; raises ConfigError when it is of another network."""
        saved = json.loads(state["options"])
        wanted = json.loads(self.options.model_dump_json())
        same = ("network", "optimizer", "adversary")
        differing = [key for key in same if saved.get(key) != wanted[key]]
        if differing:
            key = differing[0]
            raise ConfigError(
                f"the run in {self.options.output} has {key} {saved.get(key)!r}, now it is "
                f"{wanted[key]!r}; choose another output folder, or start_from its checkpoint"
            )
        others = sorted(key for key in wanted if saved.get(key) != wanted[key])
        if others:
            _log.warning("going on with another %s than before", ", ".join(others))
        self.earlier_runs = tuple(state.get("earlier_runs", ()))
        try:
            self.network.load_state_dict(state["network"])
        except RuntimeError as error:
            raise ConfigError(
                f"the run in {self.options.output} is of an earlier form of "
                f"{self.options.network}; choose another output folder"
            ) from error
        self.averaged.module.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.fabric.strategy.precision.load_state_dict(state["precision"])
        if self.adversary is not None:
            self.adversary.network.load_state_dict(state["discriminator"])
            self.adversary.optimizer.load_state_dict(state["discriminator_optimizer"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]
        self.usual_norm, self.best_gain_db = state["usual_norm"], state["best_gain_db"]

    def _moments(self) -> Iterator[Moment]:
        """The moments of the steps to come, each made when its batch is asked for."""
        for step in itertools.count(self.step):
            yield Moment(step, self.progress_at(step), self.fabric.global_rank)

    def _chance(self) -> torch.Generator:
        """Random numbers for this step and process."""
        seeds = np.random.SeedSequence(
            (self.options.seed, self.step, self.fabric.global_rank)
        ).generate_state(1)
        return torch.Generator(self.fabric.device).manual_seed(int(seeds[0]))

    def _agree(self, elapsed_s: float, is_due: bool, is_stopped: bool) -> tuple[float, bool, bool]:  # noqa: FBT001
        """What the first process says, to all: clocks and signals differ between processes."""
        said = (elapsed_s, is_due, is_stopped)
        return said if self.fabric.world_size == 1 else self.fabric.broadcast(said)

    def _limit_gradient(self, batch: Batch) -> None:
        """Shorten an unusually long gradient, which momentum would remember for long."""
        is_early = self.generator_step < _STEPS_BEFORE_LIMIT
        limit = math.inf if is_early else self.options.gradient_limit * self.usual_norm
        clipped = self.fabric.clip_gradients(
            self._network, self._optimizer, max_norm=limit, error_if_nonfinite=False
        )
        norm = math.inf if clipped is None else clipped.item()
        if self.options.precision == "fp16" and not math.isfinite(norm):
            self._count_overflow()  # the step is left out, and the scale of the losses made smaller
            return
        self.overflow_count = 0
        self._check({"length of the gradient": norm}, batch)
        share = 1 / min(self.generator_step + 1, 100)
        self.usual_norm += share * (min(norm, limit) - self.usual_norm)

    def _count_overflow(self) -> None:
        """Count steps in a row that fp16 was too narrow for; raises UnblurError at too many."""
        self.overflow_count += 1
        if self.overflow_count == _MOST_OVERFLOWS:
            raise UnblurError(
                f"the gradient was too large for fp16 in {_MOST_OVERFLOWS} steps in a row, up to "
                f"step {self.step}; the last good checkpoint: {self._last_good}; train in bf16 or "
                "fp32, or lower the learning rate"
            )

    @property
    def _last_good(self) -> str:
        """Where to go on from, in words."""
        return str(self.last) if self.last.exists() else "none yet"

    def _check(self, values: dict[str, float], batch: Batch | None = None) -> None:
        """Raise UnblurError when one of `values`, of `batch` if there is one, is not finite."""
        for name, value in values.items():
            if not math.isfinite(value):
                pairs = "" if batch is None else f", with the {batch.name_pairs(self.options)}"
                raise UnblurError(
                    f"the {name} is {value} at step {self.step}{pairs}; "
                    f"the last good checkpoint: {self._last_good}; lower the learning rate"
                )

    def _validate(self, validation: PairCache, reports: RunReports | None) -> None:
        """Score the averaged weights; keep them as `best.pt` when they are the best so far.

        Raises UnblurError, in all processes, when the score is not finite.
        """
        generator = self.averaged.module.generator
        if reports is not None:
            self.score = validate(generator, validation, self.fabric.device)
        self.score = self.fabric.broadcast(self.score)
        scores = (self.score.restored_psnr_db, self.score.sharp_kept_psnr_db)
        self._check({"validation score": sum(scores)})
        if reports is not None:
            triplets = example_triplets(generator, validation, self.fabric.device)
            reports.add_triplets(self.step, triplets)
        if self.score.gain_db > self.best_gain_db:
            self.best_gain_db = self.score.gain_db
            self._save(self.options.output / "best.pt")

    def _save(self, path: Path) -> None:
        """Save the state of the run, once for all processes.

        Raises UnblurError, in all of them, when the averaged weights are not finite.
        """
        total = float(sum(it.detach().sum() for it in self.averaged.module.parameters()))
        self._check({"sum of the weights": total})
        if self.fabric.is_global_zero:
            save_state(self.state(), path)

    def _say(self, ticker: Ticker, reports: RunReports, *, is_row: bool) -> None:
        """Report the losses since the last time, and where the run stands."""
        progress = self.progress_at(self.step)
        values = ticker.take() | {
            "progress": progress,
            "seconds_left": self.elapsed_s * (1 - progress) / progress,
            "minutes": self.elapsed_s / 60,
            "gradient_norm": self.usual_norm,
            "learning_rate": self.optimizer.param_groups[-1]["lr"],
            "best_gain_db": self.best_gain_db,
            "gain_db": self.score.gain_db,
            "restored_psnr_db": self.score.restored_psnr_db,
            "sharp_kept_psnr_db": self.score.sharp_kept_psnr_db,
        }
        (reports.add_row if is_row else reports.add_scalars)(self.step, values)
        say_progress(values | {"step": self.step})
