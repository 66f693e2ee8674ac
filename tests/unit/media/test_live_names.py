"""What is typed becomes what FFmpeg opens."""

from __future__ import annotations

import pytest

from unblur.errors import ConfigError
from unblur.media.live_names import parse_sink, parse_source


@pytest.mark.parametrize(
    ("text", "platform", "url", "demuxer"),
    [
        ("camera", "linux", "/dev/video0", "v4l2"),
        ("camera:2", "linux", "/dev/video2", "v4l2"),
        ("camera:/dev/video7", "linux", "/dev/video7", "v4l2"),
        ("camera", "darwin", "0:none", "avfoundation"),
        ("camera:FaceTime HD", "darwin", "FaceTime HD:none", "avfoundation"),
        ("camera:Integrated Camera", "win32", "video=Integrated Camera", "dshow"),
    ],
)
def test_cameras_are_called_as_each_system_calls_them(
    text: str, platform: str, url: str, demuxer: str
) -> None:
    name = parse_source(text, size=(720, 1280), rate=30, platform=platform)
    assert (name.kind, name.url, name.format) == ("camera", url, demuxer)
    assert name.options["video_size"] == "1280x720"
    assert name.options["framerate"] == "30"
    assert name.may_return
    assert not name.is_paced


def test_a_camera_of_windows_has_a_name() -> None:
    with pytest.raises(ConfigError, match="cameras have names; give one as camera:NAME"):
        parse_source("camera", platform="win32")


@pytest.mark.parametrize(
    ("text", "kind", "is_paced", "may_return"),
    [
        ("-", "pipe", True, False),
        ("clip.mp4", "file", True, False),
        ("C:\\clips\\a.mp4", "file", True, False),
        ("pattern", "pattern", True, False),
        ("udp://127.0.0.1:5000", "network", False, True),
        ("RTSP://cam/stream", "network", False, True),
        ("https://example.org/a.m3u8", "network", True, True),
    ],
)
def test_sources_are_told_apart(text: str, kind: str, is_paced: bool, may_return: bool) -> None:
    name = parse_source(text)
    assert (name.kind, name.is_paced, name.may_return) == (kind, is_paced, may_return)


def test_a_playlist_from_elsewhere_leads_to_no_file() -> None:
    allowed = parse_source("http://example.org/a.m3u8").options["protocol_whitelist"].split(",")
    assert "file" not in allowed
    assert "https" in allowed


def test_queries_of_the_user_stay() -> None:
    url = parse_source("udp://127.0.0.1:5000?fifo_size=7").url
    assert url == "udp://127.0.0.1:5000?fifo_size=7&overrun_nonfatal=1"
    assert parse_sink("udp://127.0.0.1:5000?pkt_size=188").url.endswith("?pkt_size=188")


def test_options_of_the_user_win() -> None:
    name = parse_source("rtsp://cam/a", options={"rtsp_flags": "listen"})
    assert name.options["rtsp_flags"] == "listen"


@pytest.mark.parametrize(
    ("text", "kind", "muxer"),
    [
        ("window", "window", ""),
        ("none", "none", ""),
        ("camera", "camera", ""),
        ("-", "pipe", "mpegts"),
        ("a.MP4", "file", "mp4"),
        ("a.mkv", "file", "matroska"),
        ("rtmp://host/app/key", "network", "flv"),
        ("rtsp://host/path", "network", "rtsp"),
        ("srt://host:9000", "network", "mpegts"),
    ],
)
def test_sinks_are_told_apart(text: str, kind: str, muxer: str) -> None:
    name = parse_sink(text)
    assert (name.kind, name.muxer) == (kind, muxer)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("rtmp://host/app/key", {"rw_timeout": "5000000"}),
        ("rtmps://host/app/key", {"rw_timeout": "5000000"}),
        ("rtsp://host/path", {"timeout": "5000000"}),
        ("tcp://host:9000", {"rw_timeout": "5000000"}),
        ("udp://host:9000", {}),
        ("a.mkv", {}),
        ("-", {}),
    ],
)
def test_who_can_keep_us_waiting_has_a_time_limit(text: str, limits: dict[str, str]) -> None:
    name = parse_sink(text)
    assert name.may_hang == bool(limits)
    assert name.options.items() >= limits.items()


@pytest.mark.parametrize("text", ["gopher://x", "a.avi", "a.webm", "a", "http://host/put"])
def test_what_cannot_be_written_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected .*srt://"):
        parse_sink(text)


@pytest.mark.parametrize(
    "text", ["udp://", "udp://127.0.0.1", "tcp://[::1]:0", "srt://h:99999?passphrase=secret"]
)
def test_an_address_without_its_port_is_refused(text: str) -> None:
    for parse in (parse_source, parse_sink):
        with pytest.raises(ConfigError, match=r"names no port; expected .*://HOST:PORT") as told:
            parse(text)
        assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "udp://@239.0.0.1:1234?ttl=2",
        "tcp://:1234?listen=1",
        "tcp://[::1]:5",
        "udp://?localport=1234",
    ],
)
def test_an_address_may_lack_its_host(text: str) -> None:
    assert parse_source(text).text == text


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="gopher://x cannot be read live; expected a camera"):
        parse_source("gopher://x")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("rtsp://me:secret@10.0.0.2/stream", "rtsp://me:***@10.0.0.2/stream"),
        ("rtsp://me:s3:cr@10.0.0.2/a@b:c", "rtsp://me:***@10.0.0.2/a@b:c"),
        (
            "srt://10.0.0.2:9?passphrase=secret&latency=9",
            "srt://10.0.0.2:9?passphrase=***&latency=9",
        ),
        ("udp://127.0.0.1:5000", "udp://127.0.0.1:5000"),
    ],
)
def test_passwords_are_not_shown(typed, shown):
    assert parse_source(typed).text == shown
    assert parse_sink(typed).text == shown
    assert "***" not in parse_source(typed).url


@pytest.mark.parametrize(
    ("listen", "listens"), [({"listen": "1"}, True), ({"listen": "0"}, False), ({}, False)]
)
def test_who_waits_for_its_receiver_has_none(listen: dict[str, str], listens: bool) -> None:
    name = parse_sink("rtmp://host/app/key", options=listen)
    assert name.may_hang
    assert name.listens == listens
    assert ("rw_timeout" in name.options) != listens
    assert parse_sink("tcp://host:9000?listen=1").listens
