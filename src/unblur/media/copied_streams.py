"""Everything in a video file but the restored picture, copied packet by packet.

Sound, subtitles, data, attachments, cover pictures, further video streams, chapters
and metadata; nothing of it is decoded or encoded, but for sound that the container does not take.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.stream import Discard, Disposition, Stream

from unblur.media.clock_mending import mend_clock
from unblur.media.covers import attach_cover, is_cover, keeps_cover_tracks, read_cover
from unblur.media.damage import Damage
from unblur.media.decoding import packet_moment_s
from unblur.media.encoded_sound import EncodedSound, add_encoded_sound
from unblur.media.part import WHOLE, Part
from unblur.media.video_reader import VideoReader

_CONTAINER_KEYS = {"major_brand", "minor_version", "compatible_brands", "encoder"}
"""What a file says of itself as a container, true only of that file."""
_PICTURE_KEYS = {
    *("encoder", "bps", "number_of_frames", "number_of_bytes", "duration", "alpha_mode"),
}
"""What a stream says of its encoded form, untrue of the restored one."""
_PICKY_ABOUT_NOTHING = {"mpegts", "avi"}
"""Muxers that take any subtitles and data, in a form that nobody can read back."""
_SOUND_OF_MPEGTS = {
    *("mp1", "mp2", "mp3", "aac", "aac_latm", "ac3", "eac3", "dts", "truehd", "opus", "s302m"),
}
"""What MPEG-TS has a name for; FFmpeg writes the rest in a form that nobody can read back."""

_HAS_EDIT_LISTS = {"mp4", "mov"}
"""Muxers that write what a player leaves out of a stream that begins before 0."""
_RUN_IN_S = Fraction(1, 10)
"""So much sound a decoder may need before what is heard (Opus: 0.08 s)."""
_MOST_REORDERED = 16
"""So many pictures, at most, are decoded before the first one is shown (H.264, H.265)."""
_QUICKTIME_LANGUAGES = {
    **{"cze": "ces", "deu": "ger", "ell": "gre", "fas": "per", "fre": "fra"},
    **{"gle": "iri", "isl": "ice", "msa": "may", "nld": "dut", "rum": "ron", "slo": "slk"},
    **{"sqi": "alb", "swe": "sve", "zho": "chi"},
}
"""FFmpeg's MOV muxer knows these languages by their other name only, and drops this one."""
_KEEPS_TIMECODE = {"mp4", "mov", "matroska", "webm"}
"""Muxers that write the timecode in a video stream's metadata: the first two as a track."""


@dataclass(slots=True)
class CopiedStreams:
    """The streams of `source` that go into `output` as they are, in step with the picture."""

    path: Path
    """Of the file that is open as `source`."""
    source: InputContainer
    output: OutputContainer
    part: Part = WHOLE
    notes: list[str] = field(default_factory=list[str])
    """Sentences on what could not be copied."""
    _outputs: dict[int, Stream] = field(default_factory=dict[int, Stream])
    _encoded: dict[int, EncodedSound] = field(default_factory=dict[int, EncodedSound])
    _waiting: Iterator[av.Packet[Stream]] | None = None
    _next: av.Packet[Stream] | None = None
    _last_dts: dict[int, int] = field(default_factory=dict[int, int])
    _covers: list[tuple[Stream, bytes]] = field(default_factory=list[tuple[Stream, bytes]])

    def add(self, template: Stream) -> None:
        """Make a stream like `template` in the output, or note that it takes none such."""
        if template.discard == Discard.all:
            return  # the track that MP4 keeps its chapters in; chapters are copied as such
        is_kept = self._add_cover(template) if is_cover(template) else self._add_track(template)
        if not is_kept:
            self.notes.append(
                f"the {_name(template)} cannot be kept in this kind of file ({_kind(self.output)})"
            )

    def _add_track(self, template: Stream) -> bool:
        """Make a stream to copy packets into; False where its content is lost."""
        if not _is_taken(self.output, template, self.source):
            return self._is_written_anew(template) or self._encode_anew(template)
        self._outputs[template.index] = _copy_stream(self.output, template)
        return True

    def _add_cover(self, template: Stream) -> bool:
        """Keep a cover picture, whole: it belongs to no moment; False where it is lost."""
        data = read_cover(self.path, template.index)
        if data is None:
            return False
        if not keeps_cover_tracks(self.output):
            return attach_cover(self.output, template, data)
        if not _is_taken(self.output, template, self.source):
            return False
        self._covers.append((_copy_stream(self.output, template), data))
        return True

    def _is_written_anew(self, template: Stream) -> bool:
        """Whether `template` only tells the timecode that a video stream's metadata tell too."""
        timecode = template.metadata.get("timecode")
        told = {each.metadata.get("timecode") for each in self.source.streams.video}
        is_timecode = template.type == "data" and template.frames == 1 and timecode is not None
        return is_timecode and timecode in told and _kind(self.output) in _KEEPS_TIMECODE

    def _encode_anew(self, template: Stream) -> bool:
        """Take the sound of `template` in another form, with a note; False where it is no sound."""
        encoded = add_encoded_sound(self.output, template)
        if encoded is None:
            return False
        _describe_copy(encoded.stream, template, self.output)
        self._outputs[template.index] = encoded.stream
        self._encoded[template.index] = encoded
        self.notes.append(
            f"the {_name(template)} cannot be copied into this kind of file ({_kind(self.output)}) "
            f"and is encoded anew ({encoded.stream.codec_context.codec.name})"
        )
        return True

    def mux_until(self, moment_s: Fraction | None) -> None:
        """Copy the packets that come before `moment_s`, or all the rest if it is None.

        Raises FFmpegError when they cannot be written.
        """
        if self._waiting is None:
            for stream, data in self._covers:
                self.output.mux_one(_first_packet(stream, data))
            self._waiting = self._read()
            self._next = next(self._waiting, None)
        while self._next is not None:
            packet_s = packet_moment_s(self._next)
            ends_s = None if moment_s is None else moment_s + self.part.shift_s
            if ends_s is not None and packet_s is not None and packet_s > ends_s:
                return
            self._mux(self._next)
            self._next = next(self._waiting, None)
        if moment_s is None:
            for encoded in self._encoded.values():
                for packet in encoded.flush():
                    self.output.mux_one(packet)

    def _read(self) -> Iterator[av.Packet[Stream]]:
        """The packets to copy, up to the end or the first unreadable place."""
        if not self._outputs:
            return
        packets = mend_clock(self.source, self.source.demux(), Damage())
        with suppress(FFmpegError):  # the reader of the picture says what is lost, and where
            for packet in packets:
                if packet.size and packet.stream_index in self._outputs:
                    yield packet

    def _mux(self, packet: av.Packet[Stream]) -> None:
        """Write one packet, unless its time stamp is one that no container could hold."""
        index = packet.stream_index
        if self._is_hidden(packet) or not self._cut(packet):
            return
        if index in self._encoded:
            for encoded in self._encoded[index].encode(packet):
                self.output.mux_one(encoded)
            return
        if packet.dts is None:
            packet.dts = self._guess_dts(packet)
        last_dts = self._last_dts.get(index)
        may_be_same = packet.stream.type not in {"audio", "video"}
        if packet.dts is None or (last_dts is not None and packet.dts + may_be_same <= last_dts):
            return
        self._last_dts[index] = packet.dts
        packet.pts = packet.dts if packet.pts is None else packet.pts
        packet.stream = self._outputs[index]
        self.output.mux_one(packet)

    def _guess_dts(self, packet: av.Packet[Stream]) -> int | None:
        """When to decode a packet that only says when it is shown.

        The first pictures of Matroska do, whose B-frames have earlier moments than those before.
        """
        if packet.pts is None or packet.stream.type != "video":
            return packet.pts
        last_dts = self._last_dts.get(packet.stream_index, packet.pts - _MOST_REORDERED)
        return min(packet.pts, last_dts + 1)

    def _is_hidden(self, packet: av.Packet[Stream]) -> bool:
        """Whether the input's edit list hides this sound, and a player of the output would not.

        What lies right before its first sound stays: decoders need it to begin.
        """
        has_edit_list = _kind(self.output) in _HAS_EDIT_LISTS
        if has_edit_list or not packet.is_discard or packet.stream.type != "audio":
            return False
        moment_s = packet_moment_s(packet)
        begins_s = (packet.stream.start_time or 0) * packet.time_base
        return moment_s is not None and moment_s < begins_s - _RUN_IN_S

    def _cut(self, packet: av.Packet[Stream]) -> bool:
        """Whether a packet lies in the part; moves it as the part is moved.

        Of a video nothing does before its first key frame there, without which it cannot be seen.
        """
        moment_s = packet_moment_s(packet)
        if moment_s is None or self.part.is_whole:
            return True
        if not self.part.has_begun(moment_s) or self.part.has_ended(moment_s):
            return False
        has_key = packet.is_keyframe or packet.stream_index in self._last_dts
        if packet.stream.type == "video" and not has_key:
            return False
        shift = round(self.part.shift_s / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        return True


def copy_descriptions(source: InputContainer, output: OutputContainer, like: VideoReader) -> None:
    """Give `output` the chapters and the metadata of `source`, as they are true of the part."""
    output.metadata.update(_kept(source.metadata, _CONTAINER_KEYS, like))
    chapters = map(like.part.cut_chapter, source.chapters())
    output.set_chapters([each for each in chapters if each])


def describe_picture(template: Stream, restored: Stream, like: VideoReader) -> None:
    """Give the restored video stream the metadata and the dispositions of its input."""
    restored.metadata.update(_kept(template.metadata, _PICTURE_KEYS, like))
    restored.disposition = Disposition(template.disposition)


def _kept(metadata: dict[str, str], dropped: set[str], like: VideoReader) -> dict[str, str]:
    """The metadata that stay true, the timecode that of the first frame that is kept.

    Matroska writes "BPS-eng", "_STATISTICS_...".
    """
    return {
        key: like.move_timecode(text) if key.lower() == "timecode" else text
        for key, text in metadata.items()
        if key.lower().partition("-")[0] not in dropped and not key.startswith("_STATISTICS")
    }


def _is_taken(output: OutputContainer, template: Stream, source: InputContainer) -> bool:
    """Whether `output` can hold a stream like `template`: its muxer is tried on nothing.

    On next to nothing for data: MOV refuses a track of timecode at its end only, if it has
    a packet, for want of a frame rate that PyAV cannot set.
    """
    kind = _kind(output)
    if kind == "webm" and template.type == "attachment":
        return False  # the muxer leaves it out without an error
    is_simple = template.type in {"audio", "video"}
    if kind in _PICKY_ABOUT_NOTHING and not is_simple and source.format.name != kind:
        return False
    if kind == "mpegts" and isinstance(template, AudioStream) and source.format.name != kind:
        context = template.codec_context
        is_known = context is not None and context.codec.canonical_name in _SOUND_OF_MPEGTS  # pyright: ignore[reportUnnecessaryComparison]
        if not is_known:
            return False
    try:
        with av.open(io.BytesIO(), mode="w", format=kind) as trial:
            copy = _copy_stream(trial, template)
            trial.start_encoding()
            if template.type == "data":
                trial.mux_one(_first_packet(copy, bytes(4)))
    except (FFmpegError, ValueError):
        return False
    return True


def _copy_stream(output: OutputContainer, template: Stream) -> Stream:
    """A stream of `output` like `template`."""
    copy = output.add_stream_from_template(template, opaque=True)
    _describe_copy(copy, template, output)
    return copy


def _describe_copy(copy: Stream, template: Stream, output: OutputContainer) -> None:
    """Let a stream of `output` say what `template` says."""
    copy.metadata.update(template.metadata)
    if _kind(output) == "mov" and template.language in _QUICKTIME_LANGUAGES:
        copy.metadata["language"] = _QUICKTIME_LANGUAGES[template.language]
    copy.disposition = Disposition(template.disposition)


def _first_packet(stream: Stream, data: bytes) -> av.Packet[Stream]:
    """A packet for the beginning of `stream`."""
    packet = av.Packet(data)
    packet.stream, packet.time_base = stream, Fraction(1, 1000)
    packet.pts = packet.dts = 0
    packet.duration, packet.is_keyframe = 1, True
    return packet


def _kind(output: OutputContainer) -> str:
    return output.format.name


def _name(stream: Stream) -> str:
    """What a stream is, for a sentence: "subtitle stream 2 (mov_text, eng)"."""
    name = getattr(stream, "name", None)  # PyAV has none where FFmpeg has no decoder
    details = [name or "", stream.language or ""]
    known = ", ".join(each for each in details if each and each != "und")
    kind = "cover picture" if is_cover(stream) else f"{stream.type} stream"
    return f"{kind} {stream.index}" + (f" ({known})" if known else "")
