"""Small sets of pictures to measure on, and programs that stand as models."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import numpy as np

from tests.pictures import picture_of
from unblur.media.image_files import write_picture


def write_level(path: Path, level: int, width: int = 16, height: int = 12) -> Path:
    """A PNG of one grey level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(picture_of(np.full((height, width, 3), level, np.uint8)), path)
    return path


def program(folder: Path, code: str) -> str:
    """The template of a command that runs `code` with `source` and `target` as names."""
    script = folder / f"peer{len(list(folder.glob('peer*')))}.py"
    script.write_text(f"import sys, time\nsource, target = sys.argv[1:]\n{code}\n")
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} {{in}} {{out}}"
