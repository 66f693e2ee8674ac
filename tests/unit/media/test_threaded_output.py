"""Servers that do not answer, or are not there: nobody but their sink waits for them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from unblur.errors import OutputError
from unblur.media.colours import Colours
from unblur.media.frame import Frame
from unblur.media.live_frames import LIVE_TIME_BASE, LiveFacts
from unblur.media.live_names import parse_sink
from unblur.media.live_sink import LiveSink
from unblur.media.reconnecting import Reconnecting
from unblur.media.returning_sink import open_lasting_sink

FACTS = LiveFacts(96, 160, Fraction(25), Colours())
LIMITS = {"rtmp": {"rw_timeout": "700000"}, "rtsp": {"timeout": "700000"}}


@pytest.fixture
def mute_port() -> Generator[int]:
    """The port of a server, in a process of its own, that accepts, and hangs up after 8 s."""
    words = [sys.executable, "-c", _MUTE]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


_MUTE = """
import socket, time
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    connection, _ = server.accept()
    time.sleep(8)
"""


def open_at(url: str, options: dict[str, str] | None = None, facts: LiveFacts = FACTS) -> LiveSink:
    """A sink for small frames that would come back."""
    return open_lasting_sink(
        parse_sink(url, options=options),
        facts,
        title="",
        reconnecting=Reconnecting(),
        tell=lambda _: None,
    )


def send_many(sink: LiveSink) -> None:
    """Send ten seconds of frames as fast as they are taken."""
    pixels = np.zeros((96, 160, 3), np.uint8)
    for index in range(250):
        sink.write(Frame(pixels, 3600 * index, LIVE_TIME_BASE))


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
def test_a_server_that_never_answers_is_an_error_and_holds_up_no_other_thread(
    scheme: str, mute_port: int
) -> None:
    ticks: list[float] = []
    is_over = threading.Event()

    def tick() -> None:
        while not is_over.wait(0.05):
            ticks.append(time.monotonic())

    ticking = threading.Thread(target=tick)
    ticking.start()
    url = f"{scheme}://127.0.0.1:{mute_port}/live/key"
    started_s = time.monotonic()
    with pytest.raises(OutputError, match=f"cannot send to {url}: "):
        send_many(open_at(url, LIMITS[scheme]))
    took_s = time.monotonic() - started_s
    is_over.set()
    ticking.join()
    assert 0.5 < took_s < 6
    assert sum(started_s < tick < started_s + took_s for tick in ticks) > 5


@pytest.mark.parametrize("scheme", ["rtmp", "rtsp", "tcp"])
def test_a_server_that_refuses_is_an_error_though_others_would_come_back(scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:9/live/key"
    with pytest.raises(OutputError, match=f"cannot send to {url}: "):
        send_many(open_at(url))


def test_options_with_colons_reach_the_protocol() -> None:
    sink = open_at("rtmp://127.0.0.1:9/live/key", {"rtmp_conn": r"S:a'b\c:d=e"})
    with pytest.raises(OutputError, match=r"cannot send to .*: (?!Invalid)"):
        send_many(sink)


def test_sound_that_the_container_cannot_hold_is_an_error_at_once() -> None:
    with av.open("", "w", format="mpegts") as template:
        facts = replace(FACTS, sound=template.add_stream("mp2", rate=48_000))
        with pytest.raises(OutputError, match=r"cannot send to .*: 'flv' format does not support"):
            open_at("rtmp://127.0.0.1:9/live/key", facts=facts)
