"""What a Ctrl-C or SIGTERM does to work of several steps or processes."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass(slots=True)
class StopRequest:
    """Whether the work should end."""

    is_made: bool = False


@contextmanager
def stop_requests() -> Generator[StopRequest]:
    """Let SIGINT (Ctrl-C) and SIGTERM make a request in place of their effect, within the block.

    A second signal has its usual effect. Only the main thread gets signals; elsewhere the
    block changes nothing.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(_number: int, _frame: FrameType | None) -> None:
        request.is_made = True
        _restore(usual)

    for number in usual:
        signal.signal(number, ask)
    try:
        yield request
    finally:
        _restore(usual)


def _restore(handlers: Mapping[signal.Signals, Any]) -> None:
    """Put back what handled the signals before."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


@contextmanager
def shielded_processes() -> Generator[None]:
    """Let no SIGINT or SIGTERM reach the processes that begin within the block.

    One that is killed while it begins breaks the pool that it is for. What this thread gets
    waits until the block ends; another thread's does not, so use it within `stop_requests`.
    On Windows, which lacks such masks, the block changes nothing.
    """
    if sys.platform == "win32":
        yield
        return
    usual = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, usual)


def leave_stopping_to_the_parent(_worker: int = 0) -> None:
    """Ignore a Ctrl-C or SIGTERM that reaches all processes: the one that waits ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
