"""The documentation says what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from unblur.apps.cli.main import COMMANDS, GROUPS, app
from unblur.data.blur_synthesis.options import BlurOptions
from unblur.models.catalog import GENERATORS
from unblur.restoration.file_jobs import FileReport
from unblur.restoration.inputs import is_video
from unblur.training.config import TrainingOptions

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
CONFIGS = sorted((ROOT / "configs").rglob("*.toml"))
COMMAND_LINE = (ROOT / "docs" / "guide" / "command-line.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_figure_is_left_open(page: Path) -> None:
    assert not re.search(r"MEASURE|TODO|FIXME|\bTBD\b", page.read_text())


def test_every_command_has_its_place_in_the_guide() -> None:
    for command in COMMANDS:
        assert f"unblur {command.__name__}" in COMMAND_LINE
    for name, group in GROUPS.items():
        for command in typer.main.get_group(group).commands:
            assert f"unblur {name} {command}" in COMMAND_LINE


@pytest.mark.parametrize(("command", "known"), [("restore", "--tile-px"), ("synthesize", "--blur")])
def test_every_option_is_explained_in_the_section_of_its_command(command: str, known: str) -> None:
    group = typer.main.get_command(app)
    parameters = group.commands[command].params
    names = {name for parameter in parameters for name in parameter.opts if name[0] == "-"}
    assert {"--output", known} <= names
    section = COMMAND_LINE.split(f"## unblur {command}\n")[1].split("\n## ")[0]
    for name in names:
        assert f"`{name}`" in section, name


def test_every_blur_option_is_explained() -> None:
    page = (ROOT / "docs" / "guide" / "training.md").read_text()
    for name in BlurOptions.model_fields:
        assert f"`{name}`" in page, name


def test_every_json_field_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "json-output.md").read_text()
    for field in FileReport.__dataclass_fields__:
        assert f"`{field}`" in page, field


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda it: it.stem)
def test_examples_run(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_readme_restores_a_picture_that_is_there() -> None:
    example = re.search(r"scripts/unblur (examples/\S+)", (ROOT / "README.md").read_text())
    assert example is not None
    assert (ROOT / example[1]).is_file()
    assert not is_video(Path(example[1]))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda it: str(it.relative_to(ROOT)))
def test_configs_load_and_lean_on_nothing_outside(path: Path) -> None:
    assert TrainingOptions.from_toml(path).network in GENERATORS
    assert ".." not in path.read_text()


def test_the_version_stands_in_one_place() -> None:
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text()
