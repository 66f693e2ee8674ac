"""Clock, sound, screens and sinks of live video, one by one."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from tests.clips import Clip, gradient, long_clip, make_clip, packets_of
from tests.live_tools import HEIGHT, RATE, WIDTH, parts_of
from unblur.errors import MediaError, MissingExtraError, OutputError, install_command
from unblur.images.picture_clock import now_ms, read_moment
from unblur.media import live_container, srt_relay
from unblur.media.colours import Colours
from unblur.media.frame import Frame
from unblur.media.live_container import LiveContainer
from unblur.media.live_frames import (
    LIVE_TIME_BASE,
    LiveClock,
    LiveFacts,
    LiveFrame,
    LiveSound,
    RgbConverter,
)
from unblur.media.live_names import parse_sink, parse_source
from unblur.media.live_sink import open_sink
from unblur.media.live_sound import SoundSplitter
from unblur.media.live_source import open_live
from unblur.media.pattern import Pattern, luma_of
from unblur.media.reconnecting import Reconnecting
from unblur.media.srt_relay import relay_from

FACTS = LiveFacts(HEIGHT, WIDTH, Fraction(RATE), Colours())


def open_quietly(text: str) -> Any:
    """A source that is not opened again."""
    return open_live(
        parse_source(text), reconnecting=Reconnecting(is_wanted=False), tell=lambda _: None
    )


def frame_at(pts: int) -> Frame:
    return Frame(gradient(pts // 3600, HEIGHT, WIDTH), pts, LIVE_TIME_BASE)


def test_moments_keep_their_distance_whatever_the_source_counts_from() -> None:
    clock = LiveClock()
    first = clock.ticks(Fraction(95443))
    assert 0 <= first < 90_000
    assert clock.ticks(Fraction(95443) + Fraction(1, 25)) == first + 3600


def test_time_rises_when_another_source_comes_or_the_same_one_jumps() -> None:
    clock = LiveClock(started_s=time.monotonic() - 10)
    before = clock.ticks(Fraction(1000))
    clock.restart()
    assert clock.ticks(Fraction(5)) >= before
    assert abs(clock.ticks(Fraction(100_000)) - before) < 90_000


def test_a_session_that_begins_late_begins_with_what_comes_then(tmp_path: Path) -> None:
    """What a network sends while the model is loaded waits; shown, it would be old."""
    clip = make_clip(tmp_path / "a.ts", long_clip(60))
    name = replace(parse_source(str(clip)), is_paced=False)
    clock = LiveClock()
    opened = LiveContainer(name, clock, wants_sound=False, puts_together=False)
    clock.started_s -= 1.5  # it was opened so long ago
    events = list(opened.events(threading.Event(), is_first=True))
    opened.close()
    left_out_s = (60 - len(events)) / 25
    assert 0.9 < left_out_s < 1.2, "all but the last half second"
    assert events[0].pts == 0
    assert events[1].pts == pytest.approx(3600, abs=2)


def test_a_source_that_is_always_late_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_container, "_LONGEST_SKIP_S", 0.0)
    clip = make_clip(tmp_path / "a.ts", long_clip(60))
    name, clock = replace(parse_source(str(clip)), is_paced=False), LiveClock()
    opened = LiveContainer(name, clock, wants_sound=False, puts_together=False)
    clock.started_s -= 1000
    events = list(opened.events(threading.Event(), is_first=True))
    opened.close()
    assert len(events) == 59
    assert events[0].pts == 0


def test_a_session_that_begins_at_once_begins_with_all(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.ts", long_clip(60))
    name = replace(parse_source(str(clip)), is_paced=False)
    opened = LiveContainer(name, LiveClock(), wants_sound=False, puts_together=False)
    assert len(list(opened.events(threading.Event(), is_first=True))) == 60
    opened.close()


def test_the_shape_of_pixels_and_the_language_of_sound_are_passed_on(tmp_path: Path) -> None:
    clip = Clip(sample_aspect_ratio=Fraction(16, 11), has_audio=True)
    source = open_quietly(str(make_clip(tmp_path / "a.mkv", clip)))
    assert source.facts.sound is not None
    source.facts.sound.metadata["language"] = "deu"
    sink = open_sink(parse_sink(str(tmp_path / "b.mkv")), source.facts, title="")
    sink.write(Frame(np.zeros((48, 64, 3), np.uint8), 0, LIVE_TIME_BASE))
    sink.close()
    with av.open(str(tmp_path / "b.mkv")) as written:
        assert written.streams.video[0].sample_aspect_ratio == Fraction(16, 11)
        assert written.streams.audio[0].language == "deu"


def test_what_carries_no_time_stamp_gets_that_of_its_arrival() -> None:
    clock = LiveClock(started_s=time.monotonic() - 2)
    assert clock.ticks(None) == pytest.approx(180_000, abs=45_000)


def test_deep_pictures_become_eight_bits_of_the_size_of_the_first() -> None:
    picture = av.VideoFrame.from_ndarray(gradient(0, 48, 64), "rgb24").reformat(
        format="yuv420p10le"
    )
    pixels = RgbConverter(96, 128).to_pixels(LiveFrame(picture, 0, 0.0))
    assert (pixels.shape, pixels.dtype) == ((96, 128, 3), np.uint8)
    assert abs(pixels.mean() - gradient(0, 48, 64).mean()) < 2


def test_packets_with_several_frames_of_sound_are_split_as_ffmpeg_does(tmp_path: Path) -> None:
    together = replace(long_clip(30, has_audio=True), muxer_options={"max_delay": "700000"})
    clip = make_clip(tmp_path / "a.ts", together)
    whole = packets_of(clip, "audio")
    split: list[tuple[int | None, bytes]] = []
    with av.open(str(clip), container_options={"fflags": "noparse"}) as container:
        sound = container.streams.audio[0]
        splitter = SoundSplitter(sound)
        counts = []
        for packet in container.demux(sound):
            if packet.size:
                parts = [(part.pts, bytes(part)) for part in splitter.split(packet)]
                counts.append(len(parts))
                split += parts
    assert max(counts) > 1
    assert [data for _, data in split] == [data for *_, data in whole]
    moments = [pts for pts, *_ in whole]
    assert all(
        abs((here or 0) - (there or 0)) <= 1
        for (here, _), there in zip(split, moments, strict=True)
    )


def test_sound_without_time_stamps_follows_what_came_before(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.ts", long_clip(50, has_audio=True, height=96, width=160))
    with av.open(str(clip)) as container:
        sound = container.streams.audio[0]
        packets = [packet for packet in container.demux(sound) if packet.size]
        stamps = [packet.pts for packet in packets]
        for packet in packets[1:10]:
            packet.pts = packet.dts = packet.duration = None
        splitter = SoundSplitter(sound, is_parsed=True)
        dated = [part.pts for packet in packets for part in splitter.split(packet)]
    assert len(stamps) > 20
    assert np.abs(np.subtract(dated, stamps)).max() <= 1


def test_other_sound_of_a_source_that_comes_back_is_left_out(tmp_path: Path) -> None:
    clip = long_clip(25, has_audio=True, height=96, width=160)
    first = make_clip(tmp_path / "a.ts", clip)
    second = make_clip(tmp_path / "b.ts", replace(clip, audio_encoder="ac3"))
    told: list[str] = []
    source: Any = open_live(parse_source(str(first)), reconnecting=Reconnecting(), tell=told.append)
    source._name = parse_source(str(second))
    stop = threading.Event()
    opened = source._open_again(stop)
    events = list(source._in_time(opened.events(stop, is_first=False), stop))
    assert {type(event) for event in events} == {LiveFrame}
    assert told[-1] == "its sound is now ac3, 48000 Hz, stereo, and is left out"


def test_sound_too_near_for_the_container_does_not_break_the_recording(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.ts", long_clip(50, has_audio=True, height=96, width=160))
    source = open_quietly(str(clip))
    target = tmp_path / "b.mp4"  # counts sound in samples, of which one is two ticks
    sink = open_sink(parse_sink(str(target)), replace(FACTS, sound=source.facts.sound), title="")
    sink.write(frame_at(0))
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
    assert len(packets) > 20
    for index, packet in enumerate(packets):
        sink.write_sound(LiveSound(packet, 5000 + index))
    sink.close()
    stamps = [pts for pts, *_ in packets_of(target, "audio")]
    assert stamps == sorted(set(stamps))
    assert len(packets) / 3 < len(stamps) < len(packets)


def test_the_pattern_carries_the_time_and_moves() -> None:
    pattern = Pattern(HEIGHT, WIDTH)
    first = luma_of(pattern.next_picture()).copy()
    second = luma_of(pattern.next_picture()).copy()
    assert abs((read_moment(second) or 0) - now_ms()) < 60_000
    assert (first != second).mean() > 0.3


def test_the_pattern_can_be_that_of_a_clip(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4")
    picture = Pattern(HEIGHT, WIDTH, clip).next_picture()
    assert (picture.height, picture.width) == (HEIGHT, WIDTH)
    assert read_moment(luma_of(picture)) is not None
    make_clip(clip, long_clip(1))
    with pytest.raises(MediaError, match="too short"):
        Pattern(HEIGHT, WIDTH, clip)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("missing.mp4", "cannot open missing.mp4: No such file"),
        ("camera:/dev/no-camera", "there is no camera at /dev/no-camera .*close what else uses it"),
        ("rtsp://127.0.0.1:9/x", "cannot open rtsp://127.0.0.1:9/x: "),
    ],
)
def test_what_cannot_be_opened_is_told_in_a_sentence(text: str, reason: str) -> None:
    if "camera" in text and sys.platform != "linux":
        pytest.skip("cameras are called otherwise here")
    with pytest.raises(MediaError, match=reason):
        open_quietly(text)


def test_a_file_that_is_no_video_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video" * 100)
    with pytest.raises(MediaError, match=r"cannot open .*a.mp4: Invalid data"):
        open_quietly(str(path))


def test_srt_without_the_program_that_speaks_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(srt_relay.shutil, "which", lambda _: None)
    with pytest.raises(MediaError, match="install the program ffmpeg"):
        relay_from("srt://127.0.0.1:9")


def test_a_file_has_its_name_only_when_it_is_finished(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.mp4"  # the folder is made
    sink = open_sink(parse_sink(str(target)), FACTS, title="")
    for index in range(5):
        sink.write(frame_at(3600 * index))
    assert not target.exists()
    sink.close()
    assert parts_of(target) == ["a.mp4"]
    assert len(packets_of(target, "video")) == 5


def test_a_file_that_is_abandoned_before_its_first_picture_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "a.mkv"
    open_sink(parse_sink(str(target)), FACTS, title="").abandon()
    assert parts_of(target) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of file size there")
@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.ts"])
def test_a_disk_that_fills_keeps_what_was_recorded_before(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    script = _FILLING.format(target=str(target))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "what was recorded before is kept" in done.stdout, done.stderr
    assert parts_of(target) == [name]
    written = int(done.stdout.split()[0])
    assert written > 60
    assert written - 40 < len(packets_of(target, "video")) <= written + 1  # its last may be cut off


_FILLING = """
import resource, signal
import numpy as np
from fractions import Fraction
from unblur.errors import OutputError
from unblur.media.colours import Colours
from unblur.media.frame import Frame
from unblur.media.live_frames import LIVE_TIME_BASE, LiveFacts
from unblur.media.live_names import parse_sink
from unblur.media.live_sink import open_sink

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
facts = LiveFacts(96, 160, Fraction(25), Colours())
sink = open_sink(parse_sink({target!r}), facts, title="")
rng = np.random.default_rng(0)
written = 0
try:
    while True:
        pixels = rng.integers(0, 256, (96, 160, 3)).astype(np.uint8)
        sink.write(Frame(pixels, 3600 * written, LIVE_TIME_BASE))
        written += 1
except OutputError as error:
    sink.abandon()
    print(written, error)
"""


def test_the_facts_of_the_sound_stay_when_the_source_is_closed(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", long_clip(10, has_audio=True, height=96, width=160))
    source = open_live(
        parse_source(str(clip)), reconnecting=Reconnecting(is_wanted=False), tell=lambda _: None
    )
    sound = source.facts.sound
    assert sound is not None
    list(source.events(threading.Event()))  # to the end, which closes the file
    assert sound.container is not None
    assert sound.container.name is None or "a.mkv" not in sound.container.name
    facts = replace(FACTS, sound=sound)
    sink = open_sink(parse_sink(str(tmp_path / "b.mkv")), facts, title="")
    sink.write(Frame(gradient(0, HEIGHT, WIDTH), 0, LIVE_TIME_BASE))
    sink.close()
    with av.open(str(tmp_path / "b.mkv")) as there, av.open(str(clip)) as here:
        assert there.streams.audio[0].rate == here.streams.audio[0].rate
        assert there.streams.audio[0].channels == here.streams.audio[0].channels


def test_a_frame_leaves_the_encoder_at_once(tmp_path: Path) -> None:
    target = tmp_path / "a.ts"
    sink = open_sink(parse_sink(str(target)), FACTS, title="")
    sizes = []
    for index in range(4):
        sink.write(frame_at(3600 * index))
        sizes.append(next(tmp_path.glob(".unblur-*")).stat().st_size)
    sink.close()
    assert sizes == sorted(set(sizes))


def test_a_bit_rate_is_kept_to(tmp_path: Path) -> None:
    sizes: dict[int, int] = {}
    for kbps in (100, 1000):
        target = tmp_path / f"{kbps}.ts"
        sink = open_sink(parse_sink(str(target)), FACTS, title="", bit_rate_kbps=kbps)
        rng = np.random.default_rng(0)
        for index in range(50):
            pixels = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
            sink.write(Frame(pixels, 3600 * index, LIVE_TIME_BASE))
        sink.close()
        sizes[kbps] = target.stat().st_size
    assert sizes[100] < sizes[1000] < 1000 * 1000 / 8 * 2 * 1.5


def test_a_sink_that_cannot_be_opened_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot make the folder .*file: .*; choose another"):
        open_sink(parse_sink(str(tmp_path / "file" / "a.mp4")), FACTS, title="")


class FakeTk(ModuleType):
    """As much of tkinter as a window needs."""

    class TclError(Exception):
        """Tk's error."""

    def __init__(self, *, has_display: bool = True) -> None:
        super().__init__("tkinter")
        self.shown: list[bytes] = []
        self.keys: dict[str, Any] = {}
        self.is_destroyed = False
        self._has_display = has_display

    def Tk(self) -> Any:  # noqa: N802 - as tkinter has it
        """A window."""
        if not self._has_display:
            raise self.TclError("no display name")
        return SimpleNamespace(
            title=lambda _: None,
            protocol=self.keys.__setitem__,
            bind=self.keys.__setitem__,
            update=lambda: None,
            destroy=lambda: setattr(self, "is_destroyed", True),
        )

    def PhotoImage(self, **_: Any) -> Any:  # noqa: N802
        """A picture that remembers what it showed."""
        return SimpleNamespace(configure=lambda data, format: self.shown.append(data))

    def Label(self, *_: Any, **__: Any) -> Any:  # noqa: N802
        """A place for it."""
        return SimpleNamespace(pack=lambda: None)


def test_a_window_shows_frames_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    tk = FakeTk()
    monkeypatch.setitem(sys.modules, "tkinter", tk)
    window = open_sink(parse_sink("window"), FACTS, title="test")
    window.write(frame_at(0))
    head = b"P6 160 96 255\n"
    assert tk.shown[0].startswith(head)
    assert len(tk.shown[0]) == len(head) + HEIGHT * WIDTH * 3
    assert window.is_open()
    tk.keys["WM_DELETE_WINDOW"]()
    assert not window.is_open()
    window.write(frame_at(3600))
    assert len(tk.shown) == 1
    window.close()
    assert tk.is_destroyed


def test_without_a_display_a_sentence_says_what_else_to_choose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tkinter", FakeTk(has_display=False))
    with pytest.raises(OutputError, match=r"no display for a window .*choose --to none"):
        open_sink(parse_sink("window"), FACTS, title="test")


def test_without_tk_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tkinter", None)
    with pytest.raises(OutputError, match="install it"):
        open_sink(parse_sink("window"), FACTS, title="test")


def test_a_virtual_camera_gets_rgb_frames_of_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dict[str, Any]] = []
    sent: list[np.ndarray] = []
    package: Any = ModuleType("pyvirtualcam")

    def make_camera(**arguments: Any) -> Any:
        opened.append(arguments)
        return SimpleNamespace(send=sent.append, close=lambda: opened.clear())

    package.Camera = make_camera
    monkeypatch.setitem(sys.modules, "pyvirtualcam", package)
    camera = open_sink(parse_sink("camera"), FACTS, title="")
    assert opened == [{"width": WIDTH, "height": HEIGHT, "fps": 25.0}]
    camera.write(frame_at(0))
    assert np.array_equal(sent[0], frame_at(0).pixels)
    camera.close()
    assert opened == []


def test_what_a_virtual_camera_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(MissingExtraError, match=re.escape(install_command("live"))):
        open_sink(parse_sink("camera"), FACTS, title="")
    package: Any = ModuleType("pyvirtualcam")

    def fail(**_: Any) -> Any:
        raise RuntimeError("no\nbackend")

    package.Camera = fail
    monkeypatch.setitem(sys.modules, "pyvirtualcam", package)
    with pytest.raises(OutputError, match=r"\(no backend\); load v4l2loopback"):
        open_sink(parse_sink("camera"), FACTS, title="")


def test_pictures_made_within_a_millisecond_can_be_told_apart() -> None:
    pattern = Pattern(96, 160)
    moments = [read_moment(luma_of(pattern.next_picture())) for _ in range(50)]
    assert moments == sorted(set(moments))
