"""Another program as a model: a picture file in, a picture file out, without a shell."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from unblur.errors import ComputationError, ConfigError, UnblurError
from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.image_files import read_picture, write_picture
from unblur.media.picture import Picture, PictureFile

_IN, _OUT = "{in}", "{out}"
_LONGEST_WORDS = 200


class CommandModel:
    """Restores a picture by running `template`, such as "prog --fast {in} {out}".

    `{in}` and `{out}` stand for PNG files and may be parts of words. The words are split
    as a shell would, and given to the program as they are. A run longer than `timeout_s`
    seconds is ended, with all that it started.

    Raises ConfigError when a placeholder is missing or there is no such program.
    """

    def __init__(self, template: str, timeout_s: float = 60) -> None:
        try:
            self._words = shlex.split(template)
        except ValueError as error:
            raise ConfigError(f"cannot read the command {template!r}: {error}") from error
        for place in (_IN, _OUT):
            if not any(place in word for word in self._words):
                raise ConfigError(
                    f"the command {template!r} lacks {place}; expected something like "
                    f"'prog {_IN} {_OUT}'"
                )
        if shutil.which(self._words[0]) is None:
            raise ConfigError(f"there is no program {self._words[0]!r} that could be run")
        self._timeout_s = timeout_s
        plain = [word for word in self._words if _IN not in word and _OUT not in word]
        self.name = " ".join(Path(word).name for word in plain)

    def restore(self, pixels: Pixels) -> Pixels:
        """The restored picture, of the same shape.

        Raises ComputationError when the program fails, takes too long, writes nothing
        that can be read, or a picture of another size.
        """
        with TemporaryDirectory() as folder:
            source, target = Path(folder) / "in.png", Path(folder) / "out.png"
            write_picture(Picture(pixels, None, PictureFile("PNG")), source)
            self._run(
                [word.replace(_IN, str(source)).replace(_OUT, str(target)) for word in self._words]
            )
            if not target.is_file():
                raise ComputationError(f"{self.name} wrote no picture to {_OUT}")
            try:
                restored = to_eight_bits(read_picture(target).samples)
            except UnblurError as error:
                raise ComputationError(
                    f"{self.name} wrote what cannot be read: {error}".replace(str(target), _OUT)
                ) from error
        if restored.shape != pixels.shape:
            raise ComputationError(
                f"{self.name} wrote a picture of {restored.shape[1]}x{restored.shape[0]} pixels, "
                f"expected {pixels.shape[1]}x{pixels.shape[0]}"
            )
        return restored

    def _run(self, words: list[str]) -> None:
        """Run the program; raises ComputationError when it does not end well in time."""
        try:
            process = subprocess.Popen(  # noqa: S603 - what the user asked to run, without a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ComputationError(f"{self.name} cannot be run: {error.strerror}") from error
        with process:
            try:
                said, _ = process.communicate(timeout=self._timeout_s)
            except subprocess.TimeoutExpired as late:
                raise ComputationError(
                    f"{self.name} took longer than {self._timeout_s:g} s and was ended"
                ) from late
            finally:
                _end_all(process)
        if process.returncode != 0:
            lines = said.decode(errors="replace").strip().splitlines()
            last = lines[-1].strip() if lines else "it said nothing"
            raise ComputationError(
                f"{self.name} failed with code {process.returncode}: {last[:_LONGEST_WORDS]}"
            )


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """End what is still running of the program and of what it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
