"""Whole pictures out of interlaced ones: FFmpeg's bwdif, one picture for each frame."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.error import BlockingIOError as NothingYetError
from av.error import EOFError as EndError
from av.filter import Graph

_CLOCK = Fraction(1, 1)
"""In the filter frames are numbered, so that whatever time stamps they have come back."""


def deinterlace(
    frames: Iterator[av.VideoFrame], *, only_marked: bool = True
) -> Iterator[av.VideoFrame]:
    """The same frames with the lines of one field made anew; their times stay as they are.

    `only_marked` leaves frames alone that do not say that they are interlaced.
    """
    graph: Graph | None = None
    kind: tuple[int, int, str] | None = None
    times: dict[int, tuple[int | None, int, Fraction | None]] = {}
    for number, frame in enumerate(frames):
        if graph is None or kind != (frame.width, frame.height, frame.format.name):
            if graph is not None:
                graph.vpush(None)
                yield from _pull(graph, times)
            graph = _build(frame, only_marked=only_marked)
            kind = (frame.width, frame.height, frame.format.name)
        times[number] = (frame.pts, frame.duration, frame.time_base)
        frame.pts, frame.time_base = number, _CLOCK
        graph.vpush(frame)
        yield from _pull(graph, times)
    if graph is not None:
        graph.vpush(None)
        yield from _pull(graph, times)


def _build(frame: av.VideoFrame, *, only_marked: bool) -> Graph:
    """A graph for frames like this one."""
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_CLOCK
    )
    which = "interlaced" if only_marked else "all"
    bwdif = graph.add("bwdif", f"mode=send_frame:deint={which}")
    sink = graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()
    return graph


def _pull(
    graph: Graph, times: dict[int, tuple[int | None, int, Fraction | None]]
) -> Iterator[av.VideoFrame]:
    """What the graph has ready, with the times of the frames that went in."""
    while True:
        try:
            frame = graph.vpull()
        except (NothingYetError, EndError):
            return
        number = round((frame.pts or 0) * (frame.time_base or _CLOCK))
        pts, frame.duration, time_base = times.pop(number)
        frame.pts = pts  # pyright: ignore[reportAttributeAccessIssue] - None is taken too
        if time_base is not None:
            frame.time_base = time_base
        yield frame
