"""Where live frames go: a stream, a pipe or a file, encoded without looking ahead."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from unblur.errors import OutputError, UnblurError
from unblur.media.atomic import explaining, make_folder, replacing
from unblur.media.colours import encoded_colours, to_encoder_frame
from unblur.media.containers import name_for_ffmpeg, reason_of
from unblur.media.frame import Frame
from unblur.media.live_frames import LIVE_TIME_BASE, LiveFacts, LiveSound
from unblur.media.live_names import LiveSinkName
from unblur.media.live_screens import Screen, VirtualCamera, Window
from unblur.media.srt_relay import has_protocol, relay_to
from unblur.media.threaded_output import (
    check_takes,
    close_later,
    close_quietly,
    has_global_header,
    open_threaded,
)

_MOST_HELD_BACK_US = 50_000
"""So long the muxer may wait for the other stream, to write both in order."""
_MOST_HELD_BACK = round(Fraction(_MOST_HELD_BACK_US, 1_000_000) / LIVE_TIME_BASE)
_QUALITY_CRF = "21"
_KEY_FRAMES_S = 1
"""Who joins a stream waits for a key frame."""


class LiveSink(Protocol):
    """Takes frames and sound as they come.

    All calls are from one thread, the main one where the sink is a window or a camera.
    """

    takes_sound: bool

    def write(self, frame: Frame) -> bool:
        """Show or send a frame; gives whether that was possible now. Raises OutputError."""
        ...

    def write_sound(self, sound: LiveSound) -> None:
        """Send a packet of sound; raises OutputError."""
        ...

    def is_open(self) -> bool:
        """Whether anybody still looks; called often."""
        ...

    def close(self) -> None:
        """Finish; a file gets its name. Raises OutputError."""
        ...

    def abandon(self) -> None:
        """Let go at once, after an error; a file keeps what was recorded before."""
        ...


class NetworkSink(LiveSink, Protocol):
    """A sink whose other side may not be there yet."""

    def is_connected(self) -> bool:
        """Whether the other side has surely taken something; called often."""
        ...


def open_sink(
    name: LiveSinkName, facts: LiveFacts, *, title: str, bit_rate_kbps: int | None = None
) -> LiveSink:
    """The sink called `name` for frames of the size of `facts`.

    Raises OutputError or MissingExtraError, with what to do, where it is not to be had.
    """
    if name.kind == "none":
        return Screen()
    if name.kind == "window":
        return Window(facts.height, facts.width, title)
    if name.kind == "camera":
        return VirtualCamera(facts.height, facts.width, float(facts.rate))
    return StreamSink(name, facts, bit_rate_kbps)


class StreamSink:
    """H.264, and the sound as it came, in a container."""

    takes_sound = True

    def __init__(self, name: LiveSinkName, facts: LiveFacts, bit_rate_kbps: int | None) -> None:
        self._name = name
        self._facts = facts
        self._exits = ExitStack()
        self._reformatter = VideoReformatter()
        self._last_sound_pts = -1
        self._is_connected = not name.may_hang
        self._has_pictures = False
        self._first_pts: list[int] = []
        try:
            with self._explained(f"cannot send to {name.text}"):
                self._container = self._open_container()
                self._exits.push(self._let_go)
                self._video = self._add_video(bit_rate_kbps)
                self._sound = self._add_sound()
                self._container.start_encoding()
        except UnblurError:
            self.abandon()
            raise

    def write(self, frame: Frame) -> bool:
        """Encode and send a frame."""
        pixel_format = self._video.codec_context.pix_fmt or "yuv420p"
        encoded = to_encoder_frame(
            frame.pixels, pixel_format, self._facts.colours, self._reformatter
        )
        encoded.pts, encoded.time_base = frame.pts, frame.time_base
        with self._explained_sending():
            for packet in self._video.encode(encoded):
                self._container.mux_one(packet)
        self._has_pictures = True
        if not self._is_connected:
            self._first_pts.append(frame.pts)
            sent = [pts for pts in self._first_pts if frame.pts - pts > _MOST_HELD_BACK]
            self._is_connected = len(sent) > 1  # one may lie in the queue; the other went out
        return True

    def write_sound(self, sound: LiveSound) -> None:
        """Send a packet, unless it is not later, as the container counts, than the one before."""
        stream = self._sound
        if stream is None or stream.time_base is None:
            return
        pts = round(sound.pts * LIVE_TIME_BASE / stream.time_base)
        if pts <= self._last_sound_pts:
            return
        self._last_sound_pts = pts
        packet = sound.packet
        duration_s = (packet.duration or 0) * packet.time_base
        packet.stream = stream
        packet.time_base = stream.time_base
        packet.pts = packet.dts = pts
        packet.duration = round(duration_s / stream.time_base)
        with self._explained_sending():
            self._container.mux_one(packet)

    def is_open(self) -> bool:
        """Until it fails."""
        return True

    def is_connected(self) -> bool:
        """From the beginning; where a thread connects it, after the first few frames."""
        return self._is_connected

    def close(self) -> None:
        """Send what is left and end the container; a file gets its name."""
        if not self._is_connected:  # it may never be
            self.abandon()
            return
        try:
            with self._explained(f"cannot finish {self._name.text}"):
                for packet in self._video.encode(None):
                    self._container.mux_one(packet)
                self._container.close()
        except OutputError:
            self.abandon()
            raise
        self._exits.close()

    def abandon(self) -> None:
        """Let go of everything; a file in which there are pictures keeps them."""
        if self._name.kind == "file" and self._has_pictures:
            close_quietly(self._container)
            self._exits.close()
            return
        error = OutputError("abandoned")
        self._exits.__exit__(OutputError, error, None)

    @contextmanager
    def _explained(self, what: str) -> Generator[None]:
        """Turn what FFmpeg or the system raises into OutputError."""
        is_file = self._name.kind == "file"
        try:
            with explaining(Path(self._name.url)) if is_file else nullcontext():
                yield
        except UnblurError as error:
            if is_file and self._has_pictures:
                raise OutputError(f"{error}; what was recorded before is kept") from error
            raise
        except (FFmpegError, OSError, ValueError) as error:
            raise OutputError(f"{what}: {reason_of(error)}") from error

    def _explained_sending(self) -> AbstractContextManager[None]:
        """As `_explained`; what fails before it is connected was never there."""
        what = "{} takes no more" if self._is_connected else "cannot send to {}"
        return self._explained(what.format(self._name.text))

    def _let_go(self, kind: type[BaseException] | None, *_: object) -> None:
        """After an error close the container, broken as it may be."""
        if kind is not None and self._name.may_hang:
            close_later(self._container)
        elif kind is not None:
            close_quietly(self._container)

    def _open_container(self) -> OutputContainer:
        url = self._name.url
        if self._name.kind == "file":
            make_folder(Path(url).parent)
            url = name_for_ffmpeg(self._exits.enter_context(replacing(Path(url))))
        elif url.startswith("srt:") and not has_protocol("srt"):
            relay = relay_to(url)
            self._exits.callback(relay.close)
            url = relay.url
        options = {
            "flush_packets": "1",
            "max_interleave_delta": str(_MOST_HELD_BACK_US),
            **self._name.options,
        }
        if self._name.may_hang:
            return open_threaded(url, self._name.muxer, options)
        return av.open(url, "w", format=self._name.muxer, container_options=options)

    def _add_video(self, bit_rate_kbps: int | None) -> VideoStream:
        facts = self._facts
        stream = self._container.add_stream(
            "libx264",
            rate=facts.rate,
            options=_encoder_options(facts.rate, bit_rate_kbps),
            width=facts.width,
            height=facts.height,
            time_base=LIVE_TIME_BASE,
        )
        context = stream.codec_context
        is_odd = facts.height % 2 or facts.width % 2
        context.pix_fmt = "yuv444p" if is_odd else "yuv420p"
        if has_global_header(self._name.muxer):
            context.flags |= Flags.global_header
        colours = encoded_colours(facts.colours, context.pix_fmt)
        context.color_primaries, context.color_trc = colours.primaries, colours.transfer
        context.colorspace, context.color_range = colours.matrix, colours.range
        if facts.sample_aspect_ratio is not None:
            context.sample_aspect_ratio = facts.sample_aspect_ratio
        return stream

    def _add_sound(self) -> Stream | None:
        template = self._facts.sound
        if template is None:
            return None
        if self._name.may_hang:
            check_takes(self._name.muxer, template)
        sound = self._container.add_stream_from_template(template, opaque=True)
        sound.metadata.update(template.metadata)
        return sound


def _encoder_options(rate: Fraction, bit_rate_kbps: int | None) -> dict[str, str]:
    """Every frame leaves the encoder before the next one comes."""
    options = {
        "preset": "superfast",
        "tune": "zerolatency",
        "bf": "0",
        "g": str(max(1, round(rate * _KEY_FRAMES_S))),
    }
    if bit_rate_kbps is None:
        return options | {"crf": _QUALITY_CRF}
    rate_b = str(bit_rate_kbps * 1000)
    return options | {"b": rate_b, "maxrate": rate_b, "bufsize": str(bit_rate_kbps * 500)}
