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

_TOGETHER = """
import threading
from unblur import Restorer

meeting = threading.Barrier(3)


def read_a_model():
    meeting.wait()
    Restorer("live", precision="int8").close()


threads = [threading.Thread(target=read_a_model) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("all read")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs signals as Unix has them")
def test_a_signal_is_survived_after_another_thread_let_go_of_the_restorer() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "heard\n", "")


def test_threads_that_read_models_at_the_same_time_do_not_wait_for_each_other_for_ever() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TOGETHER], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "all read\n", "")
