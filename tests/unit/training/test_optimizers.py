"""How learning rates go over a run."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("timm")

from tests.training_tools import small_run
from unblur.training.optimizers import learning_rate_scale

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("schedule", "constant_until", "scales"),
    [
        ("constant", 0.0, [1, 1, 1, 1, 1]),
        ("linear", 0.0, [1, 0.75, 0.5, 0.25, 0]),
        ("linear", 0.5, [1, 1, 1, 0.5, 0]),  # the paper's
        ("cosine", 0.0, [1, 0.853553, 0.5, 0.146447, 0]),
        ("cosine", 0.5, [1, 1, 1, 0.5, 0]),
    ],
)
def test_learning_rates_fall_as_the_schedule_says(
    tmp_path: Path, schedule: str, constant_until: float, scales: list[float]
) -> None:
    options = small_run(tmp_path, schedule=schedule, constant_until=constant_until, warmup_steps=0)
    got = [learning_rate_scale(progress, 9, options) for progress in (0, 0.25, 0.5, 0.75, 1)]
    assert got == pytest.approx(scales, abs=1e-6)


def test_learning_rates_rise_first(tmp_path: Path) -> None:
    options = small_run(tmp_path, schedule="constant", warmup_steps=4)
    assert [learning_rate_scale(0, step, options) for step in range(5)] == [0.25, 0.5, 0.75, 1, 1]
