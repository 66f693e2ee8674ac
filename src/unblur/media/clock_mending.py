"""Time stamps of transport and program streams, where their clock jumps.

Recordings that were joined begin their clock anew midway; a damaged byte makes one stamp
wrong by hours. Other containers have one clock from beginning to end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from unblur.media.damage import Damage

_JUMPING = {"mpegts", "mpeg"}
"""Containers whose clock may begin anew; in all streams it has 90,000 ticks a second."""
_TICKS = 90_000
_FAR = 10 * _TICKS
"""So many ticks are no pause of one stream while the others go on."""
_NEAR = _TICKS // 10
"""So many ticks late or early are still the same clock."""
_MOST_HELD = 500
"""So many packets are waited for to see whether the other streams go on."""


def mend_clock(
    container: InputContainer, packets: Iterator[av.Packet[Stream]], damage: Damage
) -> Iterator[av.Packet[Stream]]:
    """The packets of all streams of `container`, their time stamps on one clock.

    A stamp that leaves its neighbours, while the other streams go on, becomes that right after
    the packet before. Where all step back, what comes is moved behind what was. A pause of all
    stays one. `damage` takes note; packets end where the file cannot be read on.
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


def _next_of_others(coming: Sequence[av.Packet[Stream]]) -> av.Packet[Stream] | None:
    """The first timed packet behind the first that is of another stream; None: none yet."""
    behind = islice(coming, 1, None)
    index = coming[0].stream_index
    return next((it for it in behind if it.stream_index != index and _is_timed(it)), None)


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
    lead: int = 0
    """So much before it is shown the last packet was to be decoded."""


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
        is_known = not self._jumps(coming[0]) or len(coming) > _MOST_HELD
        return is_known or _next_of_others(coming) is not None

    def put_right(self, coming: deque[av.Packet[Stream]]) -> av.Packet[Stream]:
        """The first of those that come, taken from them, with its stamps as they should be."""
        packet = coming[0]
        if packet.dts is None or not _is_timed(packet):
            _move(packet, self.shift)
            return coming.popleft()
        if packet.pts is not None and abs(packet.pts - packet.dts) > _FAR:
            self._note_wrong(packet)
            row = self.rows.get(packet.stream_index)
            packet.pts = packet.dts + (row.lead if row else 0)
        if self._jumps(packet):
            follower = _next_of_others(coming) or next(islice(coming, 1, None), None)
            if follower is None or not self._jumps(follower):
                self._note_wrong(packet)
                row = self.rows.get(packet.stream_index)
                packet.dts = (self._end or 0) if row is None else row.end
                packet.pts = packet.dts + (row.lead if row else 0)
            elif self._steps_back(packet):
                self._begin_anew(packet.dts)
        row = self._row_of(packet)
        step = packet.dts - row.last
        row.step = step if 0 < step < _NEAR else row.step
        row.lead = 0 if packet.pts is None else packet.pts - packet.dts
        row.last, row.end = packet.dts, packet.dts + (packet.duration or row.step)
        _move(packet, row.shift)
        return coming.popleft()

    def _row_of(self, packet: av.Packet[Stream]) -> _Row:
        """Where the stream of `packet` stands: on the clock that runs, unless it comes late."""
        dts, row = packet.dts or 0, self.rows.get(packet.stream_index)
        is_late = row is not None and 0 <= dts - row.end <= _NEAR
        if row is None or (row.clock_number < self.number and not is_late):
            row = _Row(dts, dts, self.shift, self.number)
            self.rows[packet.stream_index] = row
        return row

    def _jumps(self, packet: av.Packet[Stream]) -> bool:
        """Whether a stamp is none that could follow those before it."""
        row = self.rows.get(packet.stream_index)
        if packet.dts is None or (row is not None and row.clock_number < self.number):
            return False
        end = self._end
        if row is None:
            return end is not None and abs(packet.dts - end) > _FAR
        return self._steps_back(packet) or packet.dts - (end or 0) > _FAR

    @property
    def _end(self) -> int | None:
        """How far the streams have come on the clock that runs, as it is in the file."""
        ends = (row.end for row in self.rows.values() if row.clock_number == self.number)
        return max(ends, default=None)

    def _steps_back(self, packet: av.Packet[Stream]) -> bool:
        """Whether a stamp lies before those of its stream, not by a little."""
        row = self.rows.get(packet.stream_index)
        return row is not None and packet.dts is not None and packet.dts < row.last - _NEAR

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
