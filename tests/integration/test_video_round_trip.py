"""Videos read and written again: what must come out as it went in."""

from __future__ import annotations

import itertools
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clips import (
    LOSSLESS,
    Clip,
    frame_times,
    gradient,
    make_clip,
    packets_of,
)
from tests.video_tools import check_same_times, copy_video, grey_levels, psnr_db
from unblur.media.codecs import ENCODERS, VideoCodec, available_codecs
from unblur.media.video_reader import open_video

VFR_MS = [0, 33, 67, 100, 400, 433, 900, 1000, 1013, 1500]


CASES = [
    (codec, ending)
    for codec in available_codecs()
    for ending in sorted(ENCODERS[codec].endings - {".avi", ".mts", ".m4v"})
]


@pytest.mark.parametrize(("codec", "ending"), CASES)
@pytest.mark.parametrize("start_ms", [0, 1234])
def test_variable_frame_times_survive(
    tmp_path: Path, codec: VideoCodec, ending: str, start_ms: int
):
    pts = [start_ms + each for each in VFR_MS]
    input_ending = ".mkv" if ending == ".webm" else ending
    time_base = Fraction(1, 1000)
    if ending in {".ts", ".m2ts"}:
        pts, time_base = [90 * each for each in pts], Fraction(1, 90000)
        input_ending = ".ts"
    clip = Clip(time_base=time_base, pts=pts, last_duration=40)
    source = make_clip(tmp_path / f"in{input_ending}", clip)
    target = tmp_path / f"out{ending}"
    reader, writer = copy_video(source, target, codec)
    check_same_times(source, target)
    assert writer.notes == reader.warnings == []
    assert psnr_db(source, target) > 33


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    start=st.integers(0, 10**6),
    gaps=st.lists(st.integers(1, 5000), min_size=1, max_size=12),
    last=st.integers(1, 2000),
    ticks=st.sampled_from([1000, 12800, 15360, 24000, 30000, 90000]),
)
def test_any_increasing_time_stamps_survive(
    ending: str, start: int, gaps: list[int], last: int, ticks: int
):
    ticks = 1000 if ending == ".mkv" else ticks
    pts = [start, *itertools.accumulate(gaps, initial=start)][1:]
    clip = Clip(height=16, width=16, time_base=Fraction(1, ticks), pts=pts, last_duration=last)
    with tempfile.TemporaryDirectory() as folder:
        source = make_clip(Path(folder, f"in{ending}"), clip)
        target = Path(folder, f"out{ending}")
        copy_video(source, target)
        with open_video(target) as reader:
            assert [frame.pts for frame in reader.frames()] == pts
            assert reader.time_base == Fraction(1, ticks)
            if ending == ".mp4":
                assert reader.end_pts == pts[-1] + last


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25)])
def test_constant_frame_rates_of_film_and_television_survive_in_avi(tmp_path: Path, rate: Fraction):
    source = tmp_path / "in.avi"
    with av.open(str(source), "w") as output:
        stream = output.add_stream("mpeg4", rate=rate, width=64, height=48, time_base=1 / rate)
        for index in range(10):
            frame = av.VideoFrame.from_ndarray(gradient(index, 48, 64), "rgb24")
            frame.pts, frame.time_base = index, 1 / rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    copy_video(source, tmp_path / "out.avi", "ffv1")
    check_same_times(source, tmp_path / "out.avi")


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_and_pixel_shape_are_kept(tmp_path: Path, ending: str, rotation: int):
    clip = Clip(rotation=rotation, sample_aspect_ratio=Fraction(4, 3))
    source = make_clip(tmp_path / f"in{ending}", clip)
    copy_video(source, tmp_path / f"out{ending}")
    with open_video(source) as before, open_video(tmp_path / f"out{ending}") as after:
        assert before.display_matrix is not None
        assert after.display_matrix == before.display_matrix
        assert after.sample_aspect_ratio == before.sample_aspect_ratio == Fraction(4, 3)
        assert (after.height, after.width) == (48, 64)


def test_a_transport_stream_keeps_times_across_the_wrap_of_its_clock(tmp_path: Path):
    start = 2**33 - 45_000
    clip = Clip(
        time_base=Fraction(1, 90_000),
        pts=range(start, start + 90_000, 3_600),
        last_duration=3_600,
        has_audio=True,
    )
    source = make_clip(tmp_path / "clip.ts", clip)
    _, writer = copy_video(source, tmp_path / "out.ts")
    assert writer.notes == []
    assert frame_times(source)[0] == Fraction(-1, 2)
    check_same_times(source, tmp_path / "out.ts")
    sound, copied = (packets_of(path, "audio") for path in (source, tmp_path / "out.ts"))
    assert [pts for pts, *_ in copied] == [pts for pts, *_ in sound]


def test_rotation_that_cannot_be_kept_is_named(tmp_path: Path):
    source = make_clip(tmp_path / "in.mp4", Clip(rotation=90))
    _, writer = copy_video(source, tmp_path / "out.ts")
    assert any("cannot say that the picture is turned" in note for note in writer.notes)


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (1, 13, 1, 2), (5, 6, 5, 1), (9, 16, 9, 1)])
@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_colour_tags_and_colours_are_kept(
    tmp_path: Path, ending: str, tags: tuple[int, int, int, int]
):
    source = make_clip(tmp_path / f"in{ending}", Clip(colours=tags, options=LOSSLESS))
    target = tmp_path / f"out{ending}"
    copy_video(source, target)
    with open_video(source) as before, open_video(target) as after:
        assert after.colours == before.colours
        assert (after.colours.primaries, after.colours.transfer) == tags[:2]
        assert (after.colours.matrix, after.colours.range) == tags[2:]
        drawn = gradient(0, 48, 64).reshape(-1, 3).mean(axis=0)
        for reader in (before, after):
            seen = next(reader.frames()).pixels.reshape(-1, 3).mean(axis=0)
            assert np.abs(seen - drawn).max() < 1
    assert psnr_db(source, target) > 36


def test_unnamed_colours_stay_unnamed_and_the_same(tmp_path: Path):
    source = make_clip(tmp_path / "in.mp4", Clip(options=LOSSLESS))
    copy_video(source, tmp_path / "out.mp4")
    with open_video(source) as before, open_video(tmp_path / "out.mp4") as after:
        assert after.colours == before.colours
    assert psnr_db(source, tmp_path / "out.mp4") > 36


def test_ffv1_keeps_every_pixel_exactly(tmp_path: Path):
    source = make_clip(tmp_path / "in.mkv", Clip(height=47, width=65, pixel_format="yuv444p"))
    copy_video(source, tmp_path / "out.mkv", "ffv1")
    with open_video(source) as before, open_video(tmp_path / "out.mkv") as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            assert np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize("codec", available_codecs())
@pytest.mark.parametrize("colour_range", [1, 2])
def test_every_codec_keeps_the_contrast_of_both_ranges(
    tmp_path: Path, codec: VideoCodec, colour_range: int
):
    clip = Clip(pixel_format="yuv444p", options=LOSSLESS, colours=(1, 1, 1, colour_range))
    source = make_clip(tmp_path / "in.mov", clip)
    target = tmp_path / f"out{sorted(ENCODERS[codec].endings - {'.avi'})[-1]}"
    copy_video(source, target, codec)
    with open_video(source) as before, open_video(target) as after:
        here, there = (grey_levels(next(each.frames()).pixels) for each in (before, after))
    assert there.std() == pytest.approx(here.std(), rel=0.02)
    assert there.mean() == pytest.approx(here.mean(), abs=1)


@pytest.mark.parametrize("codec", available_codecs())
@pytest.mark.parametrize(("height", "width"), [(47, 65), (48, 65), (47, 64)])
def test_odd_sizes_are_kept(tmp_path: Path, codec: VideoCodec, height: int, width: int):
    clip = Clip(height=height, width=width, pixel_format="yuv444p", options=LOSSLESS)
    source = make_clip(tmp_path / "in.mkv", clip)
    copy_video(source, tmp_path / "out.mkv", codec)
    with open_video(tmp_path / "out.mkv") as reader:
        assert (reader.height, reader.width) == (height, width)
        assert len(list(reader.frames())) == 10
    assert psnr_db(source, tmp_path / "out.mkv") > 33
