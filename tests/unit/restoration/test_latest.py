"""The hand-over keeps the newest and drops the rest."""

from __future__ import annotations

import threading
import time

import pytest

from unblur.errors import MediaError
from unblur.restoration.latest import Latest


def test_only_the_newest_is_taken_and_the_others_are_counted() -> None:
    latest: Latest[int] = Latest()
    for item in range(5):
        latest.put(item)
    assert latest.take(0) == 4
    assert latest.dropped_count == 4
    assert latest.take(0) is None


def test_whoever_takes_waits_for_the_next() -> None:
    latest: Latest[str] = Latest()
    timer = threading.Timer(0.05, latest.put, ["late"])
    timer.start()
    assert latest.take(5) == "late"
    timer.join()


def test_waiting_ends_after_the_time_that_is_given() -> None:
    started_s = time.monotonic()
    assert Latest[int]().take(0.02) is None
    assert time.monotonic() - started_s < 2


def test_what_lies_there_at_the_end_is_still_taken() -> None:
    latest: Latest[int] = Latest()
    latest.put(1)
    latest.end()
    assert not latest.is_over
    assert latest.take() == 1
    assert latest.is_over
    assert latest.take() is None


def test_the_error_that_ended_it_comes_after_the_last_item() -> None:
    latest: Latest[int] = Latest()
    latest.put(1)
    latest.end(MediaError("gone"))
    assert latest.take() == 1
    with pytest.raises(MediaError, match="gone"):
        latest.take()


def test_items_come_in_order_between_threads() -> None:
    latest: Latest[int] = Latest()

    def put_all() -> None:
        for item in range(2000):
            latest.put(item)
        latest.end()

    thread = threading.Thread(target=put_all)
    thread.start()
    taken: list[int] = []
    while not latest.is_over:
        item = latest.take(1)
        if item is not None:
            taken.append(item)
    thread.join()
    assert taken == sorted(set(taken))
    assert taken[-1] == 1999
    assert len(taken) + latest.dropped_count == 2000
