"""No scene on both sides, whatever the pairs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unblur.data.pair_files import PairFiles
from unblur.data.splits import split_by_scene
from unblur.errors import ConfigError

PICTURE = Path("a.png")


def pairs_of(scenes: list[str]) -> list[PairFiles]:
    """A pair of each scene in turn."""
    return [PairFiles(str(at), PICTURE, PICTURE, scene) for at, scene in enumerate(scenes)]


@given(
    scenes=st.lists(st.sampled_from(["", "a", "b", "c", "d", "0", "1"]), min_size=2, max_size=60),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**32),
)
def test_no_scene_is_on_both_sides(scenes: list[str], share: float, seed: int) -> None:
    pairs = pairs_of(scenes)
    if set(scenes) in ({"a"}, {"b"}, {"c"}, {"d"}, {"0"}, {"1"}):
        with pytest.raises(ConfigError, match="cannot hold out a scene"):
            split_by_scene(pairs, share, seed)
        return
    training, held_out = split_by_scene(pairs, share, seed)
    assert training
    assert held_out
    assert not {pair.scene for pair in training} & {pair.scene for pair in held_out} - {""}
    assert sorted(training + held_out, key=pairs.index) == pairs
    assert split_by_scene(pairs, share, seed) == (training, held_out)
    backwards = split_by_scene(pairs[::-1], share, seed)
    assert backwards == (training[::-1], held_out[::-1])


def test_scenes_are_held_out_until_the_share_is_reached() -> None:
    pairs = pairs_of([f"scene {index // 10}" for index in range(200)])
    training, held_out = split_by_scene(pairs, 0.12, seed=3)
    assert (len(training), len(held_out)) == (170, 30)


def test_another_seed_holds_out_other_scenes() -> None:
    pairs = pairs_of([f"scene {index}" for index in range(50)])
    drawn = {tuple(pair.name for pair in split_by_scene(pairs, 0.1, seed)[1]) for seed in range(5)}
    assert len(drawn) == 5


@pytest.mark.parametrize("share", [0, 1, -0.5, 20])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="must be between 0 and 1"):
        split_by_scene(pairs_of(["a", "b"]), share, seed=0)
