"""Live sessions over loopback with real FFmpeg senders and receivers; each stops by itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from tests.clips import frame_times, long_clip, make_clip, packets_of
from tests.live_tools import (
    Told,
    free_port,
    parts_of,
    receiving,
    run_live,
    sending,
)
from unblur.errors import MediaError
from unblur.media import live_container
from unblur.media.live_container import LiveContainer
from unblur.media.reconnecting import Reconnecting
from unblur.media.srt_relay import relay_to
from unblur.restoration.live_meter import LiveReport
from unblur.weights.store import BUNDLED

needs_weights = pytest.mark.skipif(
    not (BUNDLED / "live.int8.onnx").exists(), reason="no weights are bundled"
)
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")
needs_srt = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="the program ffmpeg, which speaks SRT, is not here"
)


def test_a_stream_over_udp_comes_out_in_order_young_and_with_its_sound() -> None:
    source, sink = (f"udp://127.0.0.1:{free_port()}" for _ in range(2))
    with receiving(sink, 1.5) as seen, sending(source, 4.5, after_s=0.2):
        summary = run_live(source, sink, limit_s=3.5)
    received = seen[0]
    assert received.frames >= 20
    assert (received.disordered, received.unreadable) == (0, 0)
    assert 0 <= sorted(received.ages_ms)[len(received.ages_ms) // 2] < 1000
    assert received.sound_packets >= 25
    assert all(abs(ahead) < 400 for ahead in received.sound_ahead_ms)
    assert summary.disordered == 0
    assert summary.age_ms is not None
    assert summary.age_ms < 1000


def test_a_file_is_played_in_real_time_and_its_sound_stays_in_step(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", long_clip(50, has_audio=True, height=96, width=160))
    target = tmp_path / "out" / "a.mkv"
    target.parent.mkdir()
    started_s = time.monotonic()
    summary = run_live(str(clip), str(target))
    assert 1.7 < time.monotonic() - started_s < 10
    assert summary.received == 50
    assert parts_of(target) == ["a.mkv"]
    sound, sound_there = packets_of(clip, "audio"), packets_of(target, "audio")
    assert [data for *_, data in sound_there] == [data for *_, data in sound]
    shifts = {there[0] - here[0] for here, there in zip(sound, sound_there, strict=True)}
    times, there = frame_times(clip), frame_times(target)
    assert len(there) == summary.delivered
    assert there == sorted(set(there))
    # Each frame that was kept is where it was, beside the sound.
    shift = Fraction(max(shifts), 1000)
    assert max(shifts) - min(shifts) <= 2
    for moment in there:
        assert min(abs(moment - shift - each) for each in times) <= Fraction(3, 1000)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.ts"])
def test_every_kind_of_file_can_be_written(tmp_path: Path, name: str) -> None:
    odd = long_clip(15, has_audio=True, height=95, width=161, pixel_format="yuv444p")
    clip = make_clip(tmp_path / "in.mkv", odd)
    target = tmp_path / name
    summary = run_live(str(clip), str(target))
    assert len(frame_times(target)) == summary.delivered > 0
    assert packets_of(target, "audio")


def test_tcp_and_rtmp_work_on_loopback(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", long_clip(60, has_audio=True, height=96, width=160))
    port = free_port()
    with receiving(f"tcp://127.0.0.1:{port}?listen=1", 30.0) as seen:
        time.sleep(0.3)
        summary = run_live(str(clip), f"tcp://127.0.0.1:{port}")
    assert 5 < seen[0].frames <= summary.delivered
    target, port = tmp_path / "out.mkv", free_port()
    listening = {"listen": "1"}
    with _pushing(clip, f"rtmp://127.0.0.1:{port}/live/key", "flv"):
        summary = run_live(
            f"rtmp://127.0.0.1:{port}/live/key", str(target), source_options=listening
        )
    assert len(frame_times(target)) == summary.delivered > 5
    assert packets_of(target, "audio")


@pytest.mark.parametrize(
    ("scheme", "listening"),
    [
        ("rtmp", {"listen": "1"}),
        ("rtsp", {"rtsp_flags": "listen", "listen_timeout": "20"}),
    ],
)
def test_servers_get_pictures_and_sound(
    tmp_path: Path, scheme: str, listening: dict[str, str]
) -> None:
    clip = make_clip(tmp_path / "in.mkv", long_clip(75, has_audio=True, height=96, width=160))
    url, target = f"{scheme}://127.0.0.1:{free_port()}/live/key", tmp_path / "out.mkv"
    summaries: list[LiveReport] = []

    def send() -> None:
        time.sleep(1)
        summaries.append(run_live(str(clip), url))

    sender = threading.Thread(target=send)
    sender.start()
    summary = run_live(url, str(target), source_options=listening)
    sender.join(20)
    assert 10 < summary.received <= summaries[0].received
    assert len(frame_times(target)) == summary.delivered > 5
    assert packets_of(target, "audio")


def test_a_receiver_that_breaks_off_gets_the_stream_again(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", long_clip(120, has_audio=True, height=96, width=160))
    told = Told()
    parts: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def receive_twice() -> None:
            for byte_count in (20_000, 10**9):
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as stream:
                    parts.append(stream.read(byte_count))

        receiver = threading.Thread(target=receive_twice, daemon=True)
        receiver.start()
        sink = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        summary = run_live(str(clip), sink, reconnecting=Reconnecting(), told=told)
        receiver.join(10)
    assert told.sentences == [f"lost {sink}; trying again in 0.5 s", f"{sink} is back"]
    assert len(parts) == 2
    (tmp_path / "again.ts").write_bytes(parts[1])
    again = frame_times(tmp_path / "again.ts")
    assert 20 < len(again) < summary.delivered
    assert packets_of(tmp_path / "again.ts", "audio")
    assert 8 < summary.dropped < 60
    assert summary.delivered + summary.dropped == 120


@needs_srt
def test_srt_works_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_container, "SILENT_S", 15.0)  # two programs start on a busy machine
    port = free_port()
    sink = f"udp://127.0.0.1:{free_port()}"
    with (
        closing(relay_to(f"srt://127.0.0.1:{port}?mode=listener")) as relay,
        receiving(sink, 1.0) as seen,
        sending(relay.url, 12.0),
    ):
        run_live(f"srt://127.0.0.1:{port}?connect_timeout=10000", sink, limit_s=2.5)
    assert seen[0].frames >= 10
    assert seen[0].disordered == 0


def test_a_lost_source_is_opened_again_and_time_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_container, "SILENT_S", 0.8)
    source, target, told = f"udp://127.0.0.1:{free_port()}", tmp_path / "a.mkv", Told()
    with sending(source, 1.5, after_s=0.2), sending(source, 4.0, after_s=4.0):
        summary = run_live(source, str(target), limit_s=6.5, reconnecting=Reconnecting(), told=told)
    assert summary.lost >= 1
    assert any("trying again in 0.5 s" in sentence for sentence in told.sentences)
    assert any("is back" in sentence for sentence in told.sentences)
    moments = frame_times(target)
    assert moments == sorted(set(moments))
    assert len(moments) == summary.delivered
    gap = max(later - earlier for earlier, later in pairwise(moments))
    assert 1.5 < gap < 5
    assert summary.disordered == 0


def test_a_source_that_does_not_come_back_ends_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_container, "SILENT_S", 2.0)
    source, target = f"udp://127.0.0.1:{free_port()}", tmp_path / "a.mp4"
    with (
        sending(source, 2.0, after_s=0.2),
        pytest.raises(MediaError, match=r"did not come back in 1 attempts: nothing came"),
    ):
        run_live(source, str(target), reconnecting=Reconnecting(most_attempts=1))
    assert frame_times(target)


def test_without_reconnecting_a_lost_source_is_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_container, "SILENT_S", 2.0)
    source, told = f"udp://127.0.0.1:{free_port()}", Told()
    with sending(source, 2.0, after_s=0.2):
        summary = run_live(source, "none", told=told)
    assert summary.delivered > 5
    assert told.sentences[-1].endswith("has ended")


def test_a_source_whose_packets_give_no_pictures_is_put_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decode = LiveContainer._decode

    def decode_what_is_put_together(self: LiveContainer, packet: Any) -> list[av.VideoFrame]:
        return [] if self._is_whole else decode(self, packet)

    monkeypatch.setattr(LiveContainer, "_decode", decode_what_is_put_together)
    source = f"udp://127.0.0.1:{free_port()}"
    with sending(source, 6.5, after_s=0.1):
        summary = run_live(source, "none", limit_s=1)
    assert summary.delivered > 10


class QuietHandler(SimpleHTTPRequestHandler):
    """Gives files of `directory` from their begin only."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_file_over_http_ends_once_where_the_server_cannot_seek(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.ts", long_clip(40, height=96, width=160))
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/a.ts"
        summary = run_live(url, "none", limit_s=20)
        server.shutdown()
    assert summary.lost == 0
    assert 30 <= summary.received <= 40
    assert summary.seconds < 15


@needs_posix
@needs_weights
@pytest.mark.parametrize(
    "stops",
    [("SIGINT",), ("SIGTERM",), ("SIGHUP",), ("SIGINT", "SIGINT", "SIGTERM", "SIGINT")],
    ids=" ".join,
)
def test_ctrl_c_leaves_a_file_that_plays(tmp_path: Path, stops: tuple[str, ...]) -> None:
    process = _start("live", "pattern", "--to", "out.mp4", cwd=tmp_path)
    _wait_for_recording(tmp_path)
    for stop in stops:
        process.send_signal(signal.Signals[stop])
        time.sleep(0.03)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, b"")
    assert b"stopping" in err
    assert b"in all: " in err
    assert len(frame_times(tmp_path / "out.mp4")) > 2
    assert parts_of(tmp_path / "out.mp4") == ["out.mp4"]


_IN_TERMINAL = """
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, "-m", "unblur", *sys.argv[1:]])
sys.stdin.read()
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def _wait_for_recording(folder: Path) -> None:
    """Until something is recorded in `folder`."""
    deadline_s = time.monotonic() + 60
    while not any(each.stat().st_size > 50_000 for each in folder.glob(".unblur-*")):
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


@needs_posix
@needs_weights
def test_a_terminal_that_closes_leaves_a_file_that_plays(tmp_path: Path) -> None:
    in_terminal = [sys.executable, "-c", _IN_TERMINAL, "live", "pattern", "--to", "a.mp4"]
    process = subprocess.Popen(in_terminal, cwd=tmp_path, stdin=subprocess.PIPE)
    _wait_for_recording(tmp_path)
    process.communicate(timeout=30)  # its input ends
    assert process.returncode == 0
    assert len(frame_times(tmp_path / "a.mp4")) > 2
    assert parts_of(tmp_path / "a.mp4") == ["a.mp4"]


@needs_posix
@needs_weights
def test_ctrl_c_ends_the_wait_for_a_source_from_which_nothing_comes(tmp_path: Path) -> None:
    source = f"udp://127.0.0.1:{free_port()}"
    process = _start("live", source, "--to", "out.mp4", cwd=tmp_path)
    assert process.stderr is not None
    assert b"nothing comes from" in process.stderr.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=3)
    assert process.returncode == 130
    assert b"stopped" in err
    assert parts_of(tmp_path / "out.mp4") == []


@needs_posix
@needs_weights
@pytest.mark.parametrize("scheme", ["rtmp", "rtsp"])
def test_ctrl_c_ends_the_wait_for_a_server_that_never_answers(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/live/key"
        limit_option = "timeout=60000000" if scheme == "rtsp" else "rw_timeout=60000000"
        words = ["live", "pattern", "--to", url, "--sink-option", limit_option]
        process = _start(*words, cwd=tmp_path)
        server.settimeout(60)
        with server.accept()[0]:
            time.sleep(1.0)
            process.send_signal(signal.SIGINT)
            try:
                _, err = process.communicate(timeout=8)
            finally:
                process.kill()
    assert process.returncode == 0
    assert b"stopping" in err


@needs_posix
@needs_weights
def test_pipes_are_read_and_written(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.ts", long_clip(20, has_audio=True, height=96, width=160))
    process = _start("live", "-", "--to", "-", cwd=tmp_path)
    out, err = process.communicate(clip.read_bytes(), timeout=60)
    assert process.returncode == 0, err
    (tmp_path / "out.ts").write_bytes(out)
    assert frame_times(tmp_path / "out.ts")
    assert packets_of(tmp_path / "out.ts", "audio")


@needs_weights
def test_json_is_an_object_a_second_and_one_at_the_end(tmp_path: Path) -> None:
    words = ["live", "pattern", "--to", "none", "--limit-s", "2.5", "--json"]
    process = _start(*words, cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    lines = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0, err
    assert [line["is_summary"] for line in lines] == [False, False, True]
    assert lines[-1]["received"] >= lines[-1]["delivered"] > 0
    assert lines[-1]["age_ms"] >= 0
    assert lines[-1]["disordered"] == 0


@needs_weights
def test_the_benchmark_measures_between_a_sender_and_a_receiver(tmp_path: Path) -> None:
    words = ["benchmark", "--live", "--seconds", "2", "--size", "320x180", "--rate", "15"]
    process = _start(*words, "--json", "--save", "live.json", cwd=tmp_path)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    row = json.loads(out)
    assert row["frames_per_s"] > 1
    assert (row["disordered"], row["unreadable"]) == (0, 0)
    assert row["sound_packets"] > 0
    assert row["age_ms"] > 0
    assert json.loads((tmp_path / "live.json").read_text())["rows"] == [row]


def _start(*words: str, cwd: Path) -> subprocess.Popen[bytes]:
    """`python -m unblur WORDS`."""
    return subprocess.Popen(
        [sys.executable, "-m", "unblur", *words],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


class _pushing:
    """Copies a clip to a URL in real time, a little later, in a process of its own."""

    def __init__(self, clip: Path, url: str, muxer: str) -> None:
        self._words = [sys.executable, "-c", _PUSH, str(clip), url, muxer]

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._words)

    def __exit__(self, *details: object) -> None:
        self._process.wait(20)


_PUSH = """
import sys, time, av
clip, url, muxer = sys.argv[1:]
time.sleep(0.5)
with av.open(clip) as source, av.open(url, "w", format=muxer) as output:
    copies = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
    started = time.monotonic()
    for packet in source.demux():
        if packet.size:
            moment = float(packet.pts * packet.time_base)
            time.sleep(max(0, started + moment - time.monotonic()))
            packet.stream = copies[packet.stream_index]
            output.mux(packet)
"""
