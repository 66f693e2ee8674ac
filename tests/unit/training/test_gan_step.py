"""The terms of a step's loss."""

import functools

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from tests.torch_tools import TORCHVISION, made_vgg  # noqa: E402
from unblur.training.config import LossOptions  # noqa: E402
from unblur.training.gan_step import GeneratorLoss  # noqa: E402

pytestmark = pytest.mark.torch


def test_the_perceptual_network_computes_in_the_run_s_arithmetic(tmp_path):
    save_file(made_vgg(TORCHVISION), tmp_path / "vgg.safetensors")
    options = LossOptions(
        perceptual_weight=1, pixel="mse", perceptual_network=tmp_path / "vgg.safetensors"
    )
    autocast = functools.partial(torch.autocast, "cpu", dtype=torch.bfloat16)
    seen = []
    terms = {}
    restored, sharp = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    for name, arithmetic in (("fp32", {}), ("bf16", {"autocast": autocast})):
        loss = GeneratorLoss(options, **arithmetic)
        loss.perceptual.features[0].register_forward_hook(
            lambda _layer, _given, features: seen.append(features.dtype)
        )
        terms[name] = loss([restored], sharp)
    assert seen == [torch.float32] * 2 + [torch.bfloat16] * 2
    assert {term.dtype for term in terms["bf16"].values()} == {torch.float32}
    assert terms["bf16"]["pixel"] == terms["fp32"]["pixel"]
    assert terms["bf16"]["perceptual"].item() == pytest.approx(
        terms["fp32"]["perceptual"].item(), rel=0.02
    )
    assert terms["bf16"]["perceptual"] != terms["fp32"]["perceptual"]


def test_the_identity_term_is_over_what_came_in_sharp():
    loss = GeneratorLoss(LossOptions(identity_weight=2.0))
    sharp = torch.full((4, 3, 8, 8), 0.5)
    restored = sharp + torch.tensor([0.1, 0.2, 0.3, 0.0]).view(4, 1, 1, 1)
    came_sharp = torch.tensor([False, True, False, True])
    terms = loss([restored], sharp, came_sharp)
    assert terms["identity"].item() == pytest.approx(2.0 * 2 * (0.2 + 0.0) / 2)
    assert terms["pixel"].item() == pytest.approx(2 * (0.1 + 0.2 + 0.3) / 4)
    assert loss([restored], sharp, torch.zeros(4, dtype=torch.bool))["identity"] == 0
    assert "identity" not in loss([restored], sharp)
