"""Encoded packets in a file that any crash leaves usable: added at the end, never changed.

The file is a row of records: one that says what is being made, then packets, and after
each segment (packets that can be decoded without those before) a record that commits it.
Whatever stands after the last commit is cut off when the file is opened again.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from unblur.errors import OutputError
from unblur.media.locks import lock

_HEAD = struct.Struct("<cII")
"""Kind, size and CRC-32 of a record."""
_PACKET = struct.Struct("<qqq?")
"""Time stamps, duration in ticks, and whether it is a key frame; the data follow."""
_PURPOSE, _PACKET_KIND, _COMMIT = b"U", b"p", b"c"


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One packet of the restored video stream; times in ticks of the input."""

    data: bytes
    pts: int
    dts: int
    duration: int
    is_keyframe: bool


@dataclass(slots=True)
class PacketLog:
    """An open log; see `open_log`."""

    path: Path
    summary: dict[str, Any]
    """What the last commit said; empty where there was none."""
    _file: FileIO
    _committed_size: int
    _is_done: bool = False
    _is_kept: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is committed."""
        return not self.summary

    def append(self, packet: EncodedPacket) -> None:
        """Add a packet; raises OSError, for example of a full disk."""
        times = _PACKET.pack(packet.pts, packet.dts, packet.duration, packet.is_keyframe)
        _write_record(self._file, _PACKET_KIND, times + packet.data)

    def commit(self, summary: dict[str, Any]) -> None:
        """Make everything so far last, power cuts included; `summary` is kept with it."""
        _write_record(self._file, _COMMIT, json.dumps(summary).encode())
        os.fsync(self._file.fileno())
        self.summary = summary
        self._committed_size = self._file.tell()

    def packets(self) -> Iterator[EncodedPacket]:
        """The committed packets, in order."""
        self._file.seek(0)
        with open(self._file.fileno(), "rb", buffering=1 << 20, closefd=False) as file:
            while file.tell() < self._committed_size:
                record = _read_record(file)
                if record is None:
                    raise OutputError(
                        f"{self.path} was changed while it was read; delete it and start again"
                    )
                kind, content = record
                if kind == _PACKET_KIND:
                    pts, dts, duration, is_keyframe = _PACKET.unpack_from(content)
                    data = content[_PACKET.size :]
                    yield EncodedPacket(data, pts, dts, duration, is_keyframe)

    def keep(self) -> None:
        """Keep the file though nothing is committed: more of the job is done than it holds."""
        self._is_kept = True

    def discard(self) -> None:
        """Delete the file when it is closed: it has served its purpose."""
        self._is_done = True

    @property
    def is_needed(self) -> bool:
        """Whether another run could go on with it."""
        return not self._is_done and (self._is_kept or not self.is_empty)


@contextmanager
def open_log(path: Path, purpose: Mapping[str, Any]) -> Generator[PacketLog]:
    """The log at `path`, as far as it is committed; a new one where its purpose is another.

    The purpose is whatever decides the packets. At the end the file is deleted unless
    something in it is committed, or it was kept, and it was not discarded.
    Raises OutputError while another process has it open, OSError of the system.
    """
    is_needed = True
    try:
        with FileIO(path, "a+b") as file:
            _lock(file, path)
            log = _recover(path, file, json.dumps(purpose, sort_keys=True).encode())
            try:
                yield log
            finally:
                is_needed = log.is_needed
    finally:
        if not is_needed:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _recover(path: Path, file: FileIO, wanted: bytes) -> PacketLog:
    """The log in `file`, cut back to its last commit, or emptied and begun anew."""
    file.seek(0)
    summary: dict[str, Any] = {}
    size = 0
    if _read_record(file) == (_PURPOSE, wanted):
        size = file.tell()
        while (record := _read_record(file)) is not None:
            if record[0] == _COMMIT:
                summary, size = json.loads(record[1]), file.tell()
    file.truncate(size)
    if size == 0:
        _write_record(file, _PURPOSE, wanted)
    return PacketLog(path, summary, file, size)


def _write_record(file: FileIO, kind: bytes, content: bytes) -> None:
    """Add a record to the end; unbuffered, so that a full disk is met here and not later."""
    left = memoryview(_HEAD.pack(kind, len(content), zlib.crc32(content)) + content)
    while left:
        left = left[file.write(left) or 0 :]


def _read_record(file: Any) -> tuple[bytes, bytes] | None:
    """Kind and content of the next record; None where no whole one is."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, size, checksum = _HEAD.unpack(head)
    content = file.read(size)
    is_whole = len(content) == size and zlib.crc32(content) == checksum
    return (kind, content) if is_whole else None


def _lock(file: FileIO, path: Path) -> None:
    """Keep others from opening the log while this process lives."""
    try:
        lock(file)
    except OSError as error:
        raise OutputError(
            f"another process is at work on the same video ({path}); wait for its end"
        ) from error
