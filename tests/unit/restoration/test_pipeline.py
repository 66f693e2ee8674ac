"""Stages in threads of their own."""

import threading
import time
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unblur.restoration.pipeline import run_ahead


def stages() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "unblur stage"]


@given(items=st.lists(st.integers(), max_size=30), capacity=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_all_items_come_in_their_order(items: list[int], capacity: int) -> None:
    assert list(run_ahead(run_ahead(items, capacity), 1)) == items
    assert stages() == []


def test_no_more_is_made_than_fits_the_queue() -> None:
    made: list[int] = []

    def count():
        for number in range(100):
            made.append(number)
            yield number

    with closing(run_ahead(count(), 3)) as numbers:
        assert next(numbers) == 0
        deadline = time.monotonic() + 5
        while len(made) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        assert made == [0, 1, 2, 3, 4], "three wait, and one more does not fit"


def test_an_error_comes_after_the_items_before_it() -> None:
    def fail():
        yield 1
        raise ValueError("two is missing")

    got: list[int] = []
    with pytest.raises(ValueError, match="two is missing"):
        got.extend(run_ahead(run_ahead(fail(), 2), 2))
    assert got == [1]
    assert stages() == []


def test_closing_ends_every_stage_and_closes_the_source_in_its_own_thread() -> None:
    closed_in: list[str] = []

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed_in.append(threading.current_thread().name)

    def middle():
        with closing(run_ahead(endless(), 2)) as items:
            yield from items

    with closing(run_ahead(middle(), 2)) as items:
        next(items)
        assert len(stages()) == 2
    assert stages() == []
    assert closed_in == ["unblur stage"]
