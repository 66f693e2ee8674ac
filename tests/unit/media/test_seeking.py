"""A late part of a long video: found where key frames are far apart, without false alarm."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.clips import SMALL, Clip, make_clip
from unblur.media import seeking
from unblur.media.frame import Frame
from unblur.media.video_reader import open_video

CLIPS = {
    ".ts": Clip(
        time_base=Fraction(1, 90_000),
        pts=range(0, 90_000 * 40, 18_000),
        last_duration=18_000,
        options={**SMALL, "g": "90", "sc_threshold": "0"},
    ),
    ".mpg": Clip(
        time_base=Fraction(1, 25),
        pts=range(1000),
        last_duration=1,
        encoder="mpeg2video",
        options={"g": "450", "bf": "0", "sc_threshold": "1000000000"},
    ),
    ".mkv": Clip(
        time_base=Fraction(1, 1000),
        pts=range(0, 40_000, 200),
        last_duration=200,
        options={**SMALL, "g": "90", "sc_threshold": "0"},
    ),
}
"""Forty seconds of video with a key frame every eighteen seconds."""


def read_part(
    path: Path, start_s: Fraction = Fraction(0), end_s: Fraction | None = None
) -> list[Frame]:
    """The frames of a part, of which nothing is said to be lost."""
    with open_video(path, start_s=start_s, end_s=end_s) as reader:
        frames = list(reader.frames())
        assert reader.warnings == []
    return frames


def frames_between(path: Path, start_s: Fraction, end_s: Fraction) -> list[Frame]:
    """What reading the whole file gives between two moments of it."""
    whole = read_part(path)
    origin_s = whole[0].shown_at_s
    return [each for each in whole if start_s <= each.shown_at_s - origin_s < end_s]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that reading has opened, one after the other."""
    paths: list[Path] = []

    def open_and_note(path: Path) -> Any:
        paths.append(path)
        return original(path)

    original = seeking.open_input
    monkeypatch.setattr(seeking, "open_input", open_and_note)
    return paths


@pytest.mark.parametrize("ending", CLIPS)
@pytest.mark.parametrize("start_s", [Fraction(16), Fraction(35), Fraction(37)])
def test_a_late_part_is_whole_where_key_frames_are_far_apart(
    tmp_path: Path, ending: str, start_s: Fraction
):
    path = make_clip(tmp_path / f"clip{ending}", CLIPS[ending])
    end_s = start_s + 2
    late = read_part(path, start_s=start_s, end_s=end_s)
    wanted = frames_between(path, start_s, end_s)
    assert len(wanted) >= 10
    for one, other in zip(late, wanted, strict=True):
        assert one.shown_at_s == other.shown_at_s - start_s
        assert np.array_equal(one.pixels, other.pixels)


def test_a_late_part_is_looked_for_ever_further_back(tmp_path: Path, opened: list[Path]):
    path = make_clip(tmp_path / "clip.ts", CLIPS[".ts"])
    assert len(read_part(path, start_s=Fraction(35))) == 25
    assert len(opened) == 3


def test_a_whole_file_and_a_part_behind_a_near_key_frame_are_read_at_once(
    tmp_path: Path, opened: list[Path]
):
    path = make_clip(tmp_path / "clip.ts", CLIPS[".ts"])
    assert len(read_part(path)) == 200
    assert len(read_part(path, start_s=Fraction(37))) == 15
    assert len(opened) == 2


def make_headless(whole: Path, path: Path, first_s: int) -> Path:
    """A copy of the video in `whole` without the packets before `first_s`."""
    with av.open(str(whole)) as source, av.open(str(path), "w") as output:
        copy = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.pts is not None and packet.pts * packet.time_base >= first_s:
                packet.stream = copy
                output.mux(packet)
    return path


def test_only_what_is_missing_of_the_part_is_told(tmp_path: Path):
    whole = make_clip(tmp_path / "whole.mkv", CLIPS[".mkv"])
    path = make_headless(whole, tmp_path / "headless.mkv", 3)
    with open_video(path, start_s=Fraction(1)) as reader:
        assert len(list(reader.frames())) == 105
        assert reader.warnings == []
    with open_video(path) as reader:
        assert len(list(reader.frames())) == 110
        assert reader.warnings == [
            "75 frames between 3.00 s and 17.80 s could not be read: the key frame that they "
            "need is missing"
        ]
