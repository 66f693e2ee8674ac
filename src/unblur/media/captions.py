"""Closed captions inside the picture (CEA-608 and 708, as ATSC A/53 carries them).

FFmpeg's encoders write those that a frame brings along, but PyAV cannot give a frame any;
so they are put into the encoded packets here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

import av
from av.buffer import Buffer

_WORD_BYTES = 3
_MOST_WORDS = 31
"""Words of captions that one message can hold."""
_HEAD = b"\xb5\x00\x31GA94\x03"
"""ITU-T T.35: United States, ATSC, its identifier, captions."""
_REGISTERED_USER_DATA = 4
_UNIT_START = re.compile(rb"\x00?\x00\x00\x01(.)", re.DOTALL)
_MESSAGE_HEADS = {"libx264": b"\x06", "libx265": b"\x4e\x01"}
"""Head of a NAL unit of supplemental enhancement information (SEI), by encoder."""


def read_captions(frame: av.VideoFrame) -> bytes | None:
    """What a decoded frame carries: three bytes for each word; None where it has none."""
    data = cast("Mapping[str, Buffer]", frame.side_data).get("A53_CC")
    return None if data is None else bytes(data)


def keeps_captions(encoder: str) -> bool:
    """Whether captions can be put into what `encoder` gives."""
    return encoder in _MESSAGE_HEADS


def add_captions(packet: bytes, captions: bytes, encoder: str) -> bytes:
    """An encoded picture with `captions` before its first slice, where the standards want them.

    ITU-T H.264 and H.265, annex D; ATSC A/53 part 4, 6.2.3.
    """
    for unit in _UNIT_START.finditer(packet):
        if _is_slice(unit[1][0], encoder):
            start = unit.start()
            return packet[:start] + _messages(captions, encoder) + packet[start:]
    return packet


def _is_slice(head: int, encoder: str) -> bool:
    """Whether a NAL unit that begins with the byte `head` holds a part of a picture."""
    if encoder == "libx265":
        return head >> 1 & 63 < 32
    return 1 <= head & 31 <= 5


def _messages(captions: bytes, encoder: str) -> bytes:
    """NAL units that hold all the captions."""
    step = _MOST_WORDS * _WORD_BYTES
    return b"".join(
        _message(captions[start : start + step], encoder) for start in range(0, len(captions), step)
    )


def _message(captions: bytes, encoder: str) -> bytes:
    """One NAL unit with up to `_MOST_WORDS` words."""
    count = 0x40 | len(captions) // _WORD_BYTES  # the flag says that there are captions
    content = _HEAD + bytes([count, 0xFF]) + captions + b"\xff"
    payload = bytes([_REGISTERED_USER_DATA, len(content)]) + content + b"\x80"
    escaped = re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", payload)
    return b"\x00\x00\x00\x01" + _MESSAGE_HEADS[encoder] + escaped
