"""Which kinds of file write a cover picture as a track of their own."""

from __future__ import annotations

import io

import av
import pytest

from tests.clips import make_jpeg
from unblur.media.covers import keeps_cover_tracks


@pytest.mark.parametrize(
    ("muxer", "options", "is_kept"),
    [
        ("mp4", {}, True),
        ("mp4", {"movflags": "+use_metadata_tags"}, False),
        ("mov", {}, False),
    ],
)
def test_what_is_said_of_covers_is_what_the_muxer_does(
    muxer: str, options: dict[str, str], is_kept: bool
):
    file = io.BytesIO()
    with av.open(file, "w", format=muxer, container_options=options) as output:
        assert keeps_cover_tracks(output) == is_kept
        moving = output.add_stream("mjpeg", rate=25, width=32, height=32, pix_fmt="yuvj420p")
        cover = output.add_stream("mjpeg", rate=1, width=32, height=32, pix_fmt="yuvj420p")
        cover.disposition = av.stream.Disposition.attached_pic
        for stream in (moving, cover):
            packet = av.Packet(make_jpeg())
            packet.stream, packet.pts, packet.dts = stream, 0, 0
            output.mux_one(packet)
    file.seek(0)
    with av.open(file) as written:
        assert len(written.streams) == (2 if is_kept else 1)
