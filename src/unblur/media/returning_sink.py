"""A sink that is opened again when its other side has broken off."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from unblur.errors import OutputError, UnblurError
from unblur.media.frame import Frame
from unblur.media.live_frames import LiveFacts, LiveSound
from unblur.media.live_names import LiveSinkName
from unblur.media.live_sink import LiveSink, NetworkSink, StreamSink, open_sink
from unblur.media.reconnecting import Reconnecting, Tell
from unblur.media.timed_sink import TimedSink

_STEADY_S = 30.0
"""A sink that is lost sooner after it came back counts as one that could not be opened."""


def open_lasting_sink(
    name: LiveSinkName,
    facts: LiveFacts,
    *,
    title: str,
    reconnecting: Reconnecting,
    tell: Tell,
    bit_rate_kbps: int | None = None,
) -> LiveSink:
    """As `open_sink`; one over a network comes back after its receiver breaks off or hangs."""
    if name.kind != "network":
        return open_sink(name, facts, title=title, bit_rate_kbps=bit_rate_kbps)
    return ReturningSink(
        lambda: TimedSink(
            StreamSink(name, facts, bit_rate_kbps), name.text, is_patient=name.listens
        ),
        name.text,
        reconnecting,
        tell,
    )


class ReturningSink:
    """Sends to one sink after the other; what comes while there is none is dropped.

    A thread of its own waits and opens, so that the session goes on meanwhile.
    """

    def __init__(
        self, open_it: Callable[[], NetworkSink], text: str, reconnecting: Reconnecting, tell: Tell
    ) -> None:
        """Open it; raises what `open_it` raises. `text` is what it is called in sentences."""
        self._open_it = open_it
        self._text = text
        self._reconnecting = reconnecting
        self._tell = tell
        self._sink: NetworkSink | None = open_it()
        self.takes_sound = self._sink.takes_sound
        self._is_connected = self._sink.is_connected()
        self._has_been_there = self._is_connected
        self._opening: Future[NetworkSink] = Future()
        self._failed_count = 0
        self._came_back_s = -math.inf
        self._is_closed = threading.Event()
        self._closing = threading.Lock()

    def write(self, frame: Frame) -> bool:
        """See `LiveSink.write`; raises OutputError when the sink does not come back."""
        sink = self._sink or self._take_opened()
        if sink is None:
            return False
        try:
            is_sent = sink.write(frame)
        except OutputError as error:
            self._lose(sink, error)
            return False
        self._note_connected(sink)
        return is_sent

    def write_sound(self, sound: LiveSound) -> None:
        """See `LiveSink.write_sound`."""
        if self._sink is None:
            return
        try:
            self._sink.write_sound(sound)
        except OutputError as error:
            self._lose(self._sink, error)

    def is_open(self) -> bool:
        """See `LiveSink.is_open`: one that is lost may come back."""
        return True

    def close(self) -> None:
        """See `LiveSink.close`."""
        self._let_go(lambda sink: sink.close())

    def abandon(self) -> None:
        """See `LiveSink.abandon`."""
        self._let_go(lambda sink: sink.abandon())

    def _let_go(self, end: Callable[[NetworkSink], None]) -> None:
        """End the sink that is there, or the one that comes too late."""
        with self._closing:
            self._is_closed.set()
        if self._sink is not None:
            end(self._sink)
        elif self._opening.done() and self._opening.exception() is None:
            self._opening.result().abandon()

    def _lose(self, sink: NetworkSink, error: OutputError) -> None:
        """Let go of a sink that failed, and begin to open it again where that is wanted."""
        sink.abandon()
        self._sink = None
        if not (self._reconnecting.is_wanted and self._has_been_there):
            raise error
        if self._is_connected and time.monotonic() - self._came_back_s >= _STEADY_S:
            self._failed_count = 0
        else:
            self._fail(error)
        self._open_later()

    def _take_opened(self) -> NetworkSink | None:
        """The sink where it is open again; after a failure the next attempt is begun."""
        if not self._opening.done():
            return None
        try:
            self._sink = self._opening.result()
        except UnblurError as error:
            self._fail(error)
            self._open_later()
            return None
        self._is_connected = False
        self._note_connected(self._sink)
        return self._sink

    def _note_connected(self, sink: NetworkSink) -> None:
        """Say that a sink which was opened again is back, as soon as that is certain."""
        if self._is_connected or not sink.is_connected():
            return
        self._is_connected = True
        if self._has_been_there:
            self._came_back_s = time.monotonic()
            self._tell(f"{self._text} is back")
        self._has_been_there = True

    def _fail(self, error: UnblurError) -> None:
        """Count an attempt that was in vain; raises OutputError after the last."""
        self._failed_count += 1
        if self._reconnecting.is_over(self._failed_count):
            raise OutputError(
                f"{self._text} did not come back in {self._failed_count} attempts: {error}"
            ) from error

    def _open_later(self) -> None:
        """Open it after a pause, in a thread."""
        pause_s = self._reconnecting.pause_s(self._failed_count)
        self._tell(f"lost {self._text}; trying again in {pause_s:g} s")
        self._opening = Future()
        threading.Thread(
            target=self._open, args=(self._opening, pause_s), name="unblur live sink", daemon=True
        ).start()

    def _open(self, opening: Future[NetworkSink], pause_s: float) -> None:
        """Wait and open, unless all is over by then."""
        if self._is_closed.wait(pause_s):
            return
        try:
            sink = self._open_it()
        except BaseException as error:
            opening.set_exception(error)
            return
        with self._closing:
            if not self._is_closed.is_set():
                opening.set_result(sink)
                return
        with suppress(UnblurError):
            sink.abandon()
