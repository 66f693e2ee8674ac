"""What a Ctrl-C or SIGTERM does to work of several steps or processes."""

from __future__ import annotations

import signal
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


def leave_stopping_to_the_parent(_worker: int = 0) -> None:
    """Ignore a Ctrl-C or SIGTERM that reaches all processes: the one that waits ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
