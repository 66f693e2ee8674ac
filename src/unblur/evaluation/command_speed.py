"""How long the whole command takes, start-up and files included."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from unblur.errors import ComputationError
from unblur.media.image_files import write_picture
from unblur.media.picture import Picture, PictureFile


def time_image_command(model: str, size: tuple[int, int], rounds: int = 5) -> list[float]:
    """Seconds that `unblur restore` takes for a JPEG of `size`, start-up and all, each round.

    `size` is (height, width). Each round is a process of its own, after one to warm
    the disk's cache. Raises ComputationError when the command fails.
    """
    seconds: list[float] = []
    with TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.jpg"
        rng = np.random.default_rng(0)
        coarse = rng.integers(0, 256, (size[0] // 16 + 1, size[1] // 16 + 1, 3), np.uint8)
        pixels = coarse.repeat(16, axis=0).repeat(16, axis=1)[: size[0], : size[1]]
        write_picture(Picture(pixels, None, PictureFile("JPEG")), picture)
        words = [sys.executable, "-m", "unblur", "restore", str(picture), "--model", model]
        for _ in range(rounds + 1):
            started = time.perf_counter()
            done = subprocess.run(  # noqa: S603 - our own command, on our own file
                [*words, "--overwrite", "--quiet"], check=False, capture_output=True, text=True
            )
            seconds.append(time.perf_counter() - started)
            if done.returncode != 0:
                raise ComputationError(f"`unblur restore` failed: {done.stderr.strip()}")
    return seconds[1:]
