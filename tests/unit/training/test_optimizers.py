"""What a step of an optimizer is, and how learning rates go over a run."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("timm")

import torch

from tests.training_tools import small_run
from unblur.training.learning_network import build_network
from unblur.training.optimizers import learning_rate_scale, make_optimizer

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


def test_muon_makes_steps_on_a_cpu_as_exactly_as_fp32_does(tmp_path: Path) -> None:
    options = small_run(tmp_path, optimizer="muon", learning_rate=1.0, weight_decay=0.0)
    network = build_network(options)
    optimizer = make_optimizer(network, options)
    groups = [group for group in optimizer.param_groups if not group["use_fallback"]]
    groups[0]["ns_coefficients"] = "original"
    kernel = groups[0]["params"][0]
    before = kernel.detach().clone()
    kernel.grad = torch.randn(kernel.shape, generator=torch.Generator().manual_seed(4))
    optimizer.step()

    matrix = kernel.grad.flatten(1).double()
    matrix /= matrix.norm()
    a, b, c = 3.4445, -4.7750, 2.0315  # Jordan et al., 2024, "Muon"
    for _ in range(5):
        square = matrix @ matrix.T
        matrix = a * matrix + (b * square + c * square @ square) @ matrix
    step = (before - kernel.detach()).flatten(1).double()
    assert torch.nn.functional.cosine_similarity(
        step.flatten(), matrix.flatten(), dim=0
    ).item() == pytest.approx(1, abs=1e-9)
