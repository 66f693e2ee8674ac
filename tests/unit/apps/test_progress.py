"""The progress bar: late, on stderr only, gone at the end."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest

from unblur.apps.cli import progress
from unblur.apps.cli.progress import ProgressDisplay
from unblur.restoration.plans import Job

JOB = Job(Path("[bold]clip\n.mp4"), Path("x.mp4"))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """True."""
        return True


def open_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in place of stderr, wide enough for a bar.

    Called in the test itself: pytest puts its own stderr back after the fixtures.
    """
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return stream


def wait_for(terminal: Terminal, text: str) -> None:
    """Wait until `text` is on the terminal, for at most ten seconds."""
    deadline = time.monotonic() + 10
    while text not in terminal.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert text in terminal.getvalue()


def test_what_takes_long_shows_file_share_and_time_to_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = open_terminal(monkeypatch)
    monkeypatch.setattr(progress, "_DELAY_S", 0)
    with ProgressDisplay(3) as display:
        report = display.start_file(JOB)
        report(5, 10)
        wait_for(terminal, " 50%")
        for part in ("[bold]clip\\n.mp4", "file 1 of 3", "ETA"):
            assert part in terminal.getvalue()
        with display.hidden():
            terminal.write("a line\n")


def test_what_is_quick_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = open_terminal(monkeypatch)
    with ProgressDisplay(1) as display:
        display.start_file(JOB)(1, 1)
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_it_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = open_terminal(monkeypatch)
    monkeypatch.setattr(progress, "_DELAY_S", 0)
    with ProgressDisplay(1, is_wanted=False) as display:
        display.start_file(JOB)(1, 2)
        time.sleep(0.1)
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_DELAY_S", 0)
    with ProgressDisplay(1) as display:
        display.start_file(JOB)(1, 2)
        time.sleep(0.1)
    assert capsys.readouterr().err == ""
