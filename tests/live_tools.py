"""Small live sessions on loopback: senders in threads, a network that only adds a constant."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from tests.fakes import FakeRestorer
from unblur.media.colours import Colours
from unblur.media.frame import Frame
from unblur.media.live_frames import LiveEvent, LiveFacts, LiveFrame, LiveSound
from unblur.media.live_names import parse_sink, parse_source
from unblur.media.live_source import open_live
from unblur.media.pattern import Pattern
from unblur.media.reconnecting import Reconnecting
from unblur.media.returning_sink import open_lasting_sink
from unblur.media.stamped_stream import Received, receive, send
from unblur.restoration.live import LiveSession
from unblur.restoration.live_meter import LiveReport
from unblur.restoration.live_network import LiveNetwork
from unblur.restoration.live_rate import RateKeeper

HEIGHT, WIDTH, RATE = 96, 160, 25


@dataclass
class Told:
    """The sentences and the seconds that a session told."""

    sentences: list[str] = field(default_factory=list)
    seconds: list[LiveReport] = field(default_factory=list)


def free_port() -> int:
    """A port of this machine that nothing uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_live(
    source: str,
    sink: str,
    *,
    limit_s: float | None = 15,
    reconnecting: Reconnecting | None = None,
    told: Told | None = None,
    source_options: dict[str, str] | None = None,
) -> LiveReport:
    """A session with a network that adds a constant; stops by itself."""
    told = told or Told()
    reconnecting = reconnecting or Reconnecting(is_wanted=False)
    opened = open_live(
        parse_source(source, options=source_options),
        reconnecting=reconnecting,
        tell=told.sentences.append,
    )
    keeper = RateKeeper()
    facts = opened.facts
    network = LiveNetwork(FakeRestorer, facts.height, facts.width, keeper.efforts)
    target = open_lasting_sink(
        parse_sink(sink),
        facts,
        title="test",
        reconnecting=reconnecting,
        tell=told.sentences.append,
    )
    session = LiveSession(opened, network, target, keeper, told.sentences.append)
    return session.run(told.seconds.append, limit_s=limit_s)


@contextmanager
def sending(url: str, seconds: float, *, after_s: float = 0.0) -> Generator[threading.Thread]:
    """A sender of the pattern with sound, in a thread."""

    def work() -> None:
        time.sleep(after_s)
        send(url, seconds, Pattern(HEIGHT, WIDTH), RATE)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield thread
    thread.join(seconds + after_s + 10)
    assert not thread.is_alive()


@contextmanager
def receiving(url: str, seconds: float) -> Generator[list[Received]]:
    """A receiver in a thread; what it saw is in the list after the block."""
    seen: list[Received] = []
    thread = threading.Thread(target=lambda: seen.append(receive(url, seconds)), daemon=True)
    thread.start()
    yield seen
    thread.join(20)
    assert not thread.is_alive()


class ListedSource:
    """A source that gives what it was made with, and then ends or fails."""

    lost_count = 0

    def __init__(self, events: list[LiveEvent], error: Exception | None = None) -> None:
        self.facts = LiveFacts(HEIGHT, WIDTH, Fraction(RATE), Colours())
        self._events = events
        self._error = error

    def events(self, is_stopping: threading.Event) -> Iterator[LiveEvent]:
        """Everything, a little apart."""
        for event in self._events:
            if is_stopping.wait(0.02):
                return
            is_frame = isinstance(event, LiveFrame)
            yield replace(event, arrived_s=time.monotonic()) if is_frame else event
        if self._error is not None:
            raise self._error


@dataclass
class ListingSink:
    """Remembers what it got; `slow_s` is how long it takes for a frame.

    `connects_after` so many frames it is certain that it is connected.
    """

    takes_sound: bool = True
    slow_s: float = 0.0
    fails_after: int | None = None
    connects_after: int = 0
    is_lost: bool = False
    frames: list[Frame] = field(default_factory=list)
    sounds: list[LiveSound] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    def write(self, frame: Frame) -> bool:
        """Remember it."""
        from unblur.errors import OutputError

        if self.fails_after is not None and len(self.frames) >= self.fails_after:
            raise OutputError("the sink is full")
        time.sleep(self.slow_s)
        self.frames.append(frame)
        return not self.is_lost

    def write_sound(self, sound: LiveSound) -> None:
        """Remember it."""
        self.sounds.append(sound)

    def is_open(self) -> bool:
        """Always."""
        return True

    def is_connected(self) -> bool:
        """After the first few frames."""
        return len(self.frames) >= self.connects_after

    def close(self) -> None:
        """Remember that."""
        self.ends.append("closed")

    def abandon(self) -> None:
        """Remember that."""
        self.ends.append("abandoned")


def pattern_frames(count: int, start_pts: int = 0) -> list[LiveEvent]:
    """Frames of the pattern at 25 a second."""
    pattern = Pattern(HEIGHT, WIDTH)
    return [
        LiveFrame(pattern.next_picture(), start_pts + 3600 * index, time.monotonic())
        for index in range(count)
    ]


def make_session(source: ListedSource, sink: ListingSink, told: Told | None = None) -> LiveSession:
    """A session between stand-ins."""
    keeper = RateKeeper()
    network = LiveNetwork(FakeRestorer, HEIGHT, WIDTH, keeper.efforts)
    return LiveSession(source, network, sink, keeper, (told or Told()).sentences.append)


def parts_of(path: Path) -> list[str]:
    """What lies beside a file, hidden names included."""
    return sorted(each.name for each in path.parent.iterdir())
