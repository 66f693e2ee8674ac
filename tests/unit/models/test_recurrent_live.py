"""The live generator with a memory."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tests.training_tools import small_run  # noqa: E402
from unblur.models.catalog import find_generator  # noqa: E402
from unblur.models.generators.live import RecurrentLiveGenerator  # noqa: E402
from unblur.training.config import DataOptions  # noqa: E402
from unblur.training.learning_network import build_network  # noqa: E402
from unblur.weights.store import find_model  # noqa: E402

pytestmark = pytest.mark.torch
BUNDLED = find_model("live").find("safetensors")


def recurrent_run(folder: Path, frame_count: int = 3):
    data = DataOptions(photos=folder, cache=folder / "none", pair_px=64, frame_count=frame_count)
    return small_run(folder, network="live_recurrent", start_from=BUNDLED, data=data)


def learned(folder: Path) -> RecurrentLiveGenerator:
    """As bundled, with a memory that does something."""
    torch.manual_seed(1)
    generator = build_network(recurrent_run(folder)).generator
    assert isinstance(generator, RecurrentLiveGenerator)
    for conv in generator.memory:
        torch.nn.init.normal_(conv.weight, std=0.02)
    return generator.eval()


@torch.no_grad()
def test_it_starts_as_the_live_generator_whatever_came_before(tmp_path: Path) -> None:
    recurrent = build_network(recurrent_run(tmp_path)).generator.eval()
    live = build_network(small_run(tmp_path, network="live", start_from=BUNDLED)).generator.eval()
    blurry = torch.rand(2, 3, 32, 64)
    state = [torch.rand_like(it) for it in recurrent.no_state(blurry)]
    correction, _ = recurrent.correct_next(blurry, state)
    assert torch.allclose(correction, live.correction(blurry), atol=1e-5)


@torch.no_grad()
def test_a_picture_is_a_frame_that_nothing_came_before(tmp_path: Path) -> None:
    generator, blurry = learned(tmp_path), torch.rand(2, 3, 32, 64)
    first, state = generator.correct_next(blurry, generator.no_state(blurry))
    again, _ = generator.correct_next(blurry, state)
    assert torch.equal(first, generator.correction(blurry))
    assert not torch.allclose(first, again, atol=1e-3)
    facts = find_generator("live_recurrent").state_maps
    shapes = [(2, it.channels, 32 // it.stride, 64 // it.stride) for it in facts]
    assert [tuple(it.shape) for it in state] == shapes


@torch.no_grad()
def test_a_batch_of_sequences_is_run_frame_by_frame(tmp_path: Path) -> None:
    generator, blurry = learned(tmp_path), torch.rand(6, 3, 32, 32)  # two of three frames
    together = generator.see_frames(blurry, 3)[0]
    for start in (0, 3):
        state = generator.no_state(blurry[:1])
        for index in range(start, start + 3):
            correction, state = generator.correct_next(blurry[index : index + 1], state)
            assert torch.allclose(together[index : index + 1], correction, atol=1e-5)


def test_the_last_frame_teaches_what_to_remember_of_the_first(tmp_path: Path) -> None:
    generator, blurry = learned(tmp_path), torch.rand(3, 3, 32, 32, requires_grad=True)
    generator.see_frames(blurry, 3)[0][-1].sum().backward()
    assert blurry.grad is not None
    assert all(float(grad.abs().sum()) > 0 for grad in blurry.grad)
