"""How the package is put together: sizes, names, what is imported when."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import unblur
from unblur.runtimes.opening import RUNTIMES

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src" / "unblur").rglob("*.py"))
HARD_LIMIT = 400


def modules_after(statement: str) -> set[str]:
    """Top-level modules that a fresh process has loaded after `statement`."""
    code = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= HARD_LIMIT


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not modules_after("import unblur") & {"numpy", "av", "PIL", "openvino", "torch", "typer"}


def test_help_loads_nothing_heavy() -> None:
    statement = "from unblur.apps.cli.main import main\nmain(['--help'])"
    assert not modules_after(statement) & {"numpy", "av", "PIL", "openvino", "torch"}


def test_restoring_loads_no_torch() -> None:
    statement = (
        "import numpy, unblur\n"
        "unblur.Restorer('live').restore(numpy.zeros((16, 16, 3), numpy.uint8))"
    )
    loaded = modules_after(statement)
    assert "openvino" in loaded
    assert not loaded & {"torch", "timm", "cv2", "onnx", "nncf"}


@pytest.mark.parametrize("statement", ["unblur.Restorer('live')", "import unblur.export.quantize"])
def test_nothing_is_told_to_the_makers_of_a_library(statement: str, tmp_path: Path) -> None:
    if "quantize" in statement:
        pytest.importorskip("nncf")
    code = f"""import sys, unblur
{statement}
assert sys.modules["openvino_telemetry"] is None
"""
    places = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code], env=os.environ | places, check=True)
    assert list(tmp_path.iterdir()) == []


def test_the_public_names_are_there_and_sorted() -> None:
    assert sorted(unblur.__all__) == unblur.__all__
    for name in unblur.__all__:
        assert getattr(unblur, name) is not None
    assert unblur.__doc__ is not None
    assert f"\n{' '.join(unblur.__all__)}\n" in unblur.__doc__
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        _ = unblur.missing


@pytest.mark.parametrize("name", RUNTIMES)
def test_every_runtime_in_the_table_can_be_imported(name: str) -> None:
    entry = RUNTIMES[name]
    pytest.importorskip(entry.package)
    module = importlib.import_module(entry.module)
    assert isinstance(getattr(module, entry.type_name), type)


def test_nothing_but_the_package_depends_on_the_path_of_a_checkout() -> None:
    for path in SOURCES:
        assert "../shared" not in path.read_text(), path
