"""What `unblur live` says every second: one line on stderr, or JSON on stdout."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from unblur.apps.cli.output import print_json, print_note, printable

if TYPE_CHECKING:
    from unblur.restoration.live_meter import LiveReport

_CLEAR_LINE = "\r\x1b[K"


class LiveLines:
    """Prints reports; on a terminal each takes the place of the one before."""

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        self._is_json = is_json
        self._is_quiet = is_quiet
        self._is_terminal = sys.stderr.isatty() and not is_quiet
        self._has_line = False

    def tell(self, sentence: str) -> None:
        """Print a sentence on what happens; may be called from any thread."""
        if not self._is_quiet:
            self._clear()
            print_note(sentence)

    def report(self, report: LiveReport) -> None:
        """Print what happened in a second, or in all."""
        if self._is_json:
            print_json(report.as_dict())
        elif self._is_quiet:
            return
        elif self._is_terminal and not report.is_summary:
            _show(f"{_CLEAR_LINE}{printable(describe_report(report))}")
            self._has_line = True
        else:
            self._clear()
            print_note(describe_report(report))

    def _clear(self) -> None:
        if self._has_line:
            _show(_CLEAR_LINE)
            self._has_line = False


def _show(text: str) -> None:
    """Write on the terminal, if it is still there."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def describe_report(report: LiveReport) -> str:
    """A second, or the whole session, on one line."""
    begin = "in all: " if report.is_summary else ""
    facts = [
        f"{begin}{report.seconds:.0f} s",
        f"{report.received} in",
        f"{report.delivered} out ({report.frames_per_s:.1f} frames/s)",
        f"{report.dropped} dropped",
    ]
    if report.sharp:
        facts.append(f"{report.sharp} sharp already")
    if report.latency_ms is not None:
        facts.append(f"latency {report.latency_ms} ms")
    if report.age_ms is not None:
        facts.append(f"age {report.age_ms} ms")
    if report.resolution < 1:
        facts.append(f"network at {report.resolution:g}")
    return ", ".join(facts)
