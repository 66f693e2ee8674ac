"""The effort follows what a machine can do, without swinging."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from unblur.restoration.live_rate import EFFORTS, Load, RateKeeper

FULL, SHARP, REDUCED, HALF = EFFORTS


def run(
    keeper: RateKeeper, seconds: int, speed: Callable[[], float], come: int = 30
) -> list[float]:
    """The cost of the effort in each second, on a machine of `speed` full frames a second."""
    costs: list[float] = []
    for _ in range(seconds):
        costs.append(keeper.effort.cost)
        possible = speed() / keeper.effort.cost
        delivered = min(come, possible)
        keeper.note_second(Load(come, round(delivered), min(1.0, come / possible)))
    return costs


def test_a_fast_machine_keeps_the_full_effort() -> None:
    keeper = RateKeeper()
    assert set(run(keeper, 60, lambda: 60)) == {1}
    assert keeper.effort == FULL


def test_the_first_seconds_are_not_counted() -> None:
    keeper = RateKeeper()
    for _ in range(3):
        assert not keeper.note_second(Load(60, 5, 1))
    assert keeper.effort == FULL


def test_a_slow_machine_leaves_sharp_frames_alone_before_it_computes_less() -> None:
    keeper = RateKeeper()
    seen = []
    for _ in range(10):
        if keeper.note_second(Load(30, 15, 1)):
            seen.append(keeper.effort)
    assert seen == [SHARP, REDUCED, HALF]


def test_a_few_dropped_frames_are_no_reason() -> None:
    keeper = RateKeeper()
    run(keeper, 30, lambda: 28)
    assert keeper.effort == FULL


def test_one_bad_second_is_no_reason() -> None:
    keeper = RateKeeper()
    for second in range(40):
        keeper.note_second(Load(30, 10 if second % 4 == 0 else 30, 0.9))
    assert keeper.effort == FULL


def test_no_more_is_left_out_than_needed() -> None:
    keeper = RateKeeper()
    run(keeper, 30, lambda: 22)
    assert keeper.effort == REDUCED


def test_the_lowest_effort_is_the_lowest() -> None:
    keeper = RateKeeper()
    run(keeper, 100, lambda: 5)
    assert keeper.effort == HALF


def test_the_effort_rises_again_when_the_machine_is_free() -> None:
    keeper = RateKeeper()
    run(keeper, 20, lambda: 15)
    assert keeper.effort == HALF
    run(keeper, 60, lambda: 60)
    assert keeper.effort == FULL


def test_an_effort_that_does_not_fit_is_tried_less_and_less_often() -> None:
    """Full efforts seem to fit (nothing is busy for long), but deliver too little."""
    keeper = RateKeeper()
    changes: list[int] = []
    for second in range(1200):
        is_full = keeper.effort.cost == 1
        if keeper.note_second(Load(30, 20 if is_full else 30, 0.3)):
            changes.append(second)
    raises = changes[2::2]
    gaps = [later - earlier for earlier, later in pairwise(raises)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 200
    assert len(changes) < 30


def test_a_wanted_rate_below_that_of_the_source_is_enough() -> None:
    keeper = RateKeeper(20)
    run(keeper, 60, lambda: 20)
    assert keeper.effort == FULL
    everything = RateKeeper()
    run(everything, 60, lambda: 20)
    assert everything.effort != FULL
