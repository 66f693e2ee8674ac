"""SRT by way of the `ffmpeg` program, for a PyAV whose own FFmpeg was built without it.

The program copies the packets between SRT and a UDP port of this machine.
"""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import av
from av.error import FFmpegError, ProtocolNotFoundError

from unblur.errors import MediaError

_PATIENCE_S = 2.0
_FAREWELL_S = 0.5
_TS_PACKETS = 1316


@dataclass(slots=True)
class Relay:
    """A running `ffmpeg`, and the local address of what it copies."""

    url: str
    process: subprocess.Popen[bytes]
    farewell_s: float = 0.0
    """How long what was sent last may still be on its way."""

    def close(self) -> None:
        """End the program."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.farewell_s)
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_PATIENCE_S)
            return
        self.process.kill()
        self.process.wait()


@cache
def has_protocol(scheme: str) -> bool:
    """Whether PyAV's own FFmpeg speaks `scheme`."""
    try:
        av.open(f"{scheme}://127.0.0.1:9?mode=listener&listen_timeout=1", timeout=0.1).close()
    except ProtocolNotFoundError:
        return False
    except (FFmpegError, OSError):
        return True
    return True


def relay_from(url: str) -> Relay:
    """Copies what comes from `url`; read it at the relay's own."""
    port = free_udp_port()
    local = f"udp://127.0.0.1:{port}"
    process = _start(url, f"{local}?pkt_size={_TS_PACKETS}")
    return Relay(f"{local}?{_FIFO}", process)


def relay_to(url: str) -> Relay:
    """Copies to `url` what is sent to the relay's own."""
    port = free_udp_port()
    local = f"udp://127.0.0.1:{port}"
    process = _start(f"{local}?{_FIFO}", url)
    return Relay(f"{local}?pkt_size={_TS_PACKETS}", process, farewell_s=_FAREWELL_S)


_FIFO = "fifo_size=50000&overrun_nonfatal=1"
_READING = ("-fflags", "nobuffer", "-probesize", "500000", "-analyzeduration", "500000")
_MUXER = (
    *("-map", "0", "-c", "copy"),
    *("-flush_packets", "1", "-muxdelay", "0", "-muxpreload", "0"),
    *("-omit_video_pes_length", "0", "-f", "mpegts"),
)


def _start(source: str, target: str) -> subprocess.Popen[bytes]:
    """`ffmpeg` copying from one URL to another; raises MediaError where it is not installed."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise MediaError(
            "this FFmpeg has no SRT; install the program ffmpeg, which is then used for it, "
            "or send the stream as udp://"
        )
    process = subprocess.Popen(  # noqa: S603 - a list of words, no shell
        [program, "-nostdin", "-loglevel", "quiet", *_READING, "-i", source, *_MUXER, target],
        stdin=subprocess.DEVNULL,
    )
    atexit.register(process.kill)  # whatever ends this process, the program does not outlive it
    return process


def free_udp_port() -> int:
    """A UDP port that nothing listens at."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
