"""Videos that are stopped and go on: what comes out is what would have come out."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.clips import Clip, frame_times, long_clip, make_clip, packets_of
from tests.fake_runtime import FACTS, FakeRuntime
from tests.video_tools import check_same_times
from unblur.errors import OutputError
from unblur.facts import StateMap
from unblur.images.arrays import Pixels
from unblur.images.state import State
from unblur.media import packet_log, video_writer
from unblur.media.codecs import VideoCodec, available_codecs
from unblur.media.video_reader import open_video
from unblur.media.video_writer import create_video, log_path
from unblur.restoration import restorer as restorer_module
from unblur.restoration.restorer import Restorer

CLIP = long_clip(
    60, height=144, width=256, has_audio=True, subtitle_codec="subrip", has_chapters=True
)
MADE_BY = {"model": "none"}


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_writer, "_SEGMENT_FRAMES", (10, 10))


class Remembering(FakeRuntime):
    """Makes each frame lighter by how many it has seen before it."""

    def restore_next(self, pixels: Pixels, state: State | None) -> tuple[Pixels, State]:
        """The lighter frame, and the count."""
        seen = 0 if state is None else int(state[0].flat[0])
        return np.clip(pixels.astype(int) + seen, 0, 255).astype(np.uint8), (
            np.full(1, seen + 1, np.float32),
        )


def copy(
    source: Path,
    target: Path,
    codec: VideoCodec = "h264",
    stop_after: int | None = None,
    made_by: dict[str, str] | None = MADE_BY,
    restorer: Restorer | None = None,
) -> int:
    """Copy a video frame by frame; gives how many frames were written in this run."""
    count = 0
    with (
        open_video(source) as reader,
        create_video(target, like=reader, codec=codec, made_by=made_by) as writer,
    ):
        frames = reader.frames(after=writer.written_until)
        if restorer is not None:
            frames = restorer.restore_frames(frames, forgets_every=writer.segment_length)
        for frame in frames:
            if count == stop_after:
                raise KeyboardInterrupt
            writer.write(frame)
            count += 1
        assert writer.frame_count == 60
    return count


@pytest.mark.parametrize("codec", available_codecs())
def test_a_video_stopped_twice_equals_one_that_was_not(tmp_path: Path, codec: VideoCodec) -> None:
    source = make_clip(tmp_path / "in.mkv", CLIP)
    target, whole = tmp_path / "out.mkv", tmp_path / "whole.mkv"
    copy(source, whole, codec)
    for count in (25, 18):
        with pytest.raises(KeyboardInterrupt):
            copy(source, target, codec, stop_after=count)
        assert log_path(target).exists()
        assert not target.exists()
    assert copy(source, target, codec) == 30, "the last thirty of sixty were not finished"
    assert not log_path(target).exists()
    for kind in ("video", "audio", "subtitle"):
        assert packets_of(target, kind) == packets_of(whole, kind)
    assert frame_times(target) == frame_times(source)


def test_what_a_network_remembers_does_not_depend_on_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = replace(FACTS, state_maps=(StateMap(1, 16),))
    monkeypatch.setattr(restorer_module, "open_runtime", lambda *_: Remembering(facts=facts))
    source = make_clip(tmp_path / "in.mkv", CLIP)
    target, whole = tmp_path / "out.mkv", tmp_path / "whole.mkv"
    copy(source, whole, restorer=Restorer())
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop_after=25, restorer=Restorer())
    assert copy(source, target, restorer=Restorer()) == 40
    assert packets_of(target, "video") == packets_of(whole, "video")
    copy(source, tmp_path / "plain.mkv")
    assert packets_of(target, "video") != packets_of(tmp_path / "plain.mkv", "video")


def test_narrow_pictures_are_encoded_the_same_each_time(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", long_clip(60, height=96, width=64))
    made: set[bytes] = set()
    for run in range(30):
        target = tmp_path / f"out{run}.mp4"
        copy(source, target)
        made.add(b"".join(encoded for _, _, encoded in packets_of(target, "video")))
    assert len(made) == 1


def test_variable_frame_times_survive_segments_and_stops(tmp_path: Path) -> None:
    pts = [900 + 512 * index + 37 * (index % 5) for index in range(60)]
    source = make_clip(tmp_path / "in.mp4", Clip(pts=pts, last_duration=99, has_audio=True))
    target = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop_after=41)
    copy(source, target)
    check_same_times(source, target)


@pytest.mark.parametrize("change", ["input", "made_by"])
def test_what_was_made_of_something_else_is_not_used(tmp_path: Path, change: str) -> None:
    source = make_clip(tmp_path / "in.mkv", CLIP)
    target = tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop_after=41)
    if change == "input":
        os.utime(source, (1, 1))
    made_by = {"model": "another"} if change == "made_by" else MADE_BY
    assert copy(source, target, made_by=made_by) == 60


def test_a_full_disk_stops_cleanly_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = make_clip(tmp_path / "in.mkv", CLIP), tmp_path / "out.mp4"
    room = [40_000]
    real_write = packet_log._write_record

    def write(file, kind: bytes, content: bytes) -> None:
        room[0] -= len(content)
        if room[0] < 0:
            file.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real_write(file, kind, content)

    monkeypatch.setattr(packet_log, "_write_record", write)
    with pytest.raises(OutputError, match="the disk is full"):
        copy(source, target)
    assert {path.name for path in tmp_path.iterdir()} == {"in.mkv", ".out.mp4.partial"}
    room[0] = 10**9
    written = copy(source, target)
    assert 0 < written < 60
    copy(source, tmp_path / "whole.mp4")
    assert target.read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_a_stop_while_the_file_is_put_together_costs_no_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = make_clip(tmp_path / "in.mkv", CLIP), tmp_path / "out.mp4"

    def stop(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(video_writer, "join", stop)
        with pytest.raises(KeyboardInterrupt):
            copy(source, target)
    assert {path.name for path in tmp_path.iterdir()} == {"in.mkv", ".out.mp4.partial"}
    assert copy(source, target) == 0
    assert frame_times(target) == frame_times(source)


DIES = """
import os, sys
from pathlib import Path
from tests.integration.test_resume import copy
from unblur.media import video_writer

def die(temporary, *_):
    temporary.write_bytes(b"half")
    os._exit(9)

video_writer.join = die
copy(*map(Path, sys.argv[1:]))
"""


def test_what_a_kill_leaves_while_the_file_is_put_together_is_gone_after_the_next_run(
    tmp_path: Path,
) -> None:
    source, target = make_clip(tmp_path / "in.mkv", CLIP), tmp_path / "out.mp4"
    for _ in range(2):
        killed = subprocess.run(
            [sys.executable, "-c", DIES, str(source), str(target)],
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(("src", "."))},
        )
        assert killed.returncode == 9
        assert len(list(tmp_path.glob(".unblur-*.mp4"))) == 1
    assert copy(source, target) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"in.mkv", "out.mp4"}
    assert frame_times(target) == frame_times(source)


def test_a_stop_before_the_first_segment_leaves_nothing(tmp_path: Path) -> None:
    source, target = make_clip(tmp_path / "in.mkv", CLIP), tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop_after=5)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


def test_a_name_at_the_length_limit_can_be_resumed(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", CLIP)
    target = tmp_path / f"{'n' * 251}.mp4"
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop_after=15)
    assert copy(source, target) == 50
