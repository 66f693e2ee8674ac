"""A sink that is given up when it takes nothing for a while."""

from __future__ import annotations

import socket
import threading
import time
from fractions import Fraction

import numpy as np
import pytest

from tests.live_tools import ListingSink
from unblur.errors import OutputError
from unblur.media import timed_sink
from unblur.media.colours import Colours
from unblur.media.frame import Frame
from unblur.media.live_frames import LIVE_TIME_BASE, LiveFacts
from unblur.media.live_names import parse_sink
from unblur.media.reconnecting import Reconnecting
from unblur.media.returning_sink import open_lasting_sink
from unblur.media.timed_sink import TimedSink

FRAME = Frame(np.zeros((2, 2, 3), np.uint8), 0, LIVE_TIME_BASE)


class HangingSink(ListingSink):
    """Does not return from the second frame before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.may_return = threading.Event()
        self.has_ended = threading.Event()

    def write(self, frame: Frame) -> bool:
        """Remember it; hang."""
        if self.frames:
            assert self.may_return.wait(10)
        return super().write(frame)

    def abandon(self) -> None:
        """Remember that."""
        super().abandon()
        self.has_ended.set()


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_sink, "_PATIENCE_S", 0.3)
    monkeypatch.setattr(timed_sink, "_FAREWELL_S", 0.1)


def test_one_that_hangs_is_given_up_and_let_go_of_in_its_thread() -> None:
    hanging = HangingSink()
    sink = TimedSink(hanging, "x")
    assert sink.write(FRAME)
    with pytest.raises(OutputError, match=r"x took nothing for 0\.3 s"):
        sink.write(FRAME)
    sink.abandon()
    assert hanging.ends == []
    hanging.may_return.set()
    assert hanging.has_ended.wait(5)
    assert hanging.ends == ["abandoned"]


def test_one_that_hangs_at_its_end_is_given_up_too() -> None:
    hanging = HangingSink()
    hanging.close = lambda: hanging.may_return.wait(10)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(OutputError, match="took nothing"):
        TimedSink(hanging, "x").close()
    hanging.may_return.set()
    assert hanging.has_ended.wait(5)


def test_what_the_sink_gives_and_raises_comes_through() -> None:
    listing = ListingSink(fails_after=1, takes_sound=False)
    sink = TimedSink(listing, "x")
    assert not sink.takes_sound
    assert sink.write(FRAME)
    with pytest.raises(OutputError, match="the sink is full"):
        sink.write(FRAME)
    sink.close()
    assert listing.ends == ["closed"]


def test_a_receiver_that_reads_nothing_does_not_hold_up_the_session() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        sink = open_lasting_sink(
            parse_sink(f"tcp://127.0.0.1:{server.getsockname()[1]}"),
            LiveFacts(360, 640, Fraction(25), Colours()),
            title="",
            reconnecting=Reconnecting(),
            tell=told.append,
        )
        started_s = time.monotonic()
        index = 0
        while sink.write(Frame(noise, 3600 * index, LIVE_TIME_BASE)):
            index += 1
            assert time.monotonic() - started_s < 60
        sink.abandon()
    assert index > 2
    assert len(told) == 1
    assert told[0].startswith("lost tcp://127.0.0.1:")


def test_one_that_listens_waits_for_its_receiver_and_holds_up_no_other_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    received: list[bytes] = []

    is_seen = threading.Event()

    def receive() -> None:
        time.sleep(1)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            received.append(connection.recv(188))
            is_seen.wait(10)  # one that leaves while more is written to it is an error

    receiver = threading.Thread(target=receive, daemon=True)
    sink = open_lasting_sink(
        parse_sink(f"tcp://127.0.0.1:{port}?listen=1"),
        LiveFacts(96, 160, Fraction(25), Colours()),
        title="",
        reconnecting=Reconnecting(is_wanted=False),
        tell=lambda _: None,
    )
    receiver.start()
    index = 0
    while not received:
        sink.write(Frame(np.zeros((96, 160, 3), np.uint8), 3600 * index, LIVE_TIME_BASE))
        index += 1
    is_seen.set()
    sink.abandon()
    assert received[0][0] == 0x47  # a packet of MPEG-TS


def test_one_that_hangs_when_all_is_stopped_is_left_without_an_error() -> None:
    hanging = HangingSink()
    sink = TimedSink(hanging, "x")
    sink.write(FRAME)
    with pytest.raises(OutputError):  # as Ctrl-C, it leaves a call behind that has not returned
        sink.write(FRAME)
    sink.close()
    hanging.may_return.set()
    assert hanging.has_ended.wait(5)
    assert hanging.ends == ["abandoned"]
