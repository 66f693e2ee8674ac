"""Encoders take no more of the machine than other programs do."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from tests.clips import long_clip, make_clip
from unblur.media.codecs import available_codecs, choose_encoder
from unblur.media.picture_stream import open_encoder
from unblur.media.scheduling import usual_scheduling
from unblur.media.video_reader import open_video

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may have real-time priority"
)


def real_time_threads() -> list[int]:
    """The threads of this process that run before all usual ones."""
    return [
        thread
        for thread in (int(each.name) for each in Path("/proc/self/task").iterdir())
        if os.sched_getscheduler(thread) != os.SCHED_OTHER
    ]


@pytest.mark.parametrize("codec", available_codecs())
def test_no_encoder_takes_real_time_priority(tmp_path: Path, codec: str) -> None:
    target = tmp_path / "out.mkv"
    with open_video(make_clip(tmp_path / "in.mkv", long_clip(3, height=96, width=128))) as reader:
        stream = open_encoder(target, choose_encoder(codec, target), reader)  # type: ignore[arg-type]
        assert real_time_threads() == []
        stream.container.close()
    assert real_time_threads() == []


def test_threads_that_had_it_before_keep_it() -> None:
    may_end, is_ready = threading.Event(), threading.Event()

    def work() -> None:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        is_ready.set()
        may_end.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert is_ready.wait(10)
        with usual_scheduling():
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        assert real_time_threads() == [thread.native_id]
    finally:
        may_end.set()
        thread.join()
