"""Closed captions inside the picture: kept where the codec has a place for them, else named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from tests.clips import Clip, make_clip
from tests.video_tools import check_same_times, copy_video
from unblur.media.codecs import VideoCodec
from unblur.media.video_reader import open_video
from unblur.media.video_writer import create_video

EMPTY = b"\xfa\x00\x00"
"""A word that says nothing; zeros in a row have to be escaped in the stream."""
CLIP = Clip(time_base=Fraction(1, 1000), pts=range(0, 400, 40), last_duration=40)


def captions_of(index: int) -> bytes | None:
    """What the frame `index` says: each something else, the first nothing, the third a lot."""
    word = b"\xfc\x94" + bytes([index])
    return None if index == 0 else word + EMPTY * (80 if index == 2 else 9)


EXPECTED = [captions_of(index) for index in range(10)]


@pytest.fixture
def captioned(tmp_path: Path) -> Path:
    """A clip with captions in all frames but the first."""
    path = tmp_path / "captioned.mkv"
    with (
        open_video(make_clip(tmp_path / "plain.mkv", CLIP)) as reader,
        create_video(path, like=reader) as writer,
    ):
        for frame, captions in zip(reader.frames(), EXPECTED, strict=True):
            writer.write(replace(frame, captions=captions))
    assert captions_in(path) == EXPECTED
    return path


def captions_in(path: Path) -> list[bytes | None]:
    """The captions of each frame in the order shown, as FFmpeg's decoder finds them."""
    with av.open(str(path)) as container:
        found: list[Any] = [frame.side_data for frame in container.decode(video=0)]
        return [bytes(each["A53_CC"]) if "A53_CC" in each else None for each in found]


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".ts"])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_captions_stay_with_their_frames(
    tmp_path: Path, captioned: Path, codec: VideoCodec, ending: str
):
    target = tmp_path / f"out{ending}"
    _, writer = copy_video(captioned, target, codec)
    assert captions_in(target) == EXPECTED
    assert writer.notes == []
    if ending != ".ts":
        check_same_times(captioned, target)


def test_captions_change_nothing_else(tmp_path: Path, captioned: Path):
    copy_video(captioned, tmp_path / "with.mkv")
    with (
        open_video(captioned) as reader,
        create_video(tmp_path / "without.mkv", like=reader) as writer,
    ):
        for frame in reader.frames():
            writer.write(replace(frame, captions=None))
    assert captions_in(tmp_path / "without.mkv") == [None] * 10
    with (
        open_video(tmp_path / "with.mkv") as one,
        open_video(tmp_path / "without.mkv") as other,
    ):
        for first, second in zip(one.frames(), other.frames(), strict=True):
            assert (first.pixels == second.pixels).all()


@pytest.mark.parametrize("codec", ["av1", "ffv1", "prores"])
def test_captions_that_a_codec_cannot_keep_are_named_once(
    tmp_path: Path, captioned: Path, codec: VideoCodec
):
    _, writer = copy_video(captioned, tmp_path / "out.mkv", codec)
    assert [note for note in writer.notes if "captions" in note] == [
        "the closed captions inside the picture are not kept in this codec; "
        "--video-codec h264 and hevc keep them"
    ]


def test_a_video_without_captions_gets_neither_captions_nor_a_note(tmp_path: Path):
    source = make_clip(tmp_path / "in.mkv", CLIP)
    _, writer = copy_video(source, tmp_path / "out.mkv", "ffv1")
    assert writer.notes == []
    copy_video(source, tmp_path / "out.mp4")
    assert captions_in(tmp_path / "out.mp4") == [None] * 10
