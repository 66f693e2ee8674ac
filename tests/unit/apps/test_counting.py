"""The bar that counts is seen on terminals only."""

from __future__ import annotations

import sys
from io import StringIO

import pytest

from unblur.apps.cli.counting import counting


class Terminal(StringIO):
    """Takes itself for a terminal, or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_bar_is_shown_on_a_terminal_alone(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal(is_terminal=is_terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with counting("pictures") as report:
        report(3, 7)
    assert ("pictures" in screen.getvalue() and "3/7" in screen.getvalue()) == is_terminal
    assert is_terminal or not screen.getvalue()
