"""A sink that breaks off and comes back, between stand-ins."""

from __future__ import annotations

import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from tests.live_tools import ListingSink
from unblur.errors import OutputError
from unblur.media import reconnecting as pauses
from unblur.media import returning_sink
from unblur.media.frame import Frame
from unblur.media.live_sink import NetworkSink
from unblur.media.reconnecting import Reconnecting
from unblur.media.returning_sink import ReturningSink

FRAME = Frame(np.zeros((2, 2, 3), np.uint8), 0, Fraction(1, 90_000))


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "_PAUSES_S", (0.02, 0.04))


class Opener:
    """Opens the sinks that it was made with, one after the other; None cannot be opened."""

    def __init__(self, *sinks: ListingSink | None) -> None:
        self.left = list(sinks)
        self.told: list[str] = []

    def open(self) -> NetworkSink:
        """The next one."""
        sink = self.left.pop(0) if self.left else None
        if sink is None:
            raise OutputError("nobody is there")
        return sink

    def returning(self, reconnecting: Reconnecting | None = None) -> ReturningSink:
        """What opens them."""
        return ReturningSink(self.open, "x", reconnecting or Reconnecting(), self.told.append)


def send_for(sink: ReturningSink, seconds: float) -> list[bool]:
    """Whether each of many frames went out."""
    until_s = time.monotonic() + seconds
    sent: list[bool] = []
    while time.monotonic() < until_s:
        sent.append(sink.write(FRAME))
        time.sleep(0.005)
    return sent


def test_frames_are_dropped_until_it_is_back() -> None:
    first, second = ListingSink(fails_after=2), ListingSink()
    opener = Opener(first, None, second)
    sink = opener.returning()
    sent = send_for(sink, 0.5)
    assert sent[:3] == [True, True, False]
    assert sent == sorted(sent[:2]) + sorted(sent[2:])
    assert len(second.frames) == sum(sent) - 2 > 0
    assert opener.told == [
        "lost x; trying again in 0.02 s",
        "lost x; trying again in 0.04 s",
        "x is back",
    ]
    assert first.ends == ["abandoned"]
    assert sink.is_open()
    sink.close()
    assert second.ends == ["closed"]


def test_one_that_cannot_be_opened_at_first_is_an_error() -> None:
    with pytest.raises(OutputError, match="nobody is there"):
        Opener().returning()


def test_it_gives_up_after_as_many_attempts_as_are_wanted() -> None:
    sink = Opener(ListingSink(fails_after=0)).returning(Reconnecting(most_attempts=2))
    with pytest.raises(OutputError, match="x did not come back in 2 attempts: nobody is there"):
        send_for(sink, 2)


def test_one_that_is_lost_again_and_again_is_given_up_as_one_that_cannot_be_opened() -> None:
    opener = Opener(*(ListingSink(fails_after=1) for _ in range(9)))
    with pytest.raises(OutputError, match="x did not come back in 3 attempts: the sink is full"):
        send_for(opener.returning(Reconnecting(most_attempts=3)), 3)
    assert len(opener.left) == 9 - 4
    assert [line.rpartition(" in ")[2] for line in opener.told if line.startswith("lost")] == [
        "0.02 s",
        "0.04 s",
        "0.04 s",
    ]


def test_one_that_was_there_for_long_is_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returning_sink, "_STEADY_S", 0.0)
    opener = Opener(*(ListingSink(fails_after=1) for _ in range(5)))
    with pytest.raises(OutputError, match="x did not come back in 2 attempts: nobody is there"):
        send_for(opener.returning(Reconnecting(most_attempts=2)), 3)
    assert opener.left == []


def test_without_reconnecting_the_first_failure_is_the_end() -> None:
    sink = Opener(ListingSink(fails_after=1), ListingSink()).returning(
        Reconnecting(is_wanted=False)
    )
    with pytest.raises(OutputError, match="the sink is full"):
        send_for(sink, 2)


def test_one_that_never_was_connected_is_an_error_though_it_took_frames() -> None:
    sink = Opener(ListingSink(fails_after=2, connects_after=3), ListingSink()).returning()
    with pytest.raises(OutputError, match="the sink is full"):
        send_for(sink, 2)


def test_one_is_back_when_it_is_connected_and_not_when_it_took_a_frame() -> None:
    never, late = ListingSink(fails_after=1, connects_after=2), ListingSink(connects_after=3)
    opener = Opener(ListingSink(fails_after=1, connects_after=1), never, late)
    sink = opener.returning()
    send_for(sink, 0.5)
    assert len(late.frames) > 3
    assert opener.told == [
        "lost x; trying again in 0.02 s",
        "lost x; trying again in 0.04 s",
        "x is back",
    ]
    assert never.ends == ["abandoned"]
    assert sink.is_open()


def test_what_comes_back_too_late_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    opening, may_open = threading.Event(), threading.Event()
    late = ListingSink()
    opener = Opener(ListingSink(fails_after=0), late)
    sink = opener.returning()
    open_next = opener.open

    def open_slowly() -> NetworkSink:
        opening.set()
        assert may_open.wait(5)
        return open_next()

    monkeypatch.setattr(sink, "_open_it", open_slowly)
    assert not sink.write(FRAME)
    assert opening.wait(5)
    sink.close()
    may_open.set()
    for thread in threading.enumerate():
        if thread.name == "unblur live sink":
            thread.join(5)
    assert late.ends == ["abandoned"]
