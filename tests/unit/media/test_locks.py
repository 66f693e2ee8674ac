"""A file that one process holds: others are told, and its death lets go of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from unblur.errors import OutputError
from unblur.media.locks import holding

HOLD = """
import os, sys, time
from pathlib import Path
from unblur.media.locks import holding
with holding(Path(sys.argv[1])) as is_ours:
    child = os.fork()
    if child:
        print(is_ours, child, flush=True)
    time.sleep(60)
"""


def test_only_one_holds_a_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holding(path) as first, holding(path) as second:
        assert (first, second) == (True, False)
    with holding(path) as third:
        assert third


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"cannot write .*a/lock: No such file .*; choose another"),
        holding(tmp_path / "a" / "lock"),
    ):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_killed_process_lets_go_even_where_its_child_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    words = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said, child = process.stdout.readline().split()
        try:
            with holding(path) as is_held_twice:
                assert (said, is_held_twice) == ("True", False)
            process.kill()
            process.wait()
            with holding(path) as is_free:
                assert is_free
        finally:
            os.kill(int(child), signal.SIGKILL)
