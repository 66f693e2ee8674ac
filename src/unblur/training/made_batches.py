"""Batches of pairs that are made while the network learns: no pair comes twice.

Workers draw scenes and plans; they render them too, or leave that to the device.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from unblur.data.blur_synthesis import (
    MARGIN_PX,
    BlurOptions,
    BlurPlan,
    cut_things,
    draw_plan,
    render_pair,
)
from unblur.data.blur_synthesis.torch_renderer import SceneBatch, render_batch
from unblur.data.photos import PhotoPool, random_scene
from unblur.training.batches import Batch, Moment, ReadyBatch
from unblur.training.config import TrainingOptions
from unblur.training.curriculum import Curriculum


@dataclass(slots=True)
class PlannedBatch:
    """Scenes and what is to become of them, rendered by the device that trains."""

    plans: list[BlurPlan]
    scenes: SceneBatch

    def to(self, device: torch.device) -> Batch:
        """The pairs, rendered on `device`."""
        things = [[each.to(device) for each in some] for some in self.scenes.things]
        scenes = SceneBatch(self.scenes.pictures.to(device), things)
        blurry, sharp = render_batch(self.plans, scenes, margin_px=MARGIN_PX)
        return Batch(blurry, sharp, []).to(device)


class MadeBatches(Dataset[ReadyBatch]):
    """Batches of pairs made of `pool` on the way."""

    def __init__(self, pool: PhotoPool, options: TrainingOptions) -> None:
        self._pool = pool
        self._seed, self._blur = options.seed, options.data.blur
        self._is_rendered_here = options.data.synthesis == "workers"
        self._curriculum = Curriculum(options)
        self.pair_count = options.data.pair_count

    def __getitem__(self, moment: Moment) -> ReadyBatch:
        """What becomes the batch of that moment; the same moment gives the same."""
        rng = np.random.default_rng((self._seed, moment.step, moment.rank))
        curriculum = self._curriculum
        size_px = curriculum.crop_px(moment.progress) + 2 * MARGIN_PX
        blur = self._blur_at(moment.progress)
        plans, scenes, things = [], [], []
        for _ in range(curriculum.batch_size(moment.progress)):
            share = blur.document_share
            scenes.append(random_scene(self._pool, size_px, rng, document_share=share))
            has_objects = bool(self._pool.objects)
            plan = draw_plan(rng, blur, (size_px, size_px), has_objects=has_objects)
            plans.append(plan)
            things.append(cut_things(plan, self._pool.objects))
        if not self._is_rendered_here:
            return PlannedBatch(plans, SceneBatch.of(scenes, things))
        pairs = [
            render_pair(*each, margin_px=MARGIN_PX)
            for each in zip(plans, scenes, things, strict=True)
        ]
        blurry, sharp = (
            torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
            for pictures in ([pair.blurry for pair in pairs], [pair.sharp for pair in pairs])
        )
        return Batch(blurry, sharp, [])

    def _blur_at(self, progress: float) -> BlurOptions:
        """The blur of that moment of the curriculum."""
        limit_px = self._curriculum.path_limit_px(progress)
        return self._blur.model_copy(
            update={
                "straight_share": 1 - self._curriculum.mixture_share(progress),
                "maximum_path_px": min(self._blur.maximum_path_px, limit_px),
            }
        )
