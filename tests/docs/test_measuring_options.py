"""The guide explains every option of the commands that measure."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from unblur.apps.cli.main import app

GUIDE = Path(__file__).parent.parent.parent / "docs" / "guide" / "command-line.md"


@pytest.mark.parametrize("command", ["evaluate", "benchmark"])
def test_every_option_is_explained(command: str) -> None:
    text = GUIDE.read_text()
    section = text.split(f"## unblur {command}\n")[1].split("\n## ")[0]
    parameters = typer.main.get_command(app).commands[command].params
    names = {name for each in parameters for name in each.opts if name[0] == "-"}
    assert "--save" in names
    for name in names:
        assert f"`{name}" in section or f" {name} " in section, name
