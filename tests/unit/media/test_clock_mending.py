"""Transport streams whose clock jumps: joined recordings, damaged stamps, and pauses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.clips import frame_times, long_clip, make_clip, packets_of
from tests.video_tools import copy_video

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
