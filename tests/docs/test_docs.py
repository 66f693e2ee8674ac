"""The documentation says what the program does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

import unblur
from unblur.apps.cli.main import COMMANDS, GROUPS, app
from unblur.data.blur_synthesis.options import BlurOptions
from unblur.media.frame import Frame
from unblur.restoration.file_jobs import FileReport
from unblur.restoration.inputs import is_video
from unblur.restoration.live_meter import LiveReport

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PYTHON_BLOCK = re.compile(r"^( *)```python\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
CONFIGS = sorted((ROOT / "configs").rglob("*.toml"))
COMMAND_LINE = (ROOT / "docs" / "guide" / "command-line.md").read_text()


def python_in(page: Path) -> list[str]:
    """The Python blocks of a page, each without its indent."""
    return [textwrap.dedent(block) for _, block in PYTHON_BLOCK.findall(page.read_text())]


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


@pytest.mark.parametrize(
    ("command", "known"), [("restore", "--tile-px"), ("live", "--to"), ("synthesize", "--blur")]
)
def test_every_option_is_explained_in_the_section_of_its_command(command: str, known: str) -> None:
    group = typer.main.get_command(app)
    parameters = group.commands[command].params
    names = {name for parameter in parameters for name in parameter.opts if name[0] == "-"}
    assert known in names
    section = COMMAND_LINE.split(f"## unblur {command}\n")[1].split("\n## ")[0]
    for name in names:
        assert f"`{name}`" in section, name


def test_the_extras_that_commands_need_are_there() -> None:
    table = COMMAND_LINE.split("| command | extras |\n")[1].split("\n\n")[0]
    cells = [row.rsplit("|", 2)[1] for row in table.splitlines()[1:]]
    named = {word for cell in cells for word in re.findall(r"`([a-z]\w*)`", cell)}
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert named == set(known) - {"test", "dev"}


def test_every_blur_option_is_explained() -> None:
    page = (ROOT / "docs" / "guide" / "training.md").read_text()
    for name in BlurOptions.model_fields:
        assert f"`{name}`" in page, name


def test_every_json_field_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "json-output.md").read_text()
    for field in [*FileReport.__dataclass_fields__, *LiveReport.__dataclass_fields__]:
        assert f"`{field}`" in page, field


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda it: it.stem)
def test_examples_run(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("page", ["README.md", "docs/guide/python.md"])
def test_python_in_the_pages_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = python_in(ROOT / page)
    assert blocks
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    for name in ("photo.jpg", "examples/street.jpg"):
        Image.new("RGB", (32, 24), "grey").save(tmp_path / name)
    shown: list[object] = []
    names: dict[str, object] = {
        "pixels": np.zeros((24, 32, 3), np.uint8),
        "frames": [Frame(np.zeros((24, 32, 3), np.uint8), 7, Fraction(1, 10))],
        "show": lambda *values: shown.append(values[1]),
    }
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    (result,) = tmp_path.rglob("*_unblurred.jpg")
    assert str(result.relative_to(tmp_path)) in capsys.readouterr().out
    if page == "docs/guide/python.md":
        assert unblur.read_picture("restored.png").samples.shape == (24, 32, 3)
    assert shown == ([Fraction(7, 10)] if "show(" in "".join(blocks) else [])


def test_every_public_name_is_described() -> None:
    page = (ROOT / "docs" / "guide" / "python.md").read_text()
    rows = page.split("| name in `unblur` | what it is |\n|---|---|\n")[1].split("\n\n")[0]
    names = [
        name for row in rows.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    assert sorted(names) == sorted(unblur.__all__)


def test_every_commit_may_run_the_checks() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    (entry,) = re.findall(r"^ *entry: (\S+)$", hooks, re.MULTILINE)
    assert os.access(ROOT / entry, os.X_OK)
    assert entry == "scripts/check"


def test_the_generator_in_contributing_reaches_as_far_as_it_says() -> None:
    torch = pytest.importorskip("torch")
    blocks = python_in(ROOT / "CONTRIBUTING.md")
    names: dict[str, Any] = {}
    exec(blocks[0], names)
    generator = names["StackGenerator"]()
    for parameter in generator.parameters():
        parameter.data.fill_(0.1)
    picture = torch.ones(1, 3, 41, 41, requires_grad=True)
    generator.correction(picture)[0, 0, 20, 20].backward()
    rows = picture.grad.abs().sum(dim=(0, 1, 3)).nonzero()
    assert f"halo_px={20 - int(rows.min())}," in blocks[1]


def test_the_readme_restores_a_picture_that_is_there() -> None:
    example = re.search(r"scripts/unblur (examples/\S+)", (ROOT / "README.md").read_text())
    assert example is not None
    assert (ROOT / example[1]).is_file()
    assert not is_video(Path(example[1]))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda it: str(it.relative_to(ROOT)))
def test_configs_load_and_lean_on_nothing_outside(path: Path) -> None:
    for needed in ("cv2", "torch"):
        pytest.importorskip(needed)
    from unblur.models.catalog import GENERATORS
    from unblur.training.config import TrainingOptions

    options = TrainingOptions.from_toml(path)
    assert GENERATORS[options.network].size_rule.padding(options.crop_px) == 0
    assert ".." not in path.read_text()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda it: str(it.relative_to(ROOT)))
def test_commands_in_configs_name_all_that_is_required(path: Path) -> None:
    pack = typer.main.get_group(GROUPS["data"]).commands["pack"]
    for words in re.findall(r"unblur data pack (.*)", path.read_text()):
        pack.make_context("pack", words.split())


def test_the_version_stands_in_one_place() -> None:
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text()
