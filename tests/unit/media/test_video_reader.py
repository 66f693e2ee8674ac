"""A video file read as RGB frames with their moments."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips import (
    LOSSLESS,
    SMALL,
    WEIGHTS,
    Clip,
    frame_times,
    gradient,
    long_clip,
    make_clip,
    make_corrupt,
    make_cut_off,
    make_sound_only,
    make_with_size_change,
    write_sound,
)
from tests.video_tools import copy_video, psnr_db
from unblur.errors import MediaError
from unblur.media.video_reader import VIDEO_ENDINGS, open_video


def test_a_clip_is_described_and_read(tmp_path: Path):
    path = make_clip(tmp_path / "clip.mp4", Clip(has_audio=True))
    with open_video(path) as reader:
        frames = list(reader.frames())
        assert (reader.height, reader.width) == (48, 64)
        assert reader.frame_count_estimate == len(frames) == 10
        assert reader.duration_s == pytest.approx(0.4)
        assert reader.time_base == Fraction(1, 12800)
        assert reader.average_rate == 25
        assert reader.has_audio
        assert reader.warnings == []
        assert reader.end_pts == 5120
    assert [frame.pts for frame in frames] == list(range(0, 5120, 512))
    assert {frame.time_base for frame in frames} == {Fraction(1, 12800)}
    assert frames[0].pixels.shape == (48, 64, 3)
    assert frames[0].pixels.dtype == np.uint8
    assert not np.array_equal(frames[0].pixels, frames[5].pixels)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".ts"])
def test_variable_frame_times_and_a_late_start_are_read_exactly(tmp_path: Path, ending: str):
    pts = [1300, 1333, 1367, 1400, 1700, 1733, 2200, 2213]
    clip = Clip(time_base=Fraction(1, 1000), pts=pts, last_duration=20)
    with open_video(make_clip(tmp_path / f"clip{ending}", clip)) as reader:
        moments = [frame.shown_at_s for frame in reader.frames()]
    assert moments == [Fraction(each, 1000) for each in pts]


def test_frames_come_in_the_order_shown_from_a_file_with_b_frames(tmp_path: Path):
    clip = Clip(options={"preset": "medium", "bf": "3", "x264-params": "b-adapt=0"})
    with open_video(make_clip(tmp_path / "clip.mkv", clip)) as reader:
        frames = list(reader.frames())
    assert [frame.pts for frame in frames] == list(range(0, 400, 40))


def test_frames_are_read_one_at_a_time_and_again_from_the_start(tmp_path: Path):
    with open_video(make_clip(tmp_path / "clip.mkv")) as reader:
        first = next(reader.frames())
        everything = list(reader.frames())
    assert np.array_equal(first.pixels, everything[0].pixels)
    assert len(everything) == 10


def test_closing_twice_is_fine_and_ends_what_is_being_read(tmp_path: Path):
    reader = open_video(make_clip(tmp_path / "clip.mkv"))
    frames = reader.frames()
    next(frames)
    reader.close()
    reader.close()
    assert list(frames) == []


def test_a_turned_picture_is_read_as_stored_and_its_matrix_told(tmp_path: Path):
    with open_video(make_clip(tmp_path / "clip.mp4", Clip(rotation=90))) as reader:
        frame = next(reader.frames())
        assert frame.pixels.shape == (48, 64, 3)
        assert reader.display_matrix == (0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30)


def exact_rgb(planes: np.ndarray, matrix: int, colour_range: int) -> np.ndarray:
    """(3, H, W) YUV to (H, W, 3) RGB in 0..255 by the formulae of H.273, not rounded."""
    red_weight, blue_weight = WEIGHTS[matrix]
    y, u, v = planes.astype(float)
    if colour_range == 1:
        y, u, v = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224
    else:
        y, u, v = y / 255, (u - 128) / 255, (v - 128) / 255
    red = y + 2 * (1 - red_weight) * v
    blue = y + 2 * (1 - blue_weight) * u
    green = (y - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
    return np.clip(np.stack([red, green, blue], axis=-1) * 255, 0, 255)


@pytest.mark.parametrize(("matrix", "colour_range"), list(itertools.product(WEIGHTS, (1, 2))))
def test_colours_follow_the_streams_own_matrix_and_range(
    tmp_path: Path, matrix: int, colour_range: int
):
    clip = Clip(
        pixel_format="yuv444p", options=LOSSLESS, colours=(matrix, matrix, matrix, colour_range)
    )
    path = make_clip(tmp_path / "clip.mkv", clip)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        planes = np.stack([np.frombuffer(plane, np.uint8).reshape(48, -1)[:, :64]
                           for plane in frame.planes])  # fmt: skip
    with open_video(path) as reader:
        pixels = next(reader.frames()).pixels
    assert np.abs(pixels - exact_rgb(planes, matrix, colour_range)).max() < 0.6
    assert np.abs(pixels.astype(int) - gradient(0, 48, 64)).max() <= 2


@pytest.mark.parametrize(("height", "matrix"), [(48, 6), (720, 1)])
def test_unnamed_colours_are_those_usual_for_the_size(tmp_path: Path, height: int, matrix: int):
    named = Clip(height=height, pts=[0], options=LOSSLESS, colours=(2, 2, matrix, 1))
    unnamed = tmp_path / "unnamed.mkv"
    make_clip(tmp_path / "named.mkv", named)
    options = {**LOSSLESS, "x264-params": "colormatrix=undef"}
    with av.open(str(tmp_path / "named.mkv")) as source, av.open(str(unnamed), "w") as output:
        stream = output.add_stream("libx264", rate=25, width=64, height=height, options=options)
        frame = next(source.decode(video=0))
        frame.colorspace = 2
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with open_video(unnamed) as reader:
        assert reader.colours.matrix == 2
        pixels = next(reader.frames()).pixels
    with open_video(tmp_path / "named.mkv") as reader:
        assert np.array_equal(next(reader.frames()).pixels, pixels)


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv422p10le", "yuv444p12le"])
def test_more_than_eight_bits_are_read_in_sixteen(tmp_path: Path, pixel_format: str):
    clip = Clip(encoder="ffv1", pixel_format=pixel_format, options={}, colours=(9, 16, 9, 1))
    with open_video(make_clip(tmp_path / "clip.mkv", clip)) as reader:
        pixels = next(reader.frames()).pixels
        assert reader.bit_depth == int(pixel_format[-4:-2])
        assert reader.warnings == []
    assert pixels.dtype == np.uint16
    assert np.abs(pixels / 257 - gradient(0, 48, 64)).mean() < 2


def draw_fields(index: int, height: int, width: int) -> np.ndarray:
    """A bar that moves twice a frame: the odd lines show it half a frame later."""
    picture = np.full((height, width, 3), 40, np.uint8)
    for line in range(height):
        start = 4 * (2 * index + line % 2)
        picture[line, start : start + 8] = 220
    return picture


def comb(pixels: np.ndarray) -> float:
    """How much more neighbouring lines differ than every second line does."""
    lines = pixels.astype(float)
    near = np.abs(lines[1:-1] - (lines[:-2] + lines[2:]) / 2).mean()
    return near - np.abs(lines[2:] - lines[:-2]).mean() / 2


INTERLACED = Clip(
    pts=[0, 512, 1024, 1600, 2112], options={"preset": "ultrafast", "x264-params": "tff=1:crf=5"}
)


def test_an_interlaced_video_is_refused_with_the_option_that_helps(tmp_path: Path):
    check_refused(make_clip(tmp_path / "clip.mkv", INTERLACED), "interlaced", "add --deinterlace")


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_deinterlacing_takes_the_comb_away_and_keeps_times(tmp_path: Path, ending: str):
    path = make_clip(tmp_path / f"clip{ending}", INTERLACED, draw_fields)
    with open_video(path, deinterlaces=True) as reader:
        frames = list(reader.frames())
        assert reader.warnings == []
        assert reader.is_interlaced
        assert [frame.shown_at_s for frame in frames] == frame_times(path)
        with av.open(str(path)) as container:
            before = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert min(comb(pixels[:, 8:40]) for pixels in before[:4]) > 10
        assert max(comb(frame.pixels[:, 8:40]) for frame in frames[:4]) < 3


def test_an_unmarked_video_is_deinterlaced_when_asked_for(tmp_path: Path):
    clip = Clip(options={"preset": "ultrafast", "crf": "5"})
    path = make_clip(tmp_path / "clip.mkv", clip, draw_fields)
    with open_video(path, deinterlaces=True) as reader:
        assert not reader.is_interlaced
        assert max(comb(frame.pixels[:, 8:40]) for frame in list(reader.frames())[:4]) < 3


def test_a_part_is_what_a_player_shows_from_one_moment_to_another(tmp_path: Path):
    clip = Clip(pts=range(9000, 9000 + 512 * 50, 512))
    path = make_clip(tmp_path / "clip.mp4", clip)
    with open_video(path, start_s=Fraction(1, 2), end_s=Fraction(1)) as reader:
        frames = list(reader.frames())
        assert reader.duration_s == pytest.approx(0.5)
        assert reader.frame_count_estimate == 12
        assert reader.warnings == []
    with open_video(path) as reader:
        whole = list(reader.frames())
    assert len(frames) == 12
    assert np.array_equal(frames[0].pixels, whole[13].pixels)
    assert frames[0].pts == whole[13].pts - 6400
    assert frames[-1].pts + 512 == frames[0].pts + 12 * 512


def test_a_late_part_of_a_long_video_has_the_same_frames(tmp_path: Path):
    path = make_clip(tmp_path / "clip.mkv", Clip(pts=range(0, 12800 * 40, 2560)))
    with open_video(path, start_s=Fraction(30)) as reader:
        late = list(reader.frames())
    with open_video(path) as reader:
        whole = list(reader.frames())
    assert len(late) == 50
    for one, other in zip(late, whole[150:], strict=True):
        assert np.array_equal(one.pixels, other.pixels)


def test_a_part_after_the_end_is_refused(tmp_path: Path):
    path = make_clip(tmp_path / "clip.mp4")
    with pytest.raises(MediaError, match=r"lasts 0\.40 s, so nothing is left of it from 3\.00 s"):
        open_video(path, start_s=Fraction(3))


@pytest.mark.parametrize("name", ["a b'\"c.mkv", "line\nbreak.mkv", "film 🎬.mkv", "http:x.mkv"])
def test_any_file_name_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    make_clip(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    with open_video(Path(name)) as reader:
        assert len(list(reader.frames())) == 10


def check_refused(path: Path, *parts: str) -> None:
    with pytest.raises(MediaError) as caught:
        open_video(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_a_missing_file_is_refused(tmp_path: Path):
    check_refused(tmp_path / "none.mp4", "there is no file")


def test_a_folder_is_refused(tmp_path: Path):
    check_refused(tmp_path, "is a folder, expected a video file")


def test_an_empty_file_is_refused(tmp_path: Path):
    path = tmp_path / "empty.mp4"
    path.write_bytes(b"")
    check_refused(path, "is empty (0 bytes)")


@pytest.mark.parametrize("text", ["Hello, this is a text.\n" * 50, "#EXTM3U\nhttp://127.0.0.1/x\n"])
def test_a_text_file_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "text.mp4"
    path.write_text(text)
    check_refused(path)


def test_only_sound_is_refused(tmp_path: Path):
    check_refused(make_sound_only(tmp_path / "sound.mp4"), "no video stream, only audio")


def test_a_file_with_nothing_in_it_is_refused(tmp_path: Path):
    path = tmp_path / "nothing.mp4"
    with av.open(str(path), "w") as output:
        output.add_stream("libx264", rate=25, width=64, height=48)
        output.start_encoding()
    check_refused(path, "holds no video stream")


def test_a_cover_picture_is_no_video(tmp_path: Path):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as output:
        cover = output.add_stream("png", rate=1, width=16, height=16, pix_fmt="rgb24")
        cover.disposition = av.stream.Disposition.attached_pic
        audio = output.add_stream("aac", rate=48000)
        frame = av.VideoFrame.from_ndarray(gradient(0, 16, 16), "rgb24")
        packets = [*cover.encode(frame), *cover.encode(None)]
        output.mux(packets)
        write_sound(output, audio, Fraction(0), Fraction(1, 2))
    check_refused(path, "no video stream")


@pytest.mark.parametrize("ending", [".mkv", ".avi"])
def test_a_video_without_frames_is_refused(tmp_path: Path, ending: str):
    path = tmp_path / f"nothing{ending}"
    with av.open(str(path), "w") as output:
        output.add_stream("libx264", rate=25, width=64, height=48)
        output.start_encoding()
    check_refused(path, "without a single readable frame")


def test_an_mp4_cut_off_before_its_index_is_refused(tmp_path: Path):
    path = make_cut_off(tmp_path / "cut.mp4", clip=Clip(pts=range(0, 30720, 512)))
    check_refused(path, "cut off before its index was written")


@pytest.mark.parametrize(("ending", "frame_count"), [(".mp4", 41), (".mkv", 41)])
def test_of_a_file_that_is_cut_off_what_is_there_is_read(
    tmp_path: Path, ending: str, frame_count: int
):
    with open_video(make_cut_off(tmp_path / f"cut{ending}")) as reader:
        frames = list(reader.frames())
        assert len(frames) == pytest.approx(frame_count, abs=2)
        told = [each for each in reader.warnings if "cut off" in each]
        assert len(told) == 1
        assert "1.6" in told[0] or "1.7" in told[0]
        assert "of 2.4" in told[0]


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_of_a_damaged_file_the_rest_is_read_and_the_moment_told(tmp_path: Path, ending: str):
    with open_video(make_corrupt(tmp_path / f"bad{ending}")) as reader:
        frames = list(reader.frames())
        assert 25 <= len(frames) < 60
        assert float(frames[-1].shown_at_s) > 2.3
        told = " ".join(reader.warnings)
        moments = [float(each) for each in re.findall(r"(\d+\.\d+) s", told)]
        assert 1.0 < min(moments) < 1.4
        assert max(moments) < 2.2
        assert "cut off" not in told


def test_a_whole_file_is_not_called_damaged(tmp_path: Path):
    for ending in (".mp4", ".mkv", ".ts"):
        clip = long_clip(has_audio=True)
        with open_video(make_clip(tmp_path / f"whole{ending}", clip)) as reader:
            assert len(list(reader.frames())) == 60
            assert reader.warnings == []


@pytest.mark.parametrize("deinterlaces", [False, True])
def test_pictures_that_change_their_size_are_scaled_and_the_moment_told(
    tmp_path: Path, deinterlaces: bool
):
    path = make_with_size_change(tmp_path / "change.mkv")
    with open_video(path, deinterlaces=deinterlaces) as reader:
        frames = list(reader.frames())
        assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}
        assert [frame.pts for frame in frames] == list(range(0, 800, 40))
        assert reader.warnings == [
            "from 0.48 s on pictures of 32x24 pixels are scaled to 64x48, the size of the first"
        ]
    small = gradient(15, 24, 32).repeat(2, axis=0).repeat(2, axis=1)
    assert np.abs(frames[15].pixels.astype(int) - small).mean() < 12


def test_pictures_that_change_their_format_are_read(tmp_path: Path):
    path = tmp_path / "change.ts"
    tick = Fraction(1, 90000)
    with av.open(str(path), "w", format="mpegts") as output:
        stream = output.add_stream("libx264", rate=25, width=64, height=48, time_base=tick)
        for start, pixel_format in ((0, "yuv420p"), (6, "yuv420p10le")):
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = 64, 48, pixel_format
            encoder.options, encoder.time_base = {**SMALL, "tune": "zerolatency"}, tick
            frames = [av.VideoFrame.from_ndarray(gradient(start + index, 48, 64), "rgb24")
                      .reformat(format=pixel_format) for index in range(6)]  # fmt: skip
            for index, frame in enumerate(frames):
                frame.pts, frame.time_base = (start + index) * 3600, tick
                for packet in encoder.encode(frame):
                    packet.stream = stream
                    output.mux(packet)
    with open_video(path) as reader:
        frames = list(reader.frames())
        assert reader.warnings == []
    assert [frame.pixels.dtype for frame in frames] == [np.uint8] * 6 + [np.uint16] * 6
    copy_video(path, tmp_path / "out.ts")
    assert frame_times(tmp_path / "out.ts") == frame_times(path)
    assert psnr_db(path, tmp_path / "out.ts") > 30


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_frames_whose_key_frame_is_missing_are_counted_with_their_time(tmp_path: Path, ending: str):
    whole = make_clip(tmp_path / f"whole{ending}", long_clip(60, has_audio=True))
    path = tmp_path / f"headless{ending}"
    muxer = "mpegts" if ending == ".ts" else None
    with av.open(str(whole)) as source, av.open(str(path), "w", format=muxer) as output:
        copies = [output.add_stream_from_template(each, opaque=True) for each in source.streams]
        passed = 0
        for packet in source.demux():
            passed += packet.stream.type == "video"
            if packet.size and (packet.stream.type == "audio" or passed > 5):
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
    with open_video(path) as reader:
        assert len(list(reader.frames())) == 48
        (told,) = reader.warnings
        assert told.startswith("7 frames between 0.2")
        assert told.endswith("could not be read: the key frame that they need is missing")


def test_damage_and_bad_files_write_nothing_on_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    with open_video(make_corrupt(tmp_path / "bad.mkv")) as reader:
        list(reader.frames())
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(MediaError):
        open_video(tmp_path / "text.mp4")
    assert capfd.readouterr() == ("", "")


def test_the_endings_are_lower_case_and_dotted():
    assert {".mp4", ".mkv", ".mov", ".webm", ".avi", ".ts"} <= VIDEO_ENDINGS
    assert all(each.startswith(".") and each == each.lower() for each in VIDEO_ENDINGS)


ENCODERS = {
    **dict.fromkeys([".webm"], "libvpx"),
    **dict.fromkeys([".mpg", ".mpeg", ".vob", ".m2v", ".mxf"], "mpeg2video"),
    **dict.fromkeys([".avi", ".3gp", ".3g2", ".nut"], "mpeg4"),
    **dict.fromkeys([".wmv", ".asf"], "wmv2"),
    **{".flv": "flv", ".ogv": "libtheora", ".dv": "dvvideo", ".y4m": "wrapped_avframe"},
}
"""Which encoder goes into files of each ending; libx264 into the others."""
MUXERS = {".m2v": "mpeg2video", ".mts": "mpegts", ".m2ts": "mpegts", ".f4v": "f4v"}


@pytest.mark.parametrize("ending", sorted(VIDEO_ENDINGS))
def test_every_kind_of_file_that_is_taken_for_a_video_is_read(tmp_path: Path, ending: str):
    path = tmp_path / f"a{ending}"
    encoder = ENCODERS.get(ending, "libx264")
    if encoder not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {encoder}")
    height, width = (576, 720) if ending == ".dv" else (96, 160)
    with av.open(str(path), "w", format=MUXERS.get(ending)) as output:
        stream = output.add_stream(encoder, rate=25, width=width, height=height)
        stream.pix_fmt = "yuv420p"
        for index in range(5):
            picture = av.VideoFrame.from_ndarray(gradient(index, height, width), format="rgb24")
            picture = picture.reformat(format="yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    with open_video(path, deinterlaces=ending == ".dv") as reader:
        frames = list(reader.frames())
    assert len(frames) == 5
    expected = gradient(2, height, width).astype(int)
    assert np.abs(frames[2].pixels - expected).mean() < 12


@pytest.mark.parametrize("matrix", ["ycgco", "bt2020c", "ictcp", "smpte2085", "chroma-derived-nc"])
def test_frames_of_an_unusual_matrix_are_read_as_of_a_usual_one(tmp_path: Path, matrix: str):
    options = {**LOSSLESS, "x264-params": f"colormatrix={matrix}"}
    strange = make_clip(tmp_path / "a.mp4", Clip(options=options))
    usual = make_clip(tmp_path / "b.mp4", Clip(options=LOSSLESS))
    with open_video(strange) as reader, open_video(usual) as other:
        assert "colour matrix is unusual" in reader.warnings[0]
        for frame, expected in zip(reader.frames(), other.frames(), strict=True):
            assert np.array_equal(frame.pixels, expected.pixels)


PLAYLISTS = {
    "concat": "ffconcat version 1.0\nfile clip.mp4\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\nclip.mp4\n#EXT-X-ENDLIST\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_list_of_other_files_is_no_video(tmp_path: Path, kind: str):
    make_clip(tmp_path / "clip.mp4", Clip())
    path = tmp_path / "list.mp4"
    path.write_text(PLAYLISTS[kind])
    with pytest.raises(MediaError, match="it is no video"):
        open_video(path)
