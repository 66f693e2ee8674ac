"""A container over a network, which FFmpeg opens, writes and closes in a thread of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from contextlib import suppress

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.format import Flags
from av.stream import Stream

_QUEUED_PACKETS = 1
"""So many lie between the muxer and the thread: who writes another one waits, as without it."""
_GOODBYE_S = 12.0
"""So long the thread may need to end: a goodbye of two messages, each waited for 5 s."""


def open_threaded(url: str, muxer: str, options: Mapping[str, str]) -> OutputContainer:
    """A container of the kind `muxer` at `url`; gives it before there is a connection.

    PyAV keeps Python's lock while it connects and while it says goodbye, so that a server that
    does not answer would stop all threads. FFmpeg's muxer `fifo` does both beside Python. What
    fails there is raised by a packet written later; once two packets have left the muxer, it is
    connected. Close it, or `close_later`: its thread goes on when it is thrown away.
    """
    words = ":".join(f"{key}={_escape(value)}" for key, value in options.items())
    threaded = {
        "fifo_format": muxer,
        "format_opts": words,
        "queue_size": str(_QUEUED_PACKETS),
    }
    return av.open(url, "w", format="fifo", container_options={**options, **threaded})


def has_global_header(muxer: str) -> bool:
    """Whether `muxer` wants the encoder's headers beside the packets; `fifo` does not say."""
    return bool(av.ContainerFormat(muxer, "w").flags & Flags.global_header.value)


def check_takes(muxer: str, template: Stream) -> None:
    """Raise ValueError where `muxer` cannot hold such a stream; `fifo` takes any."""
    av.open("", "w", format=muxer).add_stream_from_template(template, opaque=True)


def close_later(container: OutputContainer) -> None:
    """Close a container that failed, when its thread has ended: PyAV waits for that with the lock.

    Does not wait; where the process ends sooner, nothing is lost.
    """
    timer = threading.Timer(_GOODBYE_S, close_quietly, (container,))
    timer.daemon = True
    timer.start()


def close_quietly(container: OutputContainer) -> None:
    """Close a container, broken as it may be."""
    with suppress(FFmpegError, OSError, ValueError):
        container.close()


def _escape(value: str) -> str:
    """`value` as FFmpeg reads it in a list of options."""
    return re.sub(r"([\\':])", r"\\\1", value)
