"""What a signal to stop does to work of several steps or processes."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any

STOPS = frozenset(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that ask to stop: Ctrl-C, the system, and, not on Windows, a terminal that closes."""


@dataclass(slots=True)
class StopRequest:
    """Whether the work should end."""

    is_made: bool = False


@contextmanager
def stop_requests() -> Generator[StopRequest]:
    """Let the signals of `STOPS` make a request in place of their effect, within the block.

    A second signal has its usual effect, and one that is ignored (`nohup`) none.
    """
    request = StopRequest()
    usual = _heeded()

    def ask(_number: int, _frame: FrameType | None) -> None:
        request.is_made = True
        _handle(usual)

    _handle(dict.fromkeys(usual, ask))
    try:
        yield request
    finally:
        _handle(usual)


@contextmanager
def ignored_stops() -> Generator[None]:
    """Let the signals of `STOPS` have no effect within the block, which finishes something."""
    usual = _heeded()
    _handle(dict.fromkeys(usual, signal.SIG_IGN))
    try:
        yield
    finally:
        _handle(usual)


def interrupt_on_every_stop() -> None:
    """Let every signal of `STOPS` raise KeyboardInterrupt, as Ctrl-C does."""
    _handle(dict.fromkeys(_heeded(), signal.default_int_handler))


def _heeded() -> dict[signal.Signals, Any]:
    """Who handles each of `STOPS` that has an effect: only the main thread may change that."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers = {number: signal.getsignal(number) for number in STOPS}
    return {number: who for number, who in handlers.items() if who is not signal.SIG_IGN}


def _handle(handlers: Mapping[signal.Signals, Any]) -> None:
    """Let each signal have its handler."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


@contextmanager
def shielded_processes() -> Generator[None]:
    """Let no signal of `STOPS` reach the processes that begin within the block.

    One that is killed while it begins breaks the pool that it is for. What this thread gets
    waits until the block ends; another thread's does not, so use it within `stop_requests`.
    On Windows, which lacks such masks, the block changes nothing.
    """
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # whose begin would let signals through again
    usual = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, usual)


def leave_stopping_to_the_parent(_worker: int = 0) -> None:
    """Ignore what reaches all processes: the one that waits for this one ends it."""
    _handle(dict.fromkeys(STOPS, signal.SIG_IGN))
