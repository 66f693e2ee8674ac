"""Other programs as models: what they restore, and every way they can fail."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation_tools import program
from unblur.errors import ComputationError, ConfigError
from unblur.evaluation.command_model import CommandModel

PIXELS = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
COPY = "import shutil; shutil.copy(source, target)"


def test_a_program_gets_the_picture_and_gives_one_back(tmp_path: Path) -> None:
    model = CommandModel(program(tmp_path, COPY))
    assert np.array_equal(model.restore(PIXELS), PIXELS)
    assert model.name.endswith("peer0.py")


def test_words_reach_the_program_as_they_are_without_a_shell(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = "import pathlib; pathlib.Path(sys.argv[3]).write_text(sys.argv[4])\n" + COPY
    template = program(tmp_path, code.replace("import pathlib", "import pathlib", 1))
    script = Path(template.split()[1])
    script.write_text(script.read_text().replace("sys.argv[1:]", "sys.argv[1:3]"))
    CommandModel(f"{template} {said} '$HOME; echo `id`'").restore(PIXELS)
    assert said.read_text() == "$HOME; echo `id`"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("print('first'); sys.exit('out of luck')", "failed with code 1: out of luck"),
        ("sys.exit(3)", "failed with code 3: it said nothing"),
        ("pass", r"wrote no picture to \{out\}"),
        ("open(target, 'w').write('rubbish')", r"wrote what cannot be read: .*\{out\}"),
        (
            "from PIL import Image; Image.new('RGB', (15, 12)).save(target)",
            "wrote a picture of 15x12 pixels, expected 16x12",
        ),
    ],
)
def test_failures_are_named(code: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ComputationError, match=sentence):
        CommandModel(program(tmp_path, code)).restore(PIXELS)


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(2); pathlib.Path({str(alive)!r}).touch()"
    code = f"import subprocess; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    started = time.monotonic()
    with pytest.raises(ComputationError, match="took longer than 1 s and was ended"):
        CommandModel(program(tmp_path, code), timeout_s=1).restore(PIXELS)
    assert time.monotonic() - started < 20
    time.sleep(2)
    assert not alive.exists()


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("cp {in}", r"lacks \{out\}; expected something like 'prog \{in\} \{out\}'"),
        ("cp {out}", r"lacks \{in\}"),
        ("cp '{in} {out}", "cannot read the command"),
        ("no-such-program {in} {out}", "there is no program 'no-such-program'"),
    ],
)
def test_a_template_that_cannot_work_is_refused(template: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        CommandModel(template)
