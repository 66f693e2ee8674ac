"""One opened source: its streams, and each picture decoded as soon as it is there."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from itertools import chain

import av
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer
from av.error import ExitError, FFmpegError
from av.stream import Stream
from av.video.stream import VideoStream

from unblur.errors import MediaError
from unblur.media.colours import read_colours
from unblur.media.containers import reason_of
from unblur.media.decoding import packet_moment_s
from unblur.media.live_frames import LiveClock, LiveEvent, LiveFacts, LiveFrame, LiveSound
from unblur.media.live_names import LiveSourceName
from unblur.media.live_sound import SoundSplitter
from unblur.media.srt_relay import Relay, has_protocol, relay_from
from unblur.media.stream_facts import moving_streams

SILENT_S = 5.0
"""A source that sends nothing for so long is lost."""
_STALE_S = 0.5
"""What should have been shown before a session begins, by more than that, is not shown."""
_LONGEST_SKIP_S = 10.0
_DEFAULT_RATE = Fraction(30)
_HIGHEST_RATE = 240
_PLAYLISTS = {"hls", "dash"}
_PACKETS_TO_TRY = 60
"""When none of so many gives a picture, they are no whole ones and have to be put together."""


class SilentError(MediaError):
    """Nothing came for a while."""


class SplitPicturesError(MediaError):
    """The packets of a stream are no whole pictures."""


class LiveContainer:
    """A source that is open and has given a first frame."""

    def __init__(
        self, name: LiveSourceName, clock: LiveClock, *, wants_sound: bool, puts_together: bool
    ) -> None:
        """Open it and wait for the first frame.

        FFmpeg knows that a picture of a transport stream is complete when the next one begins:
        a frame too late. Where each packet is a whole picture, which is usual, it need not look
        for the ends; `puts_together` makes it.

        Raises SilentError where nothing comes, SplitPicturesError where `puts_together` is
        needed, and MediaError for what cannot be opened or holds no picture.
        """
        self._name = name
        self._clock = clock
        self._is_whole = name.is_whole_on_arrival and not puts_together
        self._relay: Relay | None = None
        self._waiting: list[LiveEvent] = []
        self._skips_until_s = 0.0
        try:
            self._container = self._open()
        except (FFmpegError, OSError, ValueError) as error:
            self._close_relay()
            raise self._explain(error) from error
        try:
            self._video = self._find_video()
            sounds = self._container.streams.audio if wants_sound else ()
            self._sound = sounds[0] if sounds else None
            self._splitter = (
                None
                if self._sound is None
                else SoundSplitter(self._sound, is_parsed=not self._is_whole)
            )
            self.facts = self._receive_first()
        except (FFmpegError, OSError) as error:
            self.close()
            raise self._explain(error) from error
        except MediaError:
            self.close()
            raise

    def events(self, is_stopping: threading.Event, *, is_first: bool) -> Iterator[LiveEvent]:
        """Frames and sound as they come, the first frame included.

        `is_first` says that the session begins: what came long before is left out then.
        Raises FFmpegError when it breaks off.
        """
        waiting, self._waiting = self._waiting, []
        come = (event for event in self._demux(is_stopping) if event is not None)
        if self._name.is_paced and waiting:
            self._clock.begin_with(waiting[0].pts)
        elif is_first and waiting and self._is_stale(waiting[0]):
            late_s = -self._clock.wait_s(waiting[0].pts)
            self._skips_until_s = time.monotonic() + min(late_s, _LONGEST_SKIP_S)
            waiting, come = [], self._from_now_on(come)
        yield from chain(waiting, come)

    @property
    def sound_kind(self) -> str | None:
        """Codec, rate and channels of its sound: packets of another kind cannot follow it.

        None without sound, and where too little came to tell.
        """
        if self._sound is None or not self._sound.codec_context.sample_rate:
            return None
        context = self._sound.codec_context
        return f"{context.name}, {context.sample_rate} Hz, {context.layout.name}"

    @property
    def is_finite(self) -> bool:
        """Whether it says how long it is, as files and playlists that are complete do.

        A server that gives a file from its begin only says how many bytes; so does one that
        gives a playlist, which may grow.
        """
        has_size = self._container.size > 0 and self._container.format.name not in _PLAYLISTS
        return bool(self._container.duration) or has_size

    def close(self) -> None:
        """Let go of it."""
        with suppress(FFmpegError):
            self._container.close()
        self._close_relay()

    def _open(self) -> InputContainer:
        """The container; raises FFmpegError."""
        name, options = self._name, dict(self._name.options)
        url = f"file:{name.url}" if name.kind == "file" else name.url
        if url.startswith("srt:") and not has_protocol("srt"):
            self._relay = relay_from(url)
            url = self._relay.url
        if self._is_whole:
            options["fflags"] = f"{options.get('fflags', '')}+noparse"
        return av.open(
            url,
            format=name.format,
            container_options=options,
            timeout=(SILENT_S, SILENT_S),
            metadata_errors="replace",
        )

    def _find_video(self) -> VideoStream:
        """The first stream of moving pictures, its decoder set to give each at once."""
        videos = moving_streams(self._container)
        if not videos or videos[0].codec_context is None:  # pyright: ignore[reportUnnecessaryComparison]
            raise MediaError(f"{self._name.text} holds no picture that this FFmpeg can decode")
        context = videos[0].codec_context
        context.thread_count = 1
        context.flags |= Flags.low_delay
        return videos[0]

    def _receive_first(self) -> LiveFacts:
        """Read until a picture is there; gives what it is like."""
        empty_count = 0
        for event in self._demux(threading.Event()):
            if event is not None:
                self._waiting.append(event)
            if isinstance(event, LiveFrame):
                return self._describe(event.picture)
            empty_count += event is None
            if self._is_whole and empty_count > _PACKETS_TO_TRY:
                raise SplitPicturesError(f"the pictures of {self._name.text} come in parts")
        raise MediaError(f"{self._name.text} ended without a single picture")

    def _describe(self, picture: av.VideoFrame) -> LiveFacts:
        rate = self._video.average_rate or self._video.guessed_rate
        is_sane = rate is not None and 1 <= rate <= _HIGHEST_RATE
        return LiveFacts(
            height=picture.height,
            width=picture.width,
            rate=Fraction(rate) if rate is not None and is_sane else _DEFAULT_RATE,
            colours=read_colours(picture),
            sample_aspect_ratio=self._video.sample_aspect_ratio or None,
            sound=None if self._sound is None else _lasting(self._sound),
        )

    def _demux(self, is_stopping: threading.Event) -> Iterator[LiveEvent | None]:
        """Decoded frames and sound packets; None for a picture packet that gave no frame."""
        wanted = [stream for stream in (self._video, self._sound) if stream is not None]
        for packet in self._container.demux(wanted):
            if is_stopping.is_set():
                return
            arrived_s = time.monotonic()
            if packet.stream_index != self._video.index:
                yield from self._sound_of(packet)
                continue
            frames = self._decode(packet)
            for frame in frames:
                yield LiveFrame(frame, self._clock.ticks(_moment_of(frame)), arrived_s)
            if not frames:
                yield None

    def _is_skipped(self, event: LiveEvent) -> bool:
        """Whether to wait for a later one; not without end, for a source that is always late."""
        return self._is_stale(event) and time.monotonic() < self._skips_until_s

    def _is_stale(self, event: LiveEvent) -> bool:
        """Whether it is too late to show it."""
        return self._clock.wait_s(event.pts) < -_STALE_S

    def _from_now_on(self, events: Iterator[LiveEvent]) -> Iterator[LiveEvent]:
        """The events without those that came while nobody took them; the first one is now, at 0."""
        with self._clock.held():
            first = next((event for event in events if not self._is_skipped(event)), None)
        if first is not None:
            self._clock.begin_anew(first.pts)
            yield replace(first, pts=0)
            yield from events

    def _decode(self, packet: av.Packet[Stream]) -> list[av.VideoFrame]:
        """The frames of a packet; none where it is damaged or leans on a lost one."""
        try:
            return self._video.codec_context.decode(packet)  # pyright: ignore[reportArgumentType]
        except FFmpegError:
            return []

    def _sound_of(self, packet: av.Packet[Stream]) -> Iterator[LiveSound]:
        """The packet of sound, split into single ones where it holds several."""
        if not packet.size or self._splitter is None:
            return
        for part in self._splitter.split(packet):
            yield LiveSound(part, self._clock.ticks(packet_moment_s(part)))

    def _explain(self, error: Exception) -> MediaError:
        """Why the source cannot be opened or gives nothing, and what to do."""
        text = self._name.text
        if isinstance(error, (ExitError, TimeoutError)):
            return SilentError(f"nothing came from {text} in {SILENT_S:g} s; is it sending?")
        if self._name.kind == "camera":
            return MediaError(
                f"there is no camera at {self._name.url} ({reason_of(error)}); "
                "give another as camera:1 or camera:NAME, and close what else uses it"
            )
        if self._name.kind == "pipe":
            return MediaError(
                f"what comes through the pipe is no video that can be read so "
                f"({reason_of(error)}); send MPEG-TS or Matroska, not MP4"
            )
        return MediaError(f"cannot open {text}: {reason_of(error)}")

    def _close_relay(self) -> None:
        if self._relay is not None:
            self._relay.close()


def _moment_of(frame: av.VideoFrame) -> Fraction | None:
    """When a frame is shown; None where it carries no time stamp."""
    if frame.pts is None or frame.time_base is None:
        return None
    return frame.pts * frame.time_base


def _lasting(sound: AudioStream) -> AudioStream | None:
    """A stream like `sound` that outlives its container, to be a template for as long as wanted.

    None for what Matroska cannot hold, which no sink of ours can either.
    """
    holder = av.open(io.BytesIO(), "w", format="matroska")
    try:
        lasting = holder.add_stream_from_template(sound, opaque=True)
    except ValueError:
        return None
    lasting.metadata.update(sound.metadata)
    return lasting
