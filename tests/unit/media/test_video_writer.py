"""Frames written as a video file, and every way in which that is refused or fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips import Clip, make_clip
from unblur.errors import OutputError
from unblur.media import video_writer
from unblur.media.codecs import ENCODERS, VideoCodec, available_codecs
from unblur.media.frame import Frame
from unblur.media.video_reader import VideoReader, open_video
from unblur.media.video_writer import create_video


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[VideoReader]:
    folder = tmp_path / "input"
    folder.mkdir()
    with open_video(make_clip(folder / "clip.mp4", Clip(has_audio=True))) as opened:
        yield opened


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def blank(pts: int, height: int = 48, width: int = 64, ticks: int = 12800) -> Frame:
    return Frame(np.full((height, width, 3), 90, np.uint8), pts, Fraction(1, ticks))


def test_the_file_appears_only_when_it_is_complete(tmp_path: Path, reader: VideoReader):
    target = tmp_path / "out.mp4"
    with create_video(target, like=reader) as writer:
        for frame in reader.frames():
            writer.write(frame)
            assert not target.exists()
        assert writer.frame_count == 10
    assert names_in(tmp_path) == ["out.mp4"]
    assert writer.notes == []
    with open_video(target) as written:
        assert len(list(written.frames())) == 10


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
@pytest.mark.parametrize("frame_count", [0, 1, 8])
def test_nothing_remains_of_a_file_that_was_not_finished(
    tmp_path: Path, reader: VideoReader, error: type[BaseException], frame_count: int
):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"an earlier result")
    frames = reader.frames()
    with pytest.raises(error), create_video(target, like=reader) as writer:  # noqa: PT012
        for _ in range(frame_count):
            writer.write(next(frames))
        raise error
    assert names_in(tmp_path) == ["out.mp4"]
    assert target.read_bytes() == b"an earlier result"


def test_a_file_without_frames_is_refused(tmp_path: Path, reader: VideoReader):
    with (
        pytest.raises(OutputError, match="there was no frame"),
        create_video(tmp_path / "out.mp4", like=reader),
    ):
        pass
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (blank(2000, height=46), "expected frames of 64x48 pixels, got 64x46"),
        (blank(2000, ticks=1000), "expected frames timed in 1/12800 s, got 1/1000 s"),
        (blank(1000), "expected a frame after time stamp 1000, got one at 1000"),
    ],
)
def test_frames_that_do_not_fit_are_refused(
    tmp_path: Path, reader: VideoReader, frame: Frame, message: str
):
    with (  # noqa: PT012
        pytest.raises(OutputError, match=message),
        create_video(tmp_path / "out.mp4", like=reader) as writer,
    ):
        writer.write(blank(1000))
        writer.write(frame)
    assert names_in(tmp_path) == []


def refusal(target: Path, reader: VideoReader, codec: VideoCodec = "h264") -> str:
    with pytest.raises(OutputError) as caught, create_video(target, like=reader, codec=codec):
        pytest.fail("this file must not be opened")
    assert names_in(target.parent) == []
    return str(caught.value)


def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path: Path, reader: VideoReader):
    assert refusal(tmp_path / "out.wmv", reader) == (
        f"cannot write video to .wmv files: {tmp_path / 'out.wmv'}; choose an ending of "
        ".avi, .m2ts, .m4v, .mkv, .mov, .mp4, .mts, .ts, .webm"
    )
    assert "a file without an ending" in refusal(tmp_path / "out", reader)


def test_a_codec_that_does_not_go_into_the_container_is_refused(
    tmp_path: Path, reader: VideoReader
):
    assert refusal(tmp_path / "out.mp4", reader, "ffv1") == (
        f"ffv1 does not go into .mp4 files: {tmp_path / 'out.mp4'}; choose an ending of "
        ".avi, .mkv, or a codec of h264, hevc, av1"
    )
    assert "or a codec of av1" in refusal(tmp_path / "out.webm", reader)


def test_an_encoder_that_is_not_there_is_named(
    tmp_path: Path, reader: VideoReader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libsvtav1", "libx265"})
    assert refusal(tmp_path / "out.mp4", reader, "av1") == (
        "this FFmpeg cannot encode av1 (it has no libsvtav1); choose a codec of h264, ffv1, prores"
    )


def test_avi_refuses_frames_with_time_stamps_of_their_own(tmp_path: Path, reader: VideoReader):
    assert "AVI keeps no time stamps" in refusal(tmp_path / "out.avi", reader, "ffv1")
    assert "h264 does not go into .avi files" in refusal(tmp_path / "out.avi", reader)


def test_a_size_that_the_encoder_refuses_is_named(tmp_path: Path):
    folder = tmp_path / "input"
    folder.mkdir()
    with open_video(make_clip(folder / "tiny.mkv", Clip(height=8, width=8))) as reader:
        assert "cannot encode pictures of 8x8 pixels" in refusal(
            tmp_path / "out.mkv", reader, "hevc"
        )


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, reader: VideoReader):
    target = tmp_path / "none" / "out.mp4"
    with (
        pytest.raises(OutputError, match=f"there is no folder {target.parent}"),
        create_video(target, like=reader),
    ):
        pytest.fail("frames must not be restored for a file that cannot be written")


def test_a_folder_that_cannot_be_written_into_is_refused_before_the_work(
    tmp_path: Path, reader: VideoReader
):
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(OutputError, match="cannot write"),
        create_video(tmp_path / "file" / "out.mp4", like=reader),
    ):
        pytest.fail("frames must not be restored for a file that cannot be written")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".ts"])
def test_a_full_disk_is_told(
    tmp_path: Path, reader: VideoReader, monkeypatch: pytest.MonkeyPatch, ending: str
):
    real_replacing = video_writer.replacing

    @contextmanager
    def replacing_on_full_disk(target: Path) -> Iterator[Path]:
        with real_replacing(target) as temporary:
            temporary.unlink()
            temporary.symlink_to("/dev/full")
            yield temporary

    monkeypatch.setattr(video_writer, "replacing", replacing_on_full_disk)
    with (  # noqa: PT012
        pytest.raises(OutputError, match="the disk is full"),
        create_video(tmp_path / f"out{ending}", like=reader) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame)
    assert names_in(tmp_path) == []
    assert Path("/dev/full").exists()


@pytest.mark.parametrize("codec", available_codecs())
def test_encoders_write_nothing_on_the_screen(
    tmp_path: Path, reader: VideoReader, codec: VideoCodec, capfd: pytest.CaptureFixture[str]
):
    ending = sorted(ENCODERS[codec].endings - {".avi"})[0]
    with create_video(tmp_path / f"out{ending}", like=reader, codec=codec) as writer:
        for frame in reader.frames():
            writer.write(frame)
    assert capfd.readouterr() == ("", "")


def test_an_odd_size_in_h264_is_said_to_need_full_colour(tmp_path: Path):
    folder = tmp_path / "input"
    folder.mkdir()
    clip = Clip(height=47, width=65, pixel_format="yuv444p")
    with (
        open_video(make_clip(folder / "odd.mp4", clip)) as reader,
        create_video(tmp_path / "out.mp4", like=reader) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame)
    assert writer.notes == [
        "the odd size of 65x47 pixels is kept by encoding in 4:4:4, which some players do not show"
    ]
