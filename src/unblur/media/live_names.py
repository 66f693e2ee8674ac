"""What the words for a live source and a live sink stand for, on this system."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from unblur.errors import ConfigError
from unblur.media.codecs import CONTAINERS

PATTERN = "pattern"
_SCHEME = re.compile(r"([a-z][a-z0-9+]+)://", re.IGNORECASE)
_PORTED = {"udp", "tcp", "srt", "rtp"}
"""Protocols without a port of their own."""
_TS_PACKETS = 1316
"""Bytes of a datagram: seven packets of an MPEG transport stream."""
_FIFO = "fifo_size=50000&overrun_nonfatal=1"
"""Datagrams that FFmpeg keeps while we are late, and that losing some is no end."""
_SHORT_LOOK = {"probesize": "500000", "analyzeduration": "500000"}
"""Half a second, or so many bytes, to find out what streams there are."""
_WEB_ONLY = "http,https,tls,tcp,crypto,data,httpproxy"
"""What a playlist from elsewhere may lead to: no file of this machine."""

_SOURCES: dict[str, dict[str, str]] = {
    "udp": _SHORT_LOOK,
    "srt": _SHORT_LOOK,
    "tcp": _SHORT_LOOK,
    "rtp": _SHORT_LOOK,
    "rtsp": {"rtsp_flags": "prefer_tcp", **_SHORT_LOOK},
    "rtsps": {"rtsp_flags": "prefer_tcp", **_SHORT_LOOK},
    "rtmp": {"rtmp_buffer": "100", **_SHORT_LOOK},
    "rtmps": {"rtmp_buffer": "100", **_SHORT_LOOK},
    "http": {"protocol_whitelist": _WEB_ONLY},
    "https": {"protocol_whitelist": _WEB_ONLY},
}
"""The protocols that are read, and what FFmpeg is told for each."""
_SINKS: dict[str, str] = {
    "udp": "mpegts",
    "srt": "mpegts",
    "tcp": "mpegts",
    "rtsp": "rtsp",
    "rtmp": "flv",
    "rtmps": "flv",
}
"""The protocols that are written, each with its muxer."""
_MOST_SILENT_US = "5000000"
_TIME_LIMITS: dict[str, dict[str, str]] = {
    "tcp": {"rw_timeout": _MOST_SILENT_US},
    "rtsp": {"timeout": _MOST_SILENT_US},
    "rtmp": {"rw_timeout": _MOST_SILENT_US},
    "rtmps": {"rw_timeout": _MOST_SILENT_US},
}
"""The protocols whose other side can keep us waiting, and what tells FFmpeg how long it may."""
_TRANSPORT_STREAM: dict[str, str] = {
    "omit_video_pes_length": "0",
    "max_delay": "0",
    "mpegts_flags": "resend_headers",
}
"""With its length in front, a picture is complete on arrival and not when the next one comes."""
_MUXER_OPTIONS: dict[str, dict[str, str]] = {
    "mpegts": _TRANSPORT_STREAM,
    "flv": {"flvflags": "no_duration_filesize"},
    "rtsp": {"rtsp_transport": "tcp"},
    "mp4": {"movflags": "hybrid_fragmented"},
    "mov": {"movflags": "hybrid_fragmented"},
}


@dataclass(frozen=True, slots=True)
class LiveSourceName:
    """A source as FFmpeg opens it."""

    text: str
    """What it is called in sentences: as it was typed, without a password."""
    kind: Literal["camera", "network", "pipe", "file", "pattern"]
    url: str
    format: str | None = None
    """FFmpeg's demuxer; None: it finds out."""
    options: dict[str, str] = field(default_factory=dict[str, str])
    is_paced: bool = False
    """Whether frames come faster than they are shown, and have to be held until then."""

    @property
    def is_whole_on_arrival(self) -> bool:
        """Whether packets of the stream are whole pictures, as transport streams send them."""
        return self.url.startswith(("udp:", "srt:"))

    @property
    def may_return(self) -> bool:
        """Whether it is worth waiting for when it is lost."""
        return self.kind in {"camera", "network"}


@dataclass(frozen=True, slots=True)
class LiveSinkName:
    """A sink as it is opened."""

    text: str
    kind: Literal["window", "none", "camera", "network", "pipe", "file"]
    url: str = ""
    muxer: str = ""
    options: dict[str, str] = field(default_factory=dict[str, str])
    may_hang: bool = False
    """Whether its other side can keep us waiting: all but datagrams, pipes and files."""
    listens: bool = False
    """Whether its other side connects to us, and may do so whenever it likes."""


def parse_source(
    text: str,
    *,
    size: tuple[int, int] | None = None,
    rate: int | None = None,
    options: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> LiveSourceName:
    """The source that `text` names: a camera, a URL, "-" for stdin, "pattern", or a file.

    `size` (height, width) and `rate` are what a camera is asked for; `options` are FFmpeg's
    and win over ours. Raises ConfigError for a URL that is not read, or lacks its port.
    """
    extra = dict(options or {})
    scheme = _scheme_of(text)
    if text == "camera" or text.startswith("camera:"):
        return _camera(text, _asked(size, rate) | extra, platform)
    if text == "-":
        return LiveSourceName(text, "pipe", "pipe:0", options=extra, is_paced=True)
    if text == PATTERN:
        return LiveSourceName(text, "pattern", "", is_paced=True)
    if scheme is None:
        return LiveSourceName(text, "file", text, options=extra, is_paced=True)
    if scheme not in _SOURCES:
        raise ConfigError(
            f"{text} cannot be read live; expected a camera, a file, -, pattern, or a URL that "
            f"begins with {_list(_SOURCES)}"
        )
    _check_port(text, scheme)
    url = _with_query(text, _FIFO) if scheme == "udp" else text
    is_web = scheme in {"http", "https"}
    fresh = {} if is_web else {"fflags": "nobuffer"}
    told = {**fresh, **_SOURCES[scheme], **extra}
    return LiveSourceName(_without_password(text), "network", url, None, told, is_paced=is_web)


def parse_sink(text: str, *, options: Mapping[str, str] | None = None) -> LiveSinkName:
    """The sink that `text` names: "window", "none", "camera", a URL, "-" for stdout, a file.

    Raises ConfigError for a URL or an ending that cannot be written, and for one without its port.
    """
    if text in {"window", "none", "camera"}:
        return LiveSinkName(text, text)  # pyright: ignore[reportArgumentType]
    extra = dict(options or {})
    if text == "-":
        return LiveSinkName(text, "pipe", "pipe:1", "mpegts", _TRANSPORT_STREAM | extra)
    scheme = _scheme_of(text)
    if scheme is None:
        muxer = CONTAINERS.get(Path(text).suffix.lower())
        if muxer is None or muxer in {"avi", "webm"}:
            raise ConfigError(
                f"cannot write live video to {text}; expected window, none, camera, -, a file "
                f"ending in .mp4, .mov, .mkv or .ts, or a URL that begins with {_list(_SINKS)}"
            )
        return LiveSinkName(text, "file", text, muxer, _MUXER_OPTIONS.get(muxer, {}) | extra)
    if scheme not in _SINKS:
        raise ConfigError(
            f"cannot write to {text}; expected a URL that begins with {_list(_SINKS)}"
        )
    _check_port(text, scheme)
    muxer = _SINKS[scheme]
    url = _with_query(text, f"pkt_size={_TS_PACKETS}") if scheme == "udp" else text
    listens = (_query_of(text) | extra).get("listen", "0") != "0"
    limits = {} if listens else _TIME_LIMITS.get(scheme, {})
    shown, told = _without_password(text), _MUXER_OPTIONS[muxer] | limits | extra
    may_hang = scheme in _TIME_LIMITS
    return LiveSinkName(shown, "network", url, muxer, told, may_hang=may_hang, listens=listens)


def _camera(text: str, options: dict[str, str], platform: str) -> LiveSourceName:
    """A camera by number, name or device, as this system calls it."""
    which = text.partition(":")[2] or "0"
    if platform == "darwin":
        told = {"framerate": "30", "pixel_format": "uyvy422", **options}
        return LiveSourceName(text, "camera", f"{which}:none", "avfoundation", told)
    if platform == "win32":
        if which.isdecimal():
            raise ConfigError(
                f"{text}: on Windows cameras have names; give one as camera:NAME, as the Device "
                "Manager calls it"
            )
        return LiveSourceName(text, "camera", f"video={which}", "dshow", options)
    device = f"/dev/video{which}" if which.isdecimal() else which
    return LiveSourceName(text, "camera", device, "v4l2", options)


def _asked(size: tuple[int, int] | None, rate: int | None) -> dict[str, str]:
    """What a camera is asked for, in FFmpeg's words."""
    asked = {"video_size": f"{size[1]}x{size[0]}"} if size else {}
    return asked | ({"framerate": str(rate)} if rate else {})


def _scheme_of(text: str) -> str | None:
    """The protocol of a URL in lower case; None where it is none (C:\\ is none)."""
    match = _SCHEME.match(text)
    return None if match is None else match[1].lower()


def _check_port(url: str, scheme: str) -> None:
    """Raise ConfigError for a URL without the port that its protocol needs."""
    try:
        has_port = bool(urlsplit(url).port)
    except ValueError:
        has_port = False
    if scheme in _PORTED and not has_port and "localport" not in _query_of(url):
        raise ConfigError(
            f"{_without_password(url)} names no port; expected {scheme}://HOST:PORT, with a port "
            "of 1 to 65535"
        )


def _without_password(url: str) -> str:
    """`url` as it can be shown on a screen that others see."""
    hidden = re.sub(r"(?<=//)([^/@:]*):[^/@]*@", r"\1:***@", url)
    return re.sub(r"(?<=passphrase=)[^&]*", "***", hidden)


def _with_query(url: str, query: str) -> str:
    """`url` with more behind its question mark; what stands there already wins."""
    named = _query_of(url)
    added = "&".join(word for word in query.split("&") if word.partition("=")[0] not in named)
    if not added:
        return url
    return f"{url}{'&' if '?' in url else '?'}{added}"


def _query_of(url: str) -> dict[str, str]:
    """What is set behind the question mark of `url`."""
    words = (word.partition("=") for word in url.partition("?")[2].split("&"))
    return {name: value for name, _, value in words}


def _list(schemes: Mapping[str, object]) -> str:
    """The protocols, for a sentence."""
    return ", ".join(f"{scheme}://" for scheme in schemes)
