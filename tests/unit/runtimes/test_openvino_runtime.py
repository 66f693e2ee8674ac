"""OpenVINO in a process that has signals and threads."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

_PROGRAM = """
import gc, os, signal, threading
import numpy, unblur

signal.signal(signal.SIGUSR1, lambda *_: print("heard"))
held = [unblur.Restorer("live")]
held[0].restore(numpy.zeros((16, 16, 3), numpy.uint8))


def let_go():
    held.clear()
    gc.collect()


thread = threading.Thread(target=let_go)
thread.start()
thread.join()
os.kill(os.getpid(), signal.SIGUSR1)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs signals as Unix has them")
def test_a_signal_is_survived_after_another_thread_let_go_of_the_restorer() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "heard\n", "")
