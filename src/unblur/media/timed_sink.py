"""A sink over a network whose other side may stop reading: it is given up after a while."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from unblur.errors import OutputError
from unblur.media.frame import Frame
from unblur.media.live_frames import LiveSound
from unblur.media.live_sink import NetworkSink

_PATIENCE_S = 10.0
"""Longer than what FFmpeg itself waits for a single answer."""
_FAREWELL_S = 1.0

_Given = TypeVar("_Given")


class TimedSink:
    """Calls another sink in a thread of its own: FFmpeg may wait for long, or for ever.

    A call that hangs is left behind with the thread, which lets go of the sink should it return.
    """

    def __init__(self, sink: NetworkSink, text: str, *, is_patient: bool = False) -> None:
        """Send to `sink`, which is open; `text` is what it is called in sentences.

        Where it `is_patient`, nothing takes too long; Ctrl-C is heard all the same.
        """
        self._sink = sink
        self._text = text
        self._patience_s = None if is_patient else _PATIENCE_S
        self.takes_sound = sink.takes_sound
        self._newest: Future[Any] = Future()
        self._newest.set_result(None)
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._work, name="unblur live sink calls", daemon=True).start()

    def write(self, frame: Frame) -> bool:
        """See `LiveSink.write`; OutputError also when it takes too long."""
        return self._call(lambda: self._sink.write(frame))

    def write_sound(self, sound: LiveSound) -> None:
        """See `LiveSink.write_sound`; OutputError also when it takes too long."""
        self._call(lambda: self._sink.write_sound(sound))

    def is_open(self) -> bool:
        """See `LiveSink.is_open`."""
        return self._sink.is_open()

    def is_connected(self) -> bool:
        """See `NetworkSink.is_connected`."""
        return self._sink.is_connected()

    def close(self) -> None:
        """See `LiveSink.close`; OutputError also when it takes too long.

        Where a call was interrupted that has not returned yet, it is abandoned instead.
        """
        if not self._newest.done():  # a call that was interrupted: the sink hangs
            self.abandon()
            return
        try:
            self._call(self._sink.close)
        except BaseException:
            self.abandon()
            raise
        self._calls.put(None)

    def abandon(self) -> None:
        """See `LiveSink.abandon`; waited for only shortly, since the sink may hang."""
        abandoning = self._begin(self._sink.abandon)
        self._calls.put(None)
        with suppress(TimeoutError):
            abandoning.result(_FAREWELL_S)

    def _call(self, call: Callable[[], _Given]) -> _Given:
        """What `call` gives, or raises; OutputError when it takes too long."""
        result = self._newest = self._begin(call)
        try:
            return result.result(self._patience_s)
        except TimeoutError as error:
            raise OutputError(f"{self._text} took nothing for {_PATIENCE_S:g} s") from error

    def _begin(self, call: Callable[[], _Given]) -> Future[_Given]:
        """Let the thread call, after all that it is doing."""
        result: Future[_Given] = Future()

        def work() -> None:
            try:
                result.set_result(call())
            except BaseException as error:
                result.set_exception(error)

        self._calls.put(work)
        return result

    def _work(self) -> None:
        """The thread: one call after the other, to the end."""
        while call := self._calls.get():
            call()
