"""How the difficulty of batches grows with the progress of a run."""

from __future__ import annotations

import numpy as np

from unblur.models.catalog import find_generator
from unblur.training.config import TrainingOptions

_CROP_STEP_PX = 16
_LONGEST_PATH_PX = 64


class Curriculum:
    """What a batch is like at each moment of a run; `progress` is in 0..1."""

    def __init__(self, options: TrainingOptions) -> None:
        self._options = options
        self._curriculum = options.curriculum
        multiple_of = find_generator(options.network).size_rule.multiple_of
        self._crop_step_px = max(_CROP_STEP_PX, multiple_of)

    def batch_size(self, progress: float) -> int:
        """Crops to a batch: the more, the smaller they are, so that the work stays the same."""
        return round(
            self._options.batch_size * (self._options.crop_px / self.crop_px(progress)) ** 2
        )

    def crop_px(self, progress: float) -> int:
        """The size of crops at `progress`, which the network takes: a multiple of 16 or more."""
        last = self._options.crop_px
        first = self._options.first_crop_px or last
        if progress >= self._options.final_crop_at or first == last:
            return last
        grown = first + (last - first) * progress / self._options.final_crop_at
        step = self._crop_step_px
        return min(last, max(step, int(grown) // step * step))

    def mixture_share(self, progress: float) -> float:
        """How much of a batch is the full mixture at `progress`."""
        start, stop = self._curriculum.mixture_from, self._curriculum.mixture_until
        return float(np.interp(progress, [start, max(stop, start + 1e-9)], [0, 1])) * (
            self._curriculum.mixture_share
        )

    def path_limit_px(self, progress: float) -> float:
        """The longest path shown at `progress`; infinite once the curriculum is over."""
        if progress >= self._curriculum.full_length_at:
            return float("inf")
        grown = progress / self._curriculum.full_length_at
        return self._curriculum.first_path_px + grown * (
            _LONGEST_PATH_PX - self._curriculum.first_path_px
        )
