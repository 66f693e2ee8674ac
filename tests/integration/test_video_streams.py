"""What lies beside the picture in a video, and videos that are long, damaged or interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Discard, Disposition

from tests.clips import (
    SMALL,
    Clip,
    frame_times,
    gradient,
    long_clip,
    make_clip,
    make_corrupt,
    make_cut_off,
    make_jpeg,
    packets_of,
)
from tests.video_tools import check_same_times, copy_video
from unblur.media.video_reader import open_video
from unblur.media.video_writer import create_video


def describe(path: Path) -> dict[str, Any]:
    """What a file says beside its pictures, as far as it should be kept."""
    dropped = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration"}
    with av.open(str(path)) as container:
        return {
            "metadata": {
                key.lower(): text
                for key, text in container.metadata.items()
                if key.lower() not in dropped
            },
            "chapters": [
                (
                    chapter["start"] * (chapter["time_base"] or 1),
                    chapter["end"] * (chapter["time_base"] or 1),
                    chapter["metadata"],
                )
                for chapter in container.chapters()
            ],
            "streams": [
                (
                    stream.type,
                    stream.name,
                    stream.language,
                    int(stream.disposition),
                    None if stream.type == "attachment" else stream.time_base,
                )
                for stream in container.streams
                if stream.discard != Discard.all  # the chapters' own track in MP4
            ],
        }


FULL_CLIPS = {
    ".mp4": Clip(
        has_audio=True,
        subtitle_codec="mov_text",
        metadata={"title": "A title", "comment": "Ein Gruß"},
        has_chapters=True,
    ),
    ".mov": Clip(
        has_audio=True,
        audio_first=True,
        subtitle_codec="mov_text",
        metadata={"com.apple.quicktime.make": "Maker", "title": "A title"},
        muxer_options={"movflags": "use_metadata_tags"},
    ),
    ".mkv": Clip(
        time_base=Fraction(1, 1000),
        pts=range(0, 400, 40),
        last_duration=40,
        has_audio=True,
        subtitle_codec="subrip",
        metadata={"title": "A title", "anything": "else"},
        has_chapters=True,
        attachment=b"the bytes of a font",
    ),
    ".ts": Clip(
        time_base=Fraction(1, 90000),
        pts=range(90000, 126000, 3600),
        last_duration=3600,
        has_audio=True,
    ),
}


@pytest.mark.parametrize("ending", FULL_CLIPS)
def test_everything_but_the_picture_is_copied_untouched(tmp_path: Path, ending: str):
    source = make_clip(tmp_path / f"in{ending}", FULL_CLIPS[ending])
    target = tmp_path / f"out{ending}"
    _, writer = copy_video(source, target)
    assert writer.notes == []
    assert describe(target) == describe(source)
    assert len(packets_of(source, "audio")) > 10
    assert packets_of(target, "audio") == packets_of(source, "audio")
    texts = [[packet for *_, packet in packets_of(path, "subtitle") if len(packet) > 2]
             for path in (source, target)]  # fmt: skip
    assert texts[0] == texts[1]
    assert bool(texts[0]) == (FULL_CLIPS[ending].subtitle_codec is not None)
    check_same_times(source, target)
    if ending == ".mkv":
        with av.open(str(target)) as container:
            assert container.streams.attachments[0].data == b"the bytes of a font"


def test_what_the_container_cannot_hold_is_left_out_and_named(tmp_path: Path):
    source = make_clip(tmp_path / "in.mkv", FULL_CLIPS[".mkv"])
    _, writer = copy_video(source, tmp_path / "out.mp4")
    assert writer.notes == [
        "the subtitle stream 2 (srt, eng) cannot be kept in this kind of file (mp4)",
        "the attachment stream 3 (font.ttf) cannot be kept in this kind of file (mp4)",
    ]
    assert packets_of(tmp_path / "out.mp4", "audio")


@pytest.mark.parametrize(
    ("ending", "known", "unknown"), [(".mov", b"mp4a", b"apac"), (".mkv", b"A_AAC", b"A_XYZ")]
)
def test_sound_that_ffmpeg_does_not_know_is_left_out_and_named(
    tmp_path: Path, ending: str, known: bytes, unknown: bytes
):
    source = make_clip(tmp_path / f"in{ending}", Clip(has_audio=True))
    data = source.read_bytes().replace(known, unknown).replace(b"esds", b"xsds")
    assert unknown in data
    source.write_bytes(data)
    target = tmp_path / f"out{ending}"
    _, writer = copy_video(source, target)
    (note,) = writer.notes
    assert note.startswith("the audio stream 1 ")
    assert "cannot be kept in this kind of file" in note
    assert frame_times(target) == frame_times(source)
    assert packets_of(target, "audio") == []


def test_webm_has_no_attachments_and_that_is_said(tmp_path: Path):
    source = make_clip(tmp_path / "in.mkv", replace(FULL_CLIPS[".mkv"], has_audio=False))
    _, writer = copy_video(source, tmp_path / "out.webm", "av1")
    assert (
        "the attachment stream 2 (font.ttf) cannot be kept in this kind of file (webm)"
        in writer.notes
    )


def make_two_videos(path: Path) -> Path:
    """Twice twenty frames, with B-frames, and a key frame every eight."""
    options = {**SMALL, "bf": "3", "b_strategy": "0", "g": "8", "sc_threshold": "0"}
    with av.open(str(path), "w") as output:
        videos = [
            output.add_stream(
                "libx264", rate=25, width=64, height=48, pix_fmt="yuv420p", options=options
            )
            for _ in range(2)
        ]
        for index in range(20):
            frame = av.VideoFrame.from_ndarray(gradient(index, 48, 64), "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            for video in videos:
                output.mux(video.encode(frame))
        for video in videos:
            output.mux(video.encode(None))
    return path


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".ts"])
def test_a_second_video_with_b_frames_is_copied_whole(tmp_path: Path, ending: str):
    source, target = make_two_videos(tmp_path / "in.mkv"), tmp_path / f"out{ending}"
    copy_video(source, target)
    times = []
    for path in (source, target):
        with av.open(str(path)) as container:
            moments_s = [frame.time or 0 for frame in container.decode(video=1)]
            times.append([moment_s - moments_s[0] for moment_s in moments_s])
    assert len(times[0]) == 20
    assert times[1] == pytest.approx(times[0], abs=1e-3)


def test_a_second_video_begins_with_a_key_frame_in_a_part_too(tmp_path: Path):
    source, target = make_two_videos(tmp_path / "in.mkv"), tmp_path / "out.mkv"
    with (
        open_video(source, start_s=Fraction("0.2")) as reader,
        create_video(target, like=reader) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame)
    with av.open(str(target)) as container:
        first = next(packet for packet in container.demux(video=1) if packet.size)
        assert first.is_keyframe
        assert (first.pts or 0) * first.time_base == Fraction("0.12")  # the eighth frame


def covers_of(path: Path) -> list[bytes]:
    """The cover pictures; each other video stream has to be one that moves."""
    with av.open(str(path)) as container:
        stills = [
            stream.index
            for stream in container.streams.video
            if stream.disposition == Disposition.attached_pic
        ]
        packets = [packet for packet in container.demux() if packet.size]
        counts = Counter(packet.stream_index for packet in packets)
        moving = [stream for stream in container.streams.video if stream.index not in stills]
        assert all(counts[stream.index] > 1 for stream in moving)
        return [bytes(packet) for packet in packets if packet.stream_index in stills]


@pytest.mark.parametrize("is_part", [False, True])
@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
@pytest.mark.parametrize("kind", [".mp4", ".mkv"])
def test_the_cover_picture_is_kept(tmp_path: Path, kind: str, ending: str, is_part: bool):
    cover = make_jpeg()
    clip = Clip(time_base=Fraction(1, 1000), pts=range(0, 400, 40), has_audio=True, cover=cover)
    source = make_clip(tmp_path / f"in{kind}", clip)
    assert covers_of(source) == [cover]
    target = tmp_path / f"out{ending}"
    with (
        open_video(source, start_s=Fraction(1, 5) * is_part) as reader,
        create_video(target, like=reader) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame)
    assert writer.notes == []
    assert covers_of(target) == [cover]
    assert len(frame_times(target)) == (5 if is_part else 10)


@pytest.mark.parametrize(("ending", "kind"), [(".mov", "mov"), (".ts", "mpegts")])
def test_a_cover_picture_that_the_container_cannot_hold_is_named(
    tmp_path: Path, ending: str, kind: str
):
    source = make_clip(tmp_path / "in.mp4", Clip(cover=make_jpeg()))
    _, writer = copy_video(source, tmp_path / f"out{ending}")
    assert (
        f"the cover picture 1 (mjpeg) cannot be kept in this kind of file ({kind})" in writer.notes
    )
    with av.open(str(tmp_path / f"out{ending}")) as container:
        assert len(container.streams) == 1


def timecodes(path: Path) -> dict[str, str | None]:
    """The timecode that each kind of stream tells."""
    with av.open(str(path)) as container:
        found = {each.type: each.metadata for each in container.streams}
    return {kind: told.get("timecode", told.get("TIMECODE")) for kind, told in found.items()}


@pytest.mark.parametrize("ending", [".mov", ".mp4", ".mkv"])
@pytest.mark.parametrize("kind", [".mov", ".mp4"])
def test_the_timecode_is_kept(tmp_path: Path, kind: str, ending: str):
    source = make_clip(tmp_path / f"in{kind}", Clip(metadata={"timecode": "01:02:03:04"}))
    assert timecodes(source) == {"video": "01:02:03:04", "data": "01:02:03:04"}
    _, writer = copy_video(source, tmp_path / f"out{ending}")
    assert not [note for note in writer.notes if "stream" in note]
    kept = timecodes(tmp_path / f"out{ending}")
    assert kept == (timecodes(source) if ending != ".mkv" else {"video": "01:02:03:04"})
    assert frame_times(tmp_path / f"out{ending}") == frame_times(source)


@pytest.mark.parametrize("ending", [".mov", ".mp4", ".mkv"])
@pytest.mark.parametrize(
    ("rate", "first", "kept"),
    [
        (Fraction(25), "01:02:03:20", "01:02:04:01"),
        (Fraction(30_000, 1001), "00:00:59;28", "00:01:00;07"),
    ],
)
def test_the_timecode_of_a_part_is_that_of_its_first_frame(
    tmp_path: Path, ending: str, rate: Fraction, first: str, kept: str
):
    gap = rate.denominator
    clip = Clip(
        time_base=1 / Fraction(rate.numerator),
        pts=range(0, 20 * gap, gap),
        last_duration=gap,
        rate=rate,
        metadata={"timecode": first},
    )
    source = make_clip(tmp_path / "in.mov", clip)
    with (
        open_video(source, start_s=Fraction("0.205")) as reader,
        create_video(tmp_path / f"out{ending}", like=reader) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame)
    assert len(frame_times(tmp_path / f"out{ending}")) == (14 if rate == 25 else 13)
    assert set(timecodes(tmp_path / f"out{ending}").values()) == {kept}


def test_a_drop_frame_timecode_is_kept_with_a_variable_frame_rate(tmp_path: Path):
    pts = [1001 * index for index in range(30) if index % 7 != 3]
    clip = Clip(
        time_base=Fraction(1, 30_000),
        pts=pts,
        last_duration=1001,
        metadata={"timecode": "00:00:59;20"},
    )
    source = make_clip(tmp_path / "in.mkv", clip)
    copy_video(source, tmp_path / "out.mov")
    assert timecodes(tmp_path / "out.mov") == {"video": "00:00:59;20", "data": "00:00:59;20"}


def test_a_timecode_that_the_container_cannot_hold_is_named(tmp_path: Path):
    clip = Clip(
        time_base=Fraction(1, 90000),
        pts=range(0, 36000, 3600),
        last_duration=3600,
        metadata={"timecode": "01:02:03:04"},
    )
    source = make_clip(tmp_path / "in.mov", clip)
    _, writer = copy_video(source, tmp_path / "out.ts")
    assert writer.notes == [
        "the data stream 1 (eng) cannot be kept in this kind of file (mpegts)",
    ]


@pytest.mark.parametrize("ending", [".mov", ".mp4", ".mkv", ".ts"])
def test_the_language_of_the_sound_is_kept(tmp_path: Path, ending: str):
    source = make_clip(tmp_path / "in.mkv", Clip(has_audio=True))
    copy_video(source, tmp_path / f"out{ending}")
    told = []
    for path in (source, tmp_path / f"out{ending}"):
        with av.open(str(path)) as container:
            told.append(container.streams.audio[0].language)
    assert told == ["deu", "ger" if ending == ".mov" else "deu"]


def test_sound_stays_in_step_when_the_container_changes(tmp_path: Path):
    source = make_clip(tmp_path / "in.mp4", Clip(has_audio=True))
    copy_video(source, tmp_path / "out.mkv")
    assert frame_times(tmp_path / "out.mkv") == frame_times(source)
    starts = []
    for path in (source, tmp_path / "out.mkv"):
        with av.open(str(path)) as container:
            audio = container.streams.audio[0]
            assert audio.time_base is not None
            starts.append(float(next(container.demux(audio)).pts * audio.time_base))
    assert starts[1] == pytest.approx(starts[0], abs=1e-3)


@pytest.mark.parametrize("ending", [".mkv", ".ts", ".mp4"])
def test_sound_that_an_edit_list_hides_stays_hidden(tmp_path: Path, ending: str):
    clip = Clip(has_audio=True, hidden_audio_s=Fraction(1, 2))
    source = make_clip(tmp_path / "in.mp4", clip)
    target = tmp_path / f"out{ending}"
    copy_video(source, target)
    with av.open(str(target)) as container:
        audio, video = container.streams.audio[0], container.streams.video[0]
        assert audio.time_base is not None
        assert video.time_base is not None
        picture_s = (video.start_time or 0) * video.time_base
        first = next(packet for packet in container.demux(audio) if not packet.is_discard)
        assert abs((first.pts or 0) * audio.time_base - picture_s) < Fraction(1, 10)
    kept = [packet for *_, packet in packets_of(target, "audio")]
    expected = [packet for *_, packet in packets_of(source, "audio")][-len(kept) :]
    assert all(ours.endswith(theirs) for ours, theirs in zip(kept, expected, strict=True))


def test_a_coarser_clock_is_named(tmp_path: Path):
    clip = Clip(time_base=Fraction(1, 30000), pts=range(0, 10010, 1001), last_duration=1001)
    source = make_clip(tmp_path / "in.mp4", clip)
    _, writer = copy_video(source, tmp_path / "out.mkv")
    assert writer.notes == [
        "time stamps are rounded to 1/1000 s, the clock of this kind of file (matroska)"
    ]
    pairs = zip(frame_times(source), frame_times(tmp_path / "out.mkv"), strict=True)
    assert all(abs(before - after) <= Fraction(1, 2000) for before, after in pairs)


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_sound_and_picture_lie_side_by_side_in_the_file(tmp_path: Path, ending: str):
    forty_seconds = range(0, 40 * 12800, 2560)
    clip = Clip(height=16, width=16, pts=forty_seconds, last_duration=2560, has_audio=True)
    source = make_clip(tmp_path / f"in{ending}", clip)
    target = tmp_path / f"out{ending}"
    copy_video(source, target)
    latest: dict[int, float] = {}
    with av.open(str(target)) as container:
        for packet in sorted(
            (packet for packet in container.demux() if packet.size),
            key=lambda packet: packet.pos or 0,
        ):
            latest[packet.stream_index] = float((packet.dts or 0) * packet.time_base)
            if len(latest) == 2:
                assert abs(latest[0] - latest[1]) < 1


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_part_takes_its_sound_and_chapters_along(tmp_path: Path, ending: str):
    clip = long_clip(60, has_audio=True, has_chapters=True)
    source = make_clip(tmp_path / f"in{ending}", clip)
    target = tmp_path / f"out{ending}"
    with (
        open_video(source, start_s=Fraction(1, 4), end_s=Fraction(3, 2)) as reader,
        create_video(target, like=reader) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame)
    with open_video(target) as after:
        assert after.duration_s == pytest.approx(1.25, abs=0.04)
        assert len(list(after.frames())) == 31
    before = [packet for *_, packet in packets_of(source, "audio")]
    kept = packets_of(target, "audio")
    start = before.index(kept[0][2])
    assert start == pytest.approx(0.25 * 48000 / 1024 + 1, abs=1)
    assert [packet for *_, packet in kept] == before[start : start + len(kept)]
    assert len(kept) == pytest.approx(1.25 * 48000 / 1024, abs=1)
    with av.open(str(target)) as container:
        (chapter,) = container.chapters()
        assert chapter["time_base"] is not None
        assert chapter["start"] * chapter["time_base"] == 0
        assert chapter["end"] * chapter["time_base"] == Fraction(150, 1000)
        audio = container.streams.audio[0]
        assert audio.time_base is not None
        first = next(container.demux(audio))
        assert abs((first.pts or 0) * audio.time_base) < Fraction(3, 100)


@pytest.mark.parametrize("make", [make_cut_off, make_corrupt])
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_what_is_left_of_a_damaged_file_is_written_whole(tmp_path: Path, make: Any, ending: str):
    source = make(tmp_path / f"in{ending}", clip=long_clip(has_audio=True))
    target = tmp_path / f"out{ending}"
    copy_video(source, target)
    with open_video(source) as before, open_video(target) as after:
        expected = [frame.pts for frame in before.frames()]
        assert [frame.pts for frame in after.frames()] == expected
        assert len(expected) > 20
        assert after.warnings == []


HELD_MEMORY = """
import resource, sys
from pathlib import Path
from unblur.media.video_reader import open_video
from unblur.media.video_writer import create_video
source, target = map(Path, sys.argv[1:])
with open_video(source) as reader, create_video(target, like=reader) as writer:
    for index, frame in enumerate(reader.frames()):
        writer.write(frame)
        if index in {1000, 2999}:
            pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
            print(int(pages) * resource.getpagesize())
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to measure memory")
def test_memory_stays_flat_over_thousands_of_frames(tmp_path: Path):
    clip = long_clip(3000, height=32, width=48, has_audio=True)
    source, target = make_clip(tmp_path / "in.mp4", clip), tmp_path / "out.mp4"
    # a process of its own: what other tests left in this one would be measured too
    words = [sys.executable, "-c", HELD_MEMORY, str(source), str(target)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    early, late = map(int, done.stdout.split())
    assert late - early < 4_000_000, "2,000 frames are 9 MB as pixels"
    assert len(frame_times(target)) == 3000


INTERRUPTED = """
import sys, time
from pathlib import Path
from unblur.media.video_reader import open_video
from unblur.media.video_writer import create_video
source, target = map(Path, sys.argv[1:])
with open_video(source) as reader, create_video(target, like=reader) as writer:
    for frame in reader.frames():
        writer.write(frame)
        print("frame", flush=True)
        time.sleep(0.05)
"""


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path):
    source = make_clip(tmp_path / "in.mp4", long_clip(has_audio=True))
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(source), str(tmp_path / "out.mp4")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": "src", "PATH": ""},
    )
    assert process.stdout is not None
    for _ in range(20):
        assert process.stdout.readline() == "frame\n"
    assert len(list(tmp_path.iterdir())) == 2, "the input and a temporary file"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize(
    ("source", "codec", "target", "becomes"),
    [
        ("in.wmv", "wmav2", "out.mkv", "flac"),
        ("in.avi", "adpcm_ms", "out.mkv", "flac"),
        ("in.avi", "pcm_alaw", "out.mp4", "aac"),
        ("in.mov", "pcm_s16le", "out.ts", "aac"),
        ("in.wmv", "wmav2", "out.webm", "opus"),
    ],
)
def test_sound_that_the_container_does_not_take_is_encoded_anew(
    tmp_path: Path, source: str, codec: str, target: str, becomes: str
):
    made, written = tmp_path / source, tmp_path / target
    with av.open(str(made), "w") as output:
        video = output.add_stream("wmv2" if made.suffix == ".wmv" else "mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = output.add_stream(codec, rate=48_000, layout="stereo")
        audio.bit_rate = 128_000
        for index in range(25):
            picture = av.VideoFrame.from_ndarray(gradient(index, 48, 64), format="rgb24")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            output.mux(video.encode(picture))
        for begin in range(0, 48_000, 1_000):
            tone = 0.3 * np.sin(np.arange(begin, begin + 1_000) / 20)
            frame = av.AudioFrame.from_ndarray(
                np.stack([tone, tone]).astype(np.float32), format="fltp", layout="stereo"
            )
            frame.sample_rate, frame.pts, frame.time_base = 48_000, begin, Fraction(1, 48_000)
            output.mux(audio.encode(frame))
        output.mux(video.encode(None))
        output.mux(audio.encode(None))
    before = heard(made)
    codecs: dict[str, Any] = {".webm": "av1"}
    _, writer = copy_video(made, written, codecs.get(written.suffix, "h264"))
    assert any(f"is encoded anew ({becomes}" in note.replace("lib", "") for note in writer.notes)
    with av.open(str(written)) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.codec.canonical_name == becomes
    after = heard(written)
    length = min(len(before), len(after))
    assert abs(len(before) - len(after)) < 48_000 // 10
    assert after.std() == pytest.approx(before.std(), rel=0.1)
    assert length > 40_000
    if becomes == "flac":
        assert np.abs(after[:length] - before[:length]).max() < 1e-3


def make_with_sound(path: Path, codec: str, rate: int, layout: str) -> Path:
    """A second of pictures and of a tone, in all channels."""
    with av.open(str(path), "w") as output:
        video = output.add_stream("mpeg2video" if path.suffix == ".ts" else "mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = output.add_stream(codec, rate=rate, layout=layout)
        channel_count = audio.codec_context.channels
        for index in range(25):
            picture = av.VideoFrame.from_ndarray(gradient(index, 48, 64), format="rgb24")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            output.mux(video.encode(picture))
        tone = 0.3 * np.sin(np.arange(rate) / 20).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(
            np.stack([tone] * channel_count), format="fltp", layout=layout
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        output.mux(audio.encode(frame))
        output.mux(video.encode(None))
        output.mux(audio.encode(None))
    return path


def test_sound_that_changes_its_channels_midway_is_encoded_to_the_end(tmp_path: Path):
    stereo = make_with_sound(tmp_path / "a.ts", "ac3", 48_000, "stereo")
    surround = make_with_sound(tmp_path / "b.ts", "ac3", 48_000, "5.1")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(stereo.read_bytes() + surround.read_bytes())
    copy_video(joined, tmp_path / "out.webm", "av1")
    samples = heard(tmp_path / "out.webm")
    assert len(samples) == pytest.approx(2 * 48_000, rel=0.1)
    assert samples[-20_000:-5_000].std() > 0.05


def test_a_rate_that_the_encoder_does_not_have_is_changed(tmp_path: Path):
    source = make_with_sound(tmp_path / "a.mkv", "pcm_s16le", 5_512, "mono")
    _, writer = copy_video(source, tmp_path / "out.ts")
    assert any("is encoded anew (aac)" in note for note in writer.notes)
    assert heard(tmp_path / "out.ts").std() > 0.1


def heard(path: Path) -> np.ndarray:
    """The samples of the first channel, in -1..1, 48,000 a second."""
    to_float = av.AudioResampler(format="fltp", layout="stereo", rate=48_000)
    with av.open(str(path)) as container:
        frames = [*container.decode(audio=0), None]
        return np.concatenate(
            [each.to_ndarray()[0] for frame in frames for each in to_float.resample(frame)]
        )
