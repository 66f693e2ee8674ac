"""Large pictures in little memory, whole command, measured by the system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unblur.media.image_files import read_picture, write_picture
from unblur.media.picture import Picture, PictureFile
from unblur.restoration.inputs import name_target

resource = pytest.importorskip("resource")

_MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "unblur", *sys.argv[1:]])
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "height", "width", "most_gb", "options"),
    [
        ("a.jpg", 3000, 4000, 1.0, ()),
        ("deep.tif", 3000, 4000, 1.2, ()),
        # the usual four orientations are of each tile: they take time here, not memory
        ("a.jpg", 10000, 10000, 3.0, ("--self-ensemble", "1")),
    ],
    ids=["12MP", "12MP of 16 bits", "100MP"],
)
def test_the_peak_stays_below_its_bar(
    tmp_path: Path, name: str, height: int, width: int, most_gb: float, options: tuple[str, ...]
) -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (height // 20, width // 20, 3), np.uint8)
    image = Image.fromarray(coarse).resize((width, height))
    if name == "deep.tif":
        deep = np.asarray(image) * np.uint16(257)
        write_picture(Picture(deep, None, PictureFile("TIFF")), tmp_path / name)
    else:
        image.save(tmp_path / name, quality=80)
    words = ["restore", str(tmp_path / name), "--quiet", *options]
    measured = [sys.executable, "-c", _MEASURE, *words]
    done = subprocess.run(measured, capture_output=True, text=True, check=True)
    code, peak_gb = done.stdout.split()
    assert (code, done.stderr) == ("0", "")
    assert 0.1 < float(peak_gb) < most_gb
    assert read_picture(name_target(tmp_path / name)).samples.shape == (height, width, 3)
