"""Decoding a video from a key frame before the part that is wanted."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer

from unblur.media.clock_mending import has_one_clock
from unblur.media.containers import open_input
from unblur.media.damage import Damage
from unblur.media.decoding import AV_TIME_BASE, announced_end_s, decode_frames
from unblur.media.part import Part
from unblur.media.stream_facts import find_video

_SEEK_MARGIN_S = 5


@contextmanager
def decode_part(path: Path, part: Part) -> Generator[tuple[Iterator[av.VideoFrame], Damage]]:
    """The frames of the video at `path` from before `part` on, and what was lost of them.

    Of a part that begins late, most of what comes before it is skipped. Where FFmpeg
    finds places by their time stamps alone (MPEG-TS and MPEG-PS), the next key frame
    may come after the beginning of the part: then it is looked for further back.
    """
    for margin_s in _margins_s(path, part):
        with open_input(path) as container:
            damage = _expect_damage(container, part)
            if margin_s is not None:
                container.seek(round((part.begins_s - margin_s) * AV_TIME_BASE))
            frames = decode_frames(container, find_video(container, path), damage)
            first = next(frames, None)
            if margin_s is None or _comes_before(part, first):
                yield chain([] if first is None else [first], frames), damage
                return


def _margins_s(path: Path, part: Part) -> Iterator[int | None]:
    """How far before the part to look for a key frame, ever further; None: from the beginning.

    Where the clock of the file jumps, FFmpeg finds the wrong places.
    """
    margin_s = _SEEK_MARGIN_S
    may_seek = part.start_s > 2 * margin_s and has_one_clock(path)
    while may_seek and part.start_s > 2 * margin_s:
        yield margin_s
        margin_s *= 2
    yield None


def _expect_damage(container: InputContainer, part: Part) -> Damage:
    """Where the file should end, if it is read that far, and from where on losses matter."""
    return Damage(
        announced_end_s=announced_end_s(container) if part.end_s is None else None,
        begins_s=part.begins_s if part.start_s else None,
    )


def _comes_before(part: Part, first: av.VideoFrame | None) -> bool:
    """Whether the first decoded frame is known to be no later than the part begins."""
    if first is None or first.pts is None or first.time_base is None:
        return False
    return first.pts * first.time_base <= part.begins_s
