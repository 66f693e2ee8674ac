"""A sender and a receiver of a stream with the time in its pictures, to measure what lies between.

Each runs as a process of its own: `python -m unblur.media.stamped_stream send|receive ...`.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream

from unblur.images.picture_clock import now_ms, read_moment
from unblur.media.live_container import LiveContainer, SilentError
from unblur.media.live_frames import LIVE_TIME_BASE, LiveClock, LiveEvent, LiveFrame
from unblur.media.live_names import LiveSourceName, parse_sink, parse_source
from unblur.media.pattern import Pattern, luma_of

_SOUND_RATE = 48_000
_SOUND_FRAME = 1024


@dataclass(slots=True)
class Received:
    """What a receiver saw."""

    frames: int = 0
    seconds: float = 0.0
    """From the first frame to the last."""
    unreadable: int = 0
    """Frames whose time could not be read."""
    disordered: int = 0
    """Frames not later than the one before, by their time stamps or by the time in them."""
    sound_packets: int = 0
    sound_ahead_ms: list[int] = field(default_factory=list[int])
    """Time stamp of each second's last sound less that of its last picture."""
    ages_ms: list[int] = field(default_factory=list[int])
    arrivals_s: list[float] = field(default_factory=list[float])
    """When each of `ages_ms` was read, from the first frame on."""


def send(
    url: str,
    seconds: float,
    pattern: Pattern,
    rate: int,
    *,
    has_sound: bool = True,
    is_paced: bool = True,
) -> int:
    """Send H.264 with the pattern, and AAC; gives the number of frames.

    In real time if it `is_paced`, else as fast as can be.
    """
    name = parse_sink(url)
    first = pattern.next_picture()
    with av.open(
        name.url,
        "w",
        format=name.muxer,
        container_options={"flush_packets": "1", "max_interleave_delta": "1", **name.options},
    ) as output:
        video = _add_video(output, first, rate)
        sound = _Sound(output) if has_sound else None
        output.start_encoding()
        started_s = time.monotonic()
        count = round(seconds * rate)
        for index in range(count):
            if is_paced:
                time.sleep(max(0.0, started_s + index / rate - time.monotonic()))
            if sound is not None:
                sound.send_until(Fraction(index + 1, rate))
            picture = pattern.next_picture()
            picture.pts, picture.time_base = round(index / rate / LIVE_TIME_BASE), LIVE_TIME_BASE
            for packet in video.encode(picture):
                output.mux_one(packet)
    return count


def receive(url: str, seconds: float) -> Received:
    """Receive until the stream ends, or `seconds` after its first frame.

    Frames are taken as they leave the decoder: what is out of order is not put into order.
    """
    container = _open_patiently(parse_source(url))
    receiver = _Receiver()
    with closing(container), suppress(FFmpegError):
        for event in container.events(threading.Event(), is_first=False):
            receiver.note(event)
            if receiver.seen.seconds >= seconds:
                break
    return receiver.seen


def _open_patiently(name: LiveSourceName) -> LiveContainer:
    """The stream called `name`, however long nothing comes from it."""
    while True:
        with suppress(SilentError):
            return LiveContainer(name, LiveClock(), wants_sound=True, puts_together=False)


@dataclass(slots=True)
class _Receiver:
    """Takes note of what comes."""

    seen: Received = field(default_factory=Received)
    _first_s: float | None = None
    _last_pts: int = -1
    _last_moment_ms: int = -1
    _last_sound_pts: int = -1

    def note(self, event: LiveEvent) -> None:
        """Take note of a frame or a packet of sound."""
        if isinstance(event, LiveFrame):
            self._note_frame(event)
        else:
            self.seen.sound_packets += 1
            self._last_sound_pts = event.pts

    def _note_frame(self, frame: LiveFrame) -> None:
        seen = self.seen
        now_s = time.monotonic()
        self._first_s = now_s if self._first_s is None else self._first_s
        seen.frames += 1
        seen.seconds = now_s - self._first_s
        moment_ms = read_moment(luma_of(frame.picture))
        is_disordered = frame.pts <= self._last_pts
        self._last_pts = frame.pts
        if moment_ms is None:
            seen.unreadable += 1
        else:
            is_disordered |= moment_ms <= self._last_moment_ms
            self._last_moment_ms = moment_ms
            seen.ages_ms.append(now_ms() - moment_ms)
            seen.arrivals_s.append(round(seen.seconds, 3))
        seen.disordered += is_disordered
        if self._last_sound_pts >= 0 and seen.seconds >= len(seen.sound_ahead_ms) + 1:
            ahead = float((self._last_sound_pts - frame.pts) * LIVE_TIME_BASE)
            seen.sound_ahead_ms.append(round(1000 * ahead))


def _add_video(output: OutputContainer, like: av.VideoFrame, rate: int) -> VideoStream:
    """What a camera sends: H.264 without delay, a key frame each second."""
    options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(rate), "crf": "23"}
    stream = output.add_stream(
        "libx264",
        rate=rate,
        options=options,
        width=like.width,
        height=like.height,
        time_base=LIVE_TIME_BASE,
    )
    stream.codec_context.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    return stream


class _Sound:
    """A tone, encoded once and sent over and over."""

    def __init__(self, output: OutputContainer) -> None:
        self._output = output
        stream = output.add_stream("aac", rate=_SOUND_RATE)
        stream.codec_context.layout = "stereo"
        self._stream = stream
        self._packets: list[bytes] = []
        self._count = 0

    def send_until(self, moment_s: Fraction) -> None:
        """Send the packets that begin before `moment_s`."""
        if not self._packets:
            self._packets = self._encode()
        while Fraction(self._count * _SOUND_FRAME, _SOUND_RATE) < moment_s:
            packet: av.Packet[Stream] = av.Packet(self._packets[self._count % len(self._packets)])
            packet.stream = self._stream
            packet.time_base = Fraction(1, _SOUND_RATE)
            packet.pts = packet.dts = self._count * _SOUND_FRAME
            packet.duration = _SOUND_FRAME
            self._count += 1
            self._output.mux_one(packet)

    def _encode(self) -> list[bytes]:
        """A second of 440 Hz."""
        moments = np.arange(_SOUND_RATE) / _SOUND_RATE
        tone = np.tile(0.2 * np.sin(2 * np.pi * 440 * moments), (2, 1)).astype(np.float32)
        packets: list[bytes] = []
        for start in range(0, _SOUND_RATE - _SOUND_FRAME + 1, _SOUND_FRAME):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(tone[:, start : start + _SOUND_FRAME]), "fltp", "stereo"
            )
            frame.sample_rate, frame.pts = _SOUND_RATE, start
            frame.time_base = Fraction(1, _SOUND_RATE)
            packets += [bytes(packet) for packet in self._stream.encode(frame)]
        return packets


def main(words: list[str]) -> None:
    """Send or receive as `words` say; a receiver prints what it saw as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["send", "receive"])
    parser.add_argument("url")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--rate", type=int, default=30)
    parser.add_argument("--clip", type=Path)
    told = parser.parse_args(words)
    if told.role == "send":
        pattern = Pattern(told.height, told.width, told.clip)
        count = send(told.url, told.seconds, pattern, told.rate)
        cpu_ms = 1000 * time.process_time() / max(1, count)
        sys.stdout.write(json.dumps({"frames": count, "cpu_ms_a_frame": round(cpu_ms, 2)}) + "\n")
    else:
        sys.stdout.write(json.dumps(asdict(receive(told.url, told.seconds))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
