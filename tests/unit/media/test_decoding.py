"""Frames of H.264 in AVI, which stores packets in decoding order and no moment shown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips import Clip, gradient, make_clip
from unblur.media.frame import Frame
from unblur.media.video_reader import open_video


def make_avi(path: Path, frame_count: int = 24, **options: str) -> Path:
    """H.264 at 25 frames a second with three B-frames in a row and a key frame every twelve."""
    told = {"preset": "medium", "crf": "5", "bf": "3", "g": "12", "x264-params": "b-adapt=0"}
    clip = Clip(
        time_base=Fraction(1, 25),
        pts=range(frame_count),
        last_duration=1,
        options={**told, **options},
    )
    return make_clip(path, clip)


def read(path: Path, start_s: Fraction = Fraction(0), end_s: Fraction | None = None) -> list[Frame]:
    """The frames of an intact file."""
    with open_video(path, start_s=start_s, end_s=end_s) as reader:
        frames = list(reader.frames())
        assert reader.warnings == []
    return frames


def drawn_index(frame: Frame) -> int:
    """Which of the first 24 drawn pictures a frame shows."""
    errors = [
        np.abs(frame.pixels.astype(int) - gradient(index, 48, 64)).mean() for index in range(24)
    ]
    return int(np.argmin(errors))


def test_b_frames_in_avi_are_all_read_in_the_order_shown(tmp_path: Path):
    frames = read(make_avi(tmp_path / "clip.avi"))
    plain = read(make_avi(tmp_path / "plain.avi", bf="0"))
    assert [drawn_index(frame) for frame in frames] == list(range(24))
    assert [frame.pts for frame in frames] == [frame.pts for frame in plain]


@pytest.mark.parametrize("bf", ["0", "3"])
def test_a_late_part_of_an_avi_has_the_frames_and_times_of_the_whole(tmp_path: Path, bf: str):
    path = make_avi(tmp_path / "clip.avi", 300, bf=bf)
    late = read(path, Fraction(11), Fraction(12))
    whole = read(path)
    wanted = [each for each in whole if 275 <= each.pts - whole[0].pts < 300]
    assert len(late) == len(wanted) == 25
    for one, other in zip(late, wanted, strict=True):
        assert one.shown_at_s == other.shown_at_s - 11
        assert np.array_equal(one.pixels, other.pixels)


def test_frames_after_a_lost_one_in_avi_keep_their_times_from_the_next_key_frame_on(tmp_path: Path):
    path = make_avi(tmp_path / "clip.avi")
    whole = read(path)
    with av.open(str(path)) as container:
        packets = [bytes(each) for each in container.demux(video=0) if each.size]
    path.write_bytes(path.read_bytes().replace(packets[3], bytes(len(packets[3]))))
    with open_video(path) as reader:
        frames = list(reader.frames())
        assert "could not be decoded" in " ".join(reader.warnings)
    assert len(frames) == 23
    assert [frame.pts for frame in frames[-12:]] == [frame.pts for frame in whole[-12:]]
    assert [drawn_index(frame) for frame in frames[-12:]] == list(range(12, 24))


def test_b_frames_of_codecs_that_ffmpeg_times_right_keep_their_stamps(tmp_path: Path):
    clip = Clip(
        time_base=Fraction(1, 25),
        pts=range(24),
        last_duration=1,
        encoder="mpeg4",
        options={"bf": "2"},
    )
    path = make_clip(tmp_path / "clip.avi", clip)
    with av.open(str(path)) as container:
        stamps = [frame.pts for frame in container.decode(video=0)]
    assert [frame.pts for frame in read(path)] == stamps
