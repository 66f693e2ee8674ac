"""Transport streams whose clock jumps: joined recordings, damaged stamps, and pauses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips import frame_times, gradient, long_clip, make_clip, packets_of
from tests.video_tools import copy_video
from unblur.media.video_reader import open_video
from unblur.media.video_writer import create_video

PACKET_BYTES = 188
VIDEO, SOUND = 0x100, 0x101
"""The numbers that FFmpeg's muxer gives the first two streams."""


def spoil_stamp(path: Path, stream: int, number: int) -> None:
    """Change two bits of the time stamp of the picture or sound `number` of a stream: 16 hours."""
    data = bytearray(path.read_bytes())
    for place in range(0, len(data), PACKET_BYTES):
        begins = data[place + 1] & 0x40
        if begins and (data[place + 1] & 0x1F) << 8 | data[place + 2] == stream:
            number -= 1
            if number == 0:
                has_field = data[place + 3] & 0x20
                header = place + 4 + (1 + data[place + 4] if has_field else 0)
                data[header + 9] ^= 0x0A
    path.write_bytes(data)


def sound_times(path: Path) -> list[int]:
    return [pts for pts, *_ in packets_of(path, "audio") if pts is not None]


@pytest.mark.parametrize("ending", [".ts", ".mp4", ".mkv"])
def test_joined_recordings_follow_one_another(tmp_path: Path, ending: str):
    part = make_clip(tmp_path / "part.ts", long_clip(50, has_audio=True))
    joined, target = tmp_path / "joined.ts", tmp_path / f"out{ending}"
    joined.write_bytes(part.read_bytes() * 3)
    reader, _ = copy_video(joined, target)
    times, alone = frame_times(target), frame_times(part)
    assert len(times) == 150
    for begin in (0, 50, 100):
        moved = [each - times[begin] for each in times[begin : begin + 50]]
        expected = [each - alone[0] for each in alone]
        assert all(abs(a - b) < Fraction(1, 500) for a, b in zip(moved, expected, strict=True))
    assert all(0 < times[begin] - times[begin - 1] < 0.3 for begin in (50, 100))
    assert len(sound_times(target)) == pytest.approx(3 * len(sound_times(part)), abs=2)
    assert any("clock begins anew between" in sentence for sentence in reader.warnings)


@pytest.mark.parametrize(("stream", "number"), [(VIDEO, 30), (SOUND, 5), (VIDEO, 60)])
def test_one_stamp_that_cannot_be_true_costs_nothing(tmp_path: Path, stream: int, number: int):
    source = make_clip(tmp_path / "in.ts", long_clip(60, has_audio=True))
    copy_video(source, tmp_path / "expected.ts")
    spoil_stamp(source, stream, number)
    reader, _ = copy_video(source, tmp_path / "out.ts")
    assert frame_times(tmp_path / "out.ts") == frame_times(tmp_path / "expected.ts")
    got, expected = (sound_times(tmp_path / f"{name}.ts") for name in ("out", "expected"))
    assert len(got) == len(expected)
    assert max(abs(a - b) for a, b in zip(got, expected, strict=True)) < 9000
    assert any("time stamp that cannot be true" in sentence for sentence in reader.warnings)


def test_a_pause_of_the_picture_stays(tmp_path: Path):
    clip = long_clip(20)
    paused = replace(clip, pts=[*clip.pts, *(pts + 12800 * 25 for pts in clip.pts)])
    source = make_clip(tmp_path / "in.ts", paused)
    reader, _ = copy_video(source, tmp_path / "out.ts")
    assert frame_times(tmp_path / "out.ts") == frame_times(source)
    assert reader.warnings == []


def test_a_clock_that_starts_hours_earlier_is_another_one(tmp_path: Path):
    """FFmpeg counts such stamps on from 2^33 ticks: the clock seems to jump ahead by hours."""
    parts = []
    for name, offset_s in (("late", 36_000), ("early", 3_600)):
        clip = long_clip(50, has_audio=True)
        later = replace(clip, muxer_options={"output_ts_offset": str(offset_s)})
        parts.append(make_clip(tmp_path / f"{name}.ts", later).read_bytes())
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(parts))
    reader, _ = copy_video(joined, tmp_path / "out.mkv")
    times = frame_times(tmp_path / "out.mkv")
    assert len(times) == 100
    assert times[-1] - times[0] < 5
    assert any("clock begins anew" in sentence for sentence in reader.warnings)


def test_a_part_behind_a_joint_has_its_own_sound(tmp_path: Path):
    part = make_clip(tmp_path / "part.ts", long_clip(400, height=16, width=32, has_audio=True))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part.read_bytes() * 2)
    with (
        open_video(joined, start_s=Fraction(20), end_s=Fraction(24)) as reader,
        create_video(tmp_path / "out.mkv", like=reader) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame)
    assert len(frame_times(tmp_path / "out.mkv")) == pytest.approx(100, abs=2)
    with av.open(str(tmp_path / "out.mkv")) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
        sound_s = len(sound_times(tmp_path / "out.mkv")) * 1024 / 48_000
    assert sound_s == pytest.approx(4, abs=0.2)
    differences = [np.abs(first - gradient(index, 16, 32)).mean() for index in range(400)]
    assert np.argmin(differences) == pytest.approx((20 - 16.02) * 25, abs=2)


def test_pictures_that_are_reordered_keep_their_moments(tmp_path: Path):
    clip = long_clip(60, has_audio=True)
    with_b_frames = replace(clip, options={"crf": "23", "bf": "2", "g": "30"})
    source = make_clip(tmp_path / "in.ts", with_b_frames)
    expected = frame_times(source)
    spoil_stamp(source, VIDEO, 31)
    _, _ = copy_video(source, tmp_path / "out.ts")
    times = frame_times(tmp_path / "out.ts")
    assert len(times) == 60
    assert max(abs(a - b) for a, b in zip(times, expected, strict=True)) <= Fraction(1, 25)
