"""A camera, a stream, a pipe or a file in real time: frames and sound as they come.

A source that is lost is opened again, with longer and longer pauses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import Protocol

from av.error import FFmpegError

from unblur.errors import MediaError
from unblur.media.containers import reason_of
from unblur.media.live_container import LiveContainer, SilentError, SplitPicturesError
from unblur.media.live_frames import LiveClock, LiveEvent, LiveFacts, LiveFrame
from unblur.media.live_names import LiveSourceName
from unblur.media.pattern import PatternSource
from unblur.media.reconnecting import Reconnecting, Tell

_POLL_S = 0.1


class LiveSource(Protocol):
    """Gives frames and sound as they come."""

    @property
    def facts(self) -> LiveFacts:
        """What the first frame and the container say."""
        ...

    @property
    def lost_count(self) -> int:
        """How often it was lost so far."""
        ...

    def events(self, is_stopping: threading.Event) -> Iterator[LiveEvent]:
        """Frames and sound until the source ends for good, or `is_stopping` is set.

        Time stamps of frames rise. Raises MediaError when it is lost and does not come back.
        """
        ...


def open_live(
    name: LiveSourceName, *, reconnecting: Reconnecting, tell: Tell, wants_sound: bool = True
) -> LiveSource:
    """The source called `name`, its first frame received.

    Waits for a stream from which nothing comes yet, if it may be opened again. Raises
    MediaError, with what to do, for what cannot be opened or holds no picture.
    """
    if name.kind == "pattern":
        return PatternSource()
    return FFmpegSource(name, reconnecting, tell, wants_sound=wants_sound)


class FFmpegSource:
    """A source that FFmpeg reads."""

    def __init__(
        self, name: LiveSourceName, reconnecting: Reconnecting, tell: Tell, *, wants_sound: bool
    ) -> None:
        """Open it; see `open_live`."""
        self.lost_count = 0
        self._name = name
        self._reconnecting = reconnecting
        self._tell = tell
        self._wants_sound = wants_sound
        self._puts_together = False
        self._clock = LiveClock()
        self._last_pts = -1
        self._opened: LiveContainer | None = self._open_first()
        self.facts = self._opened.facts
        self._sound_kind = self._opened.sound_kind
        self._has_same_sound = True

    def events(self, is_stopping: threading.Event) -> Iterator[LiveEvent]:
        """See `LiveSource.events`."""
        while not is_stopping.is_set():
            opened = self._opened or self._open_again(is_stopping)
            if opened is None:
                return
            error: Exception | None = None
            is_finite, is_first = opened.is_finite, self._last_pts < 0
            try:
                yield from self._in_time(opened.events(is_stopping, is_first=is_first), is_stopping)
            except (FFmpegError, OSError) as caught:
                error = caught
            finally:
                opened.close()
                self._opened = None
            if is_stopping.is_set() or not self._is_lost(error, is_finite=is_finite):
                return

    def _in_time(
        self, events: Iterator[LiveEvent], is_stopping: threading.Event
    ) -> Iterator[LiveEvent]:
        """The events whose frames come in order; where they come too fast, at their moment."""
        for event in events:
            if self._name.is_paced and is_stopping.wait(max(0.0, self._clock.wait_s(event.pts))):
                return
            if not isinstance(event, LiveFrame):
                if self._has_same_sound:
                    yield event
            elif event.pts > self._last_pts:
                self._last_pts = event.pts
                is_held = self._name.is_paced
                yield replace(event, arrived_s=time.monotonic()) if is_held else event

    def _is_lost(self, error: Exception | None, *, is_finite: bool) -> bool:
        """Whether the source is to be opened again; raises MediaError where it cannot be."""
        if error is None and (is_finite or not self._name.may_return):
            return False
        self.lost_count += 1
        if self._name.may_return and self._reconnecting.is_wanted:
            return True
        if error is not None and not self._name.may_return:
            raise MediaError(f"{self._name.text} broke off: {reason_of(error)}")
        self._tell(f"{self._name.text} has ended")
        return False

    def _open_first(self) -> LiveContainer:
        """Open it; one that is silent is waited for if it may be opened again."""
        attempt = 0
        while True:
            try:
                return _stoppably(self._open)
            except SilentError:
                attempt += 1
                is_wanted = self._reconnecting.is_wanted and self._name.may_return
                if not is_wanted or self._reconnecting.is_over(attempt):
                    raise
                if attempt == 1:
                    self._tell(f"nothing comes from {self._name.text} yet; waiting for it")

    def _open_again(self, is_stopping: threading.Event) -> LiveContainer | None:
        """Open a lost source, trying again and again; None when it is time to stop."""
        attempt = 0
        while True:
            pause_s = self._reconnecting.pause_s(attempt)
            attempt += 1
            self._tell(f"lost {self._name.text}; trying again in {pause_s:g} s")
            if is_stopping.wait(pause_s):
                return None
            try:
                self._clock.restart()
                opened = self._open()
            except MediaError as error:
                if self._reconnecting.is_over(attempt):
                    raise MediaError(
                        f"{self._name.text} did not come back in {attempt} attempts: {error}"
                    ) from error
            else:
                self._tell(f"{self._name.text} is back")
                kinds = {opened.sound_kind, self._sound_kind}
                self._has_same_sound = None in kinds or len(kinds) == 1
                if not self._has_same_sound:
                    self._tell(f"its sound is now {opened.sound_kind}, and is left out")
                return opened

    def _open(self) -> LiveContainer:
        """The container, in the way that suits its packets."""
        try:
            return self._open_as_it_is()
        except SplitPicturesError:
            self._puts_together = True
            return self._open_as_it_is()

    def _open_as_it_is(self) -> LiveContainer:
        return LiveContainer(
            self._name,
            self._clock,
            wants_sound=self._wants_sound,
            puts_together=self._puts_together,
        )


def _stoppably(open_it: Callable[[], LiveContainer]) -> LiveContainer:
    """What `open_it` gives or raises, computed by another thread, so that Ctrl-C stops at once.

    PyAV loses a KeyboardInterrupt that comes while it waits for a source (18.1).
    """
    done: Future[LiveContainer] = Future()

    def run() -> None:
        try:
            done.set_result(open_it())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name="unblur live open", daemon=True).start()
    while not done.done():
        wait([done], _POLL_S)
    return done.result()
