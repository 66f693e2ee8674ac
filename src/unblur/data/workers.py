"""What every process that works for another does first."""

from __future__ import annotations

import signal


def leave_stopping_to_the_parent(_worker: int = 0) -> None:
    """Ignore a Ctrl-C or SIGTERM that reaches all processes: the one that waits ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
