"""Stages that work at the same time: each in a thread of its own, joined by short queues.

FFmpeg and OpenVINO let other threads run while they compute, so reading, restoring and
writing of a video overlap although all three are called from Python.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from queue import Empty, Queue
from typing import TypeVar

from unblur.media.frame import Frame
from unblur.media.video_reader import VideoReader
from unblur.restoration.restorer import Restorer

Item = TypeVar("Item")
FRAMES_AHEAD = 4
"""Frames that wait between two stages of a video: enough that none of them stands still."""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class _End:
    """Stands after the last item."""

    error: BaseException | None


def run_ahead(items: Iterable[Item], capacity: int) -> Generator[Item]:
    """The same items in the same order, made by a thread of their own.

    At most `capacity` wait to be asked for, one more is being made. What `items`
    raises is raised here, after the items before it. Closing the generator ends the
    thread, which closes `items` if they come from a generator, and waits for it: use
    it with `contextlib.closing`.
    """
    made: Queue[Item | _End] = Queue(capacity)
    is_stopping = threading.Event()
    thread = threading.Thread(
        target=_make, args=(items, made, is_stopping), name="unblur stage", daemon=True
    )
    thread.start()
    try:
        while not isinstance(item := made.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        is_stopping.set()
        while thread.is_alive():
            with suppress(Empty):
                made.get(timeout=_POLL_S)
        thread.join()


def restored_frames(
    reader: VideoReader,
    restorer: Restorer,
    *,
    after: int | None,
    skips_sharp: bool,
    forgets_every: int | None = None,
) -> Generator[Frame]:
    """The frames of `reader` later than `after` restored, while the next are being decoded."""
    with closing(run_ahead(reader.frames(after=after), FRAMES_AHEAD)) as frames:
        yield from restorer.restore_frames(
            frames, skips_sharp=skips_sharp, forgets_every=forgets_every
        )


def _make(items: Iterable[Item], made: Queue[Item | _End], is_stopping: threading.Event) -> None:
    """Put the items into the queue until they end, or nobody wants them any more."""
    error: BaseException | None = None
    try:
        for item in items:
            made.put(item)
            if is_stopping.is_set():
                break
        if isinstance(items, Generator):
            items.close()
    except BaseException as caught:
        error = caught
    made.put(_End(error))
