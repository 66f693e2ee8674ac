"""Time stamps of transport and program streams, where their clock jumps.

Recordings that were joined begin their clock anew midway; a damaged byte makes one stamp
wrong by hours. Other containers have one clock from beginning to end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from unblur.media.containers import open_input
from unblur.media.damage import Damage

_JUMPING = {"mpegts", "mpeg"}
"""Containers whose clock may begin anew; in all streams it has 90,000 ticks a second."""
_TICKS = 90_000
_FAR = 10 * _TICKS
"""So many ticks are no pause of one stream while the others go on."""
_NEAR = _TICKS // 10
"""So many ticks late or early are still the same clock."""
_LONGEST_PAUSE = 3600 * _TICKS
"""A jump ahead by more is another clock: stamps far below the first count on from 2^33."""
_MOST_WRONG = 24
"""So many packets of a stream, at most, are wrong together: one stamp can be that of several."""
_MOST_HELD = 500
"""So many packets are waited for to see how the streams go on."""


def mend_clock(
    container: InputContainer, packets: Iterator[av.Packet[Stream]], damage: Damage
) -> Iterator[av.Packet[Stream]]:
    """The packets of all streams of `container`, their time stamps on one clock.

    A stamp that leaves those of its stream, which then go on where they were, is put right.
    Where the other streams jump too, what comes is moved behind what was, unless it is a pause.
    `damage` takes note; packets end where the file cannot be read on.
    """
    if container.format.name not in _JUMPING:
        yield from packets
        return
    clock = _Clock(damage)
    coming: deque[av.Packet[Stream]] = deque()
    with suppress(FFmpegError):
        for packet in packets:
            coming.append(packet)
            while len(coming) > 1 and clock.can_tell(coming):
                yield clock.put_right(coming)
    while coming:
        yield clock.put_right(coming)


def has_one_clock(path: Path) -> bool:
    """Whether the clock of the file at `path` goes on from its beginning to its end.

    Reads all of a transport or program stream, without decoding it, once as long as the file
    stays the same: each preview asks. Raises MediaError.
    """
    try:
        status = path.stat()
    except OSError:
        return True  # who opens the file next says why it cannot be read
    return _has_one_clock(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _has_one_clock(path: Path, _changed_ns: int, _size: int) -> bool:
    """The same of a file as it is since a moment, of a size."""
    damage = Damage()
    with open_input(path) as container:
        if container.format.name in _JUMPING:
            for _ in mend_clock(container, container.demux(), damage):
                pass
    return not damage.joints.count and not damage.misdated.count


def _parted(
    coming: Iterable[av.Packet[Stream]],
) -> tuple[list[av.Packet[Stream]], list[av.Packet[Stream]]]:
    """The timed packets of the first one's stream, itself included, and those of the others."""
    first, *behind = coming
    timed = [packet for packet in behind if _is_timed(packet)]
    own = [packet for packet in timed if packet.stream_index == first.stream_index]
    return [first, *own], [it for it in timed if it.stream_index != first.stream_index]


def _is_timed(packet: av.Packet[Stream]) -> bool:
    """Whether it is of a stream that goes on all the time."""
    return packet.dts is not None and packet.stream.type in {"audio", "video"}


@dataclass(slots=True)
class _Row:
    """Where one stream stands: ticks as they are in the file, and what is added to them."""

    last: int
    end: int
    shift: int
    clock_number: int
    step: int = 0
    """From one packet to the next, where packets do not say how long they last."""


@dataclass(slots=True)
class _Clock:
    """The clock of the file so far."""

    damage: Damage
    shift: int = 0
    """What is added to the stamps of the clock that runs now."""
    number: int = 0
    """How often it began anew."""
    rows: dict[int, _Row] = field(default_factory=dict[int, _Row])

    def can_tell(self, coming: Sequence[av.Packet[Stream]]) -> bool:
        """Whether those that come show what is true of the first."""
        if not self._jumps(coming[0]) or len(coming) > _MOST_HELD:
            return True
        own, others = _parted(coming)
        return len(own) > _MOST_WRONG and bool(others)

    def put_right(self, coming: deque[av.Packet[Stream]]) -> av.Packet[Stream]:
        """The first of those that come, taken from them, with its stamps as they should be."""
        packet = coming[0]
        if packet.dts is None or not _is_timed(packet):
            _move(packet, self.shift)
            return coming.popleft()
        if self._jumps(packet):
            own, others = _parted(coming)
            if self._is_wrong_alone(own):
                self._note_wrong(packet)
                self._correct(packet)
            elif not others or any(map(self._jumps, others)):
                is_pause = 0 < packet.dts - (self._end or 0) < _LONGEST_PAUSE
                if not is_pause:
                    self._begin_anew(packet.dts)
            else:
                self.rows.pop(packet.stream_index)  # the others go on: it has a clock of its own
        elif packet.pts is not None and abs(packet.pts - packet.dts) > _FAR:
            self._note_wrong(packet)
            packet.pts = None if packet.stream.type == "video" else packet.dts
        row = self._row_of(packet)
        step = packet.dts - row.last
        row.step = step if 0 < step < _NEAR else row.step
        row.last, row.end = packet.dts, packet.dts + (packet.duration or row.step)
        _move(packet, row.shift)
        return coming.popleft()

    def _is_wrong_alone(self, own: Sequence[av.Packet[Stream]]) -> bool:
        """Whether those of one stream, the first of which jumps, jump back to where it was."""
        row = self.rows[own[0].stream_index]
        stamps = [packet.dts for packet in own if packet.dts is not None]
        returns = any(
            -_NEAR <= after - row.end <= _FAR and abs(after - before) > _NEAR
            for before, after in pairwise(stamps)
        )
        return returns or len(stamps) == 1

    def _correct(self, packet: av.Packet[Stream]) -> None:
        """Give a packet the stamps that follow those before it.

        A picture's moment to be shown, unless it is true, is left to the order of the pictures.
        """
        end = self.rows[packet.stream_index].end
        is_shown_truly = packet.pts is not None and 0 <= packet.pts - end <= _FAR
        packet.dts = end
        if not is_shown_truly:
            packet.pts = None if packet.stream.type == "video" else end

    def _row_of(self, packet: av.Packet[Stream]) -> _Row:
        """Where the stream of `packet` stands: on the clock that runs, unless it comes late."""
        dts, row = packet.dts or 0, self.rows.get(packet.stream_index)
        is_late = row is not None and 0 <= dts - row.end <= _NEAR
        if row is None or (row.clock_number < self.number and not is_late):
            row = _Row(dts, dts, self.shift, self.number)
            self.rows[packet.stream_index] = row
        return row

    def _jumps(self, packet: av.Packet[Stream]) -> bool:
        """Whether a stamp is none that could follow those of its stream."""
        row = self.rows.get(packet.stream_index)
        if packet.dts is None or row is None or row.clock_number < self.number:
            return False
        is_behind = packet.dts < row.last - _NEAR
        return is_behind or packet.dts - max(row.end, self._end or 0) > _FAR

    @property
    def _end(self) -> int | None:
        """How far the streams have come on the clock that runs, as it is in the file."""
        ends = (row.end for row in self.rows.values() if row.clock_number == self.number)
        return max(ends, default=None)

    def _begin_anew(self, dts: int) -> None:
        """Let the clock that begins with `dts` go on where all streams have ended."""
        end = max(row.end + row.shift for row in self.rows.values())
        self.shift, self.number = end - dts, self.number + 1
        self.damage.joints.add(Fraction(end, _TICKS))

    def _note_wrong(self, packet: av.Packet[Stream]) -> None:
        """Take note of a stamp that is not true."""
        row = self.rows.get(packet.stream_index)
        self.damage.note_wrong_stamp(Fraction(row.end + row.shift if row else 0, _TICKS))


def _move(packet: av.Packet[Stream], ticks: int) -> None:
    """Add to both stamps of a packet."""
    if ticks:
        packet.dts = None if packet.dts is None else packet.dts + ticks
        packet.pts = None if packet.pts is None else packet.pts + ticks
