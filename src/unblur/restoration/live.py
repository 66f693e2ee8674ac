"""A live session: one thread receives, one restores, the caller's sends.

Between them lies the newest frame and no other: latency is bounded, and what cannot be
done in time is dropped.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from unblur.data.stopping import ignored_stops
from unblur.errors import OutputError
from unblur.images.picture_clock import read_moment
from unblur.media.frame import Frame
from unblur.media.live_frames import LIVE_TIME_BASE, LiveFrame, LiveSound, RgbConverter
from unblur.media.live_sink import LiveSink
from unblur.media.live_source import LiveSource
from unblur.media.reconnecting import Tell
from unblur.restoration.latest import Latest
from unblur.restoration.live_meter import LiveMeter, LiveReport
from unblur.restoration.live_network import LiveNetwork
from unblur.restoration.live_rate import RateKeeper

_POLL_S = 0.01
"""How long sound waits at most for a frame to come, to be sent with it."""
_FAREWELL_S = 1.0
"""How long the thread that receives is waited for: it may hang in FFmpeg, and then ends with the
process. One that computes has to be waited for: runtimes abort a process that ends beneath them."""
_MOST_SOUND = 500
"""Packets of sound that wait; about ten seconds."""


@dataclass(frozen=True, slots=True)
class _Restored:
    """A restored frame and where it came from."""

    frame: Frame
    arrived_s: float
    moment_ms: int | None
    """The time in the picture, where it carries one."""


class LiveSession:
    """Everything between a source and a sink."""

    def __init__(
        self,
        source: LiveSource,
        network: LiveNetwork,
        sink: LiveSink,
        keeper: RateKeeper,
        tell: Tell,
    ) -> None:
        self._source = source
        self._network = network
        self._sink = sink
        self._keeper = keeper
        self._tell = tell
        self._meter = LiveMeter()
        self._received: Latest[LiveFrame] = Latest()
        self._restored: Latest[_Restored] = Latest()
        self._sound: deque[LiveSound] = deque(maxlen=_MOST_SOUND)
        self._is_stopping = threading.Event()
        self._unsent_count = 0
        self._reported_unsent_count = 0

    def run(
        self, report: Callable[[LiveReport], None], *, limit_s: float | None = None
    ) -> LiveReport:
        """Restore until the source ends, the sink is closed, Ctrl-C, or `limit_s` is over.

        `report` is told of every second. Gives what happened in all. The sink is closed on
        return. Raises the UnblurError that ended a stage, after all of them have ended.
        """
        receiving = threading.Thread(target=self._receive, name="unblur live receive", daemon=True)
        restoring = threading.Thread(target=self._restore, name="unblur live restore")
        receiving.start()
        restoring.start()
        finish = self._sink.close
        is_stopped = False
        try:
            self._send(report, None if limit_s is None else time.monotonic() + limit_s)
        except KeyboardInterrupt:
            is_stopped = True
        except OutputError:
            finish = self._sink.abandon
            raise
        finally:
            with ignored_stops():  # who presses Ctrl-C twice wants the recording all the same
                if is_stopped:
                    self._tell("stopping")
                self._is_stopping.set()
                receiving.join(_FAREWELL_S)
                restoring.join()
                summary = self._meter.summary(
                    self._keeper.effort, self._dropped_count, self._source.lost_count
                )
                finish()
        return summary

    @property
    def _dropped_count(self) -> int:
        waiting_count = self._received.dropped_count + self._restored.dropped_count
        return waiting_count + self._unsent_count

    def _receive(self) -> None:
        """Take frames and sound from the source as they come."""
        error: BaseException | None = None
        try:
            for event in self._source.events(self._is_stopping):
                if isinstance(event, LiveFrame):
                    self._meter.note_received()
                    self._received.put(event)
                elif self._sink.takes_sound:
                    self._sound.append(event)
        except BaseException as caught:
            error = caught
        self._received.end(error)

    def _restore(self) -> None:
        """Restore the newest frame, again and again."""
        error: BaseException | None = None
        facts = self._source.facts
        converter = RgbConverter(facts.height, facts.width)
        try:
            while not (self._received.is_over or self._is_stopping.is_set()):
                frame = self._received.take(_POLL_S)
                if frame is not None:
                    self._restored.put(self._restore_one(frame, converter))
            self._received.take(0)
        except BaseException as caught:
            error = caught
        self._restored.end(error)

    def _restore_one(self, frame: LiveFrame, converter: RgbConverter) -> _Restored:
        started_s = time.monotonic()
        pixels = converter.to_pixels(frame)
        restored = self._network.restore(pixels, self._keeper.effort)
        self._meter.note_computed(time.monotonic() - started_s, is_sharp=restored is pixels)
        return _Restored(
            Frame(restored, frame.pts, LIVE_TIME_BASE), frame.arrived_s, read_moment(pixels)
        )

    def _send(self, report: Callable[[LiveReport], None], until_s: float | None) -> None:
        """Send what is restored, and the sound, and report every second."""
        while self._sink.is_open() and not self._restored.is_over:
            if until_s is not None and time.monotonic() >= until_s:
                return
            restored = self._restored.take(_POLL_S)
            self._send_sound()
            if restored is not None and self._sink.write(restored.frame):
                self._meter.note_delivered(
                    restored.frame.pts, restored.arrived_s, restored.moment_ms
                )
            elif restored is not None:
                self._unsent_count += 1
            if self._meter.is_due():
                self._report_second(report)
        if self._sink.is_open():
            self._send_sound()  # what came while the last frame was sent
        self._restored.take(0)

    def _send_sound(self) -> None:
        """Send the sound that came."""
        while self._sound:
            self._sink.write_sound(self._sound.popleft())

    def _report_second(self, report: Callable[[LiveReport], None]) -> None:
        """Report, and do more or less for a frame from now on."""
        effort = self._keeper.effort
        second, load = self._meter.end_second(effort, self._dropped_count, self._source.lost_count)
        report(second)
        was_lost = self._unsent_count > self._reported_unsent_count
        self._reported_unsent_count = self._unsent_count
        if not was_lost and self._keeper.note_second(load):
            self._tell(
                f"{second.delivered} of {second.received} frames/s with {effort.describe()}; "
                f"from now on {self._keeper.effort.describe()}"
            )
