"""What is missing is told with the command that brings it."""

from __future__ import annotations

import json
import shlex
import sys
from importlib import metadata
from pathlib import Path

import pytest

from unblur import errors
from unblur.errors import MissingExtraError, install_command, missing_extra

CHECKOUT = Path(errors.__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment with a pip, the one that seems to run."""
    pip = tmp_path / ".venv" / "bin" / "pip"
    pip.parent.mkdir(parents=True)
    pip.touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.chdir(tmp_path)
    return pip


def installed_from(monkeypatch: pytest.MonkeyPatch, folder: Path, record: str | None) -> None:
    """Let the package lie in `folder`, installed as `record` says."""

    class Installed(metadata.PathDistribution):
        def read_text(self, filename: str) -> str | None:
            return record

    monkeypatch.setattr(errors, "__file__", str(folder / "lib" / "unblur" / "errors.py"))
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed(folder))


@pytest.mark.usefixtures("environment")
def test_a_checkout_is_installed_with_the_extra_into_its_environment(tmp_path: Path) -> None:
    assert shlex.split(install_command("train,export")) == [
        ".venv/bin/pip", "install", "--editable", f"{CHECKOUT}[train,export]",
    ]  # fmt: skip


def test_in_the_checkout_the_command_is_short(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHECKOUT)
    assert install_command("train") == f"{environment} install --editable '.[train]'"


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (json.dumps({"url": "file:///some/my%20unblur", "dir_info": {}}), "/some/my unblur[text]"),
        (json.dumps({"url": "https://example.org/unblur.whl"}), "unblur[text]"),
        (None, "unblur[text]"),
    ],
)
def test_an_installation_is_extended_from_where_it_came(
    record: str | None,
    wanted: str,
    environment: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed_from(monkeypatch, tmp_path, record)
    assert shlex.split(install_command("text")) == [".venv/bin/pip", "install", wanted]


def test_without_a_virtual_environment_pip_is_whichever_is_found(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert install_command().startswith("pip install ")


def test_the_sentence_says_who_needs_what() -> None:
    error = missing_extra("training", "timm", "train")
    assert isinstance(error, MissingExtraError)
    assert str(error) == f"training needs timm; install it with: {install_command('train')}"
