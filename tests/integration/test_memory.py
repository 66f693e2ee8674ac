"""Large pictures in little memory, whole command, measured by the system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

resource = pytest.importorskip("resource")

_MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "unblur", *sys.argv[1:]])
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("height", "width", "most_gb"),
    [(3000, 4000, 1.5), pytest.param(10000, 10000, 3.0)],
    ids=["12MP", "100MP"],
)
def test_the_peak_stays_below_its_bar(
    tmp_path: Path, height: int, width: int, most_gb: float
) -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (height // 20, width // 20, 3), np.uint8)
    Image.fromarray(coarse).resize((width, height)).save(tmp_path / "a.jpg", quality=80)
    words = [sys.executable, "-c", _MEASURE, "restore", str(tmp_path / "a.jpg"), "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    code, peak_gb = done.stdout.split()
    assert (code, done.stderr) == ("0", "")
    assert 0.1 < float(peak_gb) < most_gb
    with Image.open(tmp_path / "a_unblurred.jpg") as restored:
        assert restored.size == (width, height)
