"""The live generator, which sees the picture at half its size first."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from tests.torch_tools import give_random_weights  # noqa: E402
from tests.training_tools import small_run  # noqa: E402
from unblur.models.generators.live import LiveGenerator, ReducedLiveGenerator  # noqa: E402
from unblur.training.learning_network import LearningNetwork, build_network  # noqa: E402
from unblur.weights.run_state import save_state  # noqa: E402

pytestmark = pytest.mark.torch
CHANNELS, BLOCKS = (16, 16, 16), (1, 1, 1)


def _cells(pictures: torch.Tensor) -> torch.Tensor:
    """4x4 pixels as 48 channels."""
    return functional.pixel_unshuffle(pictures, 4)


def _inner(pictures: torch.Tensor) -> torch.Tensor:
    """All but a border of one pixel, beyond which pictures are enlarged with zeros."""
    return pictures[..., 1:-1, 1:-1]


@torch.no_grad()
def test_it_starts_as_a_mix_of_what_it_finds_at_both_sizes() -> None:
    generator = give_random_weights(LiveGenerator(CHANNELS, BLOCKS)).eval()
    for extra in (*generator.from_coarse, generator.gate):
        torch.nn.init.zeros_(extra.weight)
    torch.nn.init.constant_(generator.gate.bias, math.log(0.2 / 0.8))
    blurry = torch.rand(2, 3, 64, 96)
    coarse, fine = (
        generator.shuffle(generator.head(generator.pyramid(generator.stem(_cells(it)))[0]))
        for it in (functional.avg_pool2d(blurry, 2), blurry)
    )
    enlarged = functional.interpolate(coarse, scale_factor=2, mode="bilinear")
    expected = 0.8 * fine + 0.2 * enlarged
    assert expected.abs().max() > 0.01
    found = generator.correction(blurry)
    assert torch.allclose(_inner(found), _inner(expected), atol=1e-5)


def test_cells_are_halved_and_enlarged_as_pictures_are() -> None:
    generator = LiveGenerator(CHANNELS, BLOCKS)
    picture = torch.rand(2, 3, 32, 64)
    half = functional.avg_pool2d(picture, 2)
    halved = generator.halve(picture)
    assert torch.allclose(generator.shuffle(halved), half, atol=1e-6)
    twice = functional.interpolate(picture, scale_factor=2, mode="bilinear")
    enlarged = generator.shuffle(generator.enlarge(picture))
    assert torch.allclose(_inner(enlarged), _inner(twice), atol=1e-6)


def test_the_fine_pass_leaves_the_coarsest_level_its_last_block() -> None:
    generator = give_random_weights(LiveGenerator(CHANNELS, (1, 1, 3)))
    features = torch.rand(1, 16, 16, 16)
    before = generator.pyramid(features, is_fine=True)
    whole = generator.pyramid(features)
    assert not torch.allclose(whole[0], before[0])
    for block in generator.bottom_up[2][:-1]:
        torch.nn.init.zeros_(block.conv2.weight)
        torch.nn.init.zeros_(block.conv2.bias)
    for level, it in enumerate(generator.pyramid(features)):
        assert torch.allclose(it, before[level], atol=1e-5)


def test_what_the_coarse_pass_sees_changes_the_fine_one() -> None:
    generator = give_random_weights(LiveGenerator(CHANNELS, BLOCKS))
    blurry = torch.rand(1, 3, 32, 32)
    before = generator.see(blurry).maps[0]
    torch.nn.init.zeros_(generator.from_coarse[0].weight)
    assert not torch.allclose(before, generator.see(blurry).maps[0])


def test_the_coarse_pass_learns_the_picture_at_half_the_size() -> None:
    network = LearningNetwork(LiveGenerator(CHANNELS, BLOCKS))
    blurry = torch.rand(1, 3, 64, 64)
    restored = network(blurry)
    assert [it.shape[-1] for it in restored] == [64, 32, 32, 16]
    half = functional.avg_pool2d(blurry, 2)
    assert torch.allclose(restored[1], half)  # new networks leave pictures alone
    with torch.no_grad():
        network.generator.head.bias += 0.5
    changed = network(blurry)
    assert torch.allclose(_inner(changed[0]), _inner(blurry) + 0.5, atol=1e-5)
    assert torch.allclose(changed[1], half + 0.5, atol=1e-5)
    assert torch.allclose(changed[2], half)


def test_weights_without_the_coarse_pass_are_a_start(tmp_path: Path) -> None:
    options = small_run(tmp_path, network="live_large", crop_px=32)
    network = build_network(options)
    plain = {
        name: torch.randn_like(it)
        for name, it in network.state_dict().items()
        if not any(extra in name for extra in ("from_coarse", "gate"))
    }
    path = tmp_path / "plain.pt"
    save_state({"options": "{}", "network": plain, "averaged": plain, "step": 0}, path)
    begun = build_network(small_run(tmp_path, network="live_large", crop_px=32, start_from=path))
    state = begun.state_dict()
    assert all(torch.equal(state[name], it) for name, it in plain.items())
    assert not state["generator.from_coarse.0.weight"].any()


@torch.no_grad()
def test_the_fast_one_is_live_at_two_thirds_of_the_size() -> None:
    live = give_random_weights(LiveGenerator(CHANNELS, BLOCKS)).eval()
    fast = ReducedLiveGenerator(CHANNELS, BLOCKS).eval()
    fast.load_state_dict(live.state_dict())
    blurry = torch.rand(2, 3, 96, 144)
    thirds = blurry.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)  # halves of pixels
    reduced = live.correction(functional.avg_pool2d(thirds, 3))
    expected = functional.interpolate(reduced, scale_factor=1.5, mode="bilinear")
    assert expected.abs().max() > 0.01
    found = fast.correction(blurry)
    assert torch.allclose(found[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2], atol=1e-5)


def test_the_fast_one_learns_at_full_size_and_less() -> None:
    network = LearningNetwork(ReducedLiveGenerator(CHANNELS, BLOCKS))
    restored = network(torch.rand(1, 3, 96, 96))
    assert [it.shape[-1] for it in restored] == [96, 64, 32, 32, 16]
