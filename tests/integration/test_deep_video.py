"""Video of more than 8 bits, HDR and transparency: what goes in comes out."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from tests.clips import Clip, make_clip
from tests.video_tools import copy_video, psnr_db
from unblur.media.codecs import VideoCodec, available_codecs
from unblur.media.colours import to_encoder_frame
from unblur.media.frame import Frame
from unblur.media.hdr import Hdr
from unblur.media.video_reader import open_video
from unblur.restoration.restorer import Restorer
from unblur.weights.store import BUNDLED

HDR10 = (9, 16, 9, 1)
DEEP = Clip(encoder="ffv1", pixel_format="yuv420p10le", options={}, colours=HDR10)
DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
MASTERED = Clip(
    encoder="libx265",
    pixel_format="yuv420p10le",
    colours=HDR10,
    options={
        "preset": "ultrafast",
        "x265-params": f"log-level=none:bframes=0:master-display={DISPLAY}:max-cll=1000,400",
    },
)


def side_data(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        data: Any = next(container.decode(video=0)).side_data
        return [bytes(data[kind]) for kind in ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")]


def samples_of(frame: av.VideoFrame) -> list[list[int]]:
    """The samples of each plane of a frame of 16-bit words."""
    return [
        np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[:, : plane.width].ravel().tolist()
        for plane in frame.planes
    ]


@pytest.mark.parametrize("codec", available_codecs())
def test_ten_bits_in_are_ten_bits_out(tmp_path: Path, codec: VideoCodec) -> None:
    source = make_clip(tmp_path / "in.mkv", DEEP)
    _, writer = copy_video(source, tmp_path / "out.mkv", codec)
    with open_video(source) as before, open_video(tmp_path / "out.mkv") as after:
        assert after.bit_depth == (12 if codec == "ffv1" else 10)
        assert after.colours.transfer == before.colours.transfer == 16
        assert after.colours.primaries == before.colours.primaries == 9
        if codec != "ffv1":
            assert (after.colours.matrix, after.colours.range) == (9, 1)
        fine = [np.unique(next(reader.frames()).pixels).size for reader in (before, after)]
        assert min(fine) > 600, "8 bits have 256 levels at most"
    assert psnr_db(source, tmp_path / "out.mkv") > 35
    assert any("players show H.264 of 10 bits" in note for note in writer.notes) == (
        codec == "h264"
    )


def test_the_way_to_rgb_and_back_changes_no_sample_of_ten_bits(tmp_path: Path) -> None:
    clip = Clip(encoder="ffv1", pixel_format="yuv444p10le", options={}, colours=HDR10)
    source = make_clip(tmp_path / "in.mkv", clip)
    with open_video(source) as reader, av.open(str(source)) as container:
        for frame, decoded in zip(reader.frames(), container.decode(video=0), strict=True):
            again = to_encoder_frame(
                frame.pixels, "yuv444p10le", reader.colours, VideoReformatter()
            )
            assert samples_of(again) == samples_of(decoded)


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
def test_hdr10_says_the_same_about_display_and_light(tmp_path: Path, codec: VideoCodec) -> None:
    source = make_clip(tmp_path / "in.mp4", MASTERED)
    copy_video(source, tmp_path / "out.mp4", codec)
    with open_video(source) as before, open_video(tmp_path / "out.mp4") as after:
        assert before.hdr.light == after.hdr.light == (1000, 400)
        assert before.hdr.mastering is not None
        assert after.hdr.mastering is not None
        assert before.hdr.mastering[:2] == (Fraction(34000, 50000), Fraction(16000, 50000))
        assert before.hdr.mastering[8:] == (Fraction(50, 10000), 1000)
        assert np.allclose(
            np.array(after.hdr.mastering, float), np.array(before.hdr.mastering, float), atol=1e-4
        )
    if codec == "hevc":
        assert side_data(tmp_path / "out.mp4") == side_data(source)


def test_hdr10_that_a_codec_cannot_keep_is_named(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", MASTERED)
    reader, writer = copy_video(source, tmp_path / "out.mkv", "ffv1")
    assert reader.hdr.is_static
    assert any("(HDR10) is not kept in this codec" in note for note in writer.notes)
    with open_video(make_clip(tmp_path / "plain.mkv")) as plain:
        assert plain.hdr == Hdr()


ALPHA_CLIPS = {
    "ffv1": Clip(encoder="ffv1", pixel_format="bgra", options={}),
    "vp8": Clip(
        encoder="libvpx",
        pixel_format="yuva420p",
        options={"auto-alt-ref": "0", "crf": "4", "b": "9000000"},
    ),
    "vp9": Clip(encoder="libvpx-vp9", pixel_format="yuva420p", options={"crf": "10"}),
    "prores": Clip(encoder="prores_ks", pixel_format="yuva444p10le", options={}),
}


def draw_cut_out(path: Path, clip: Clip) -> Path:
    """A clip whose left half is see-through, more so from frame to frame."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(clip.encoder, rate=25, width=64, height=48, options=clip.options)
        stream.pix_fmt = clip.pixel_format
        for index in range(5):
            pixels = np.full((48, 64, 4), 200, np.uint8)
            pixels[..., 3] = 255
            pixels[:, :32, 3] = 200 - 40 * index
            frame = av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format=clip.pixel_format)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("codec", ["ffv1", "prores"])
@pytest.mark.parametrize("source_codec", ALPHA_CLIPS)
def test_transparency_is_kept(tmp_path: Path, source_codec: str, codec: VideoCodec) -> None:
    source = draw_cut_out(tmp_path / "in.mkv", ALPHA_CLIPS[source_codec])
    _, writer = copy_video(source, tmp_path / "out.mkv", codec)
    assert not any("transparency" in note for note in writer.notes)
    with open_video(tmp_path / "out.mkv") as reader:
        assert reader.has_alpha
        for index, frame in enumerate(reader.frames()):
            assert frame.alpha is not None
            alpha = frame.alpha / (257 if frame.alpha.dtype == np.uint16 else 1)
            assert np.abs(alpha[:, :30] - (200 - 40 * index)).max() < 3
            assert np.abs(alpha[:, 34:] - 255).max() < 3


def test_transparency_and_colours_that_are_not_kept_are_named_with_the_way_out(
    tmp_path: Path,
) -> None:
    source = draw_cut_out(tmp_path / "in.mkv", ALPHA_CLIPS["ffv1"])
    _, writer = copy_video(source, tmp_path / "out.mkv")
    assert writer.notes == [
        "colours are written in 4:2:0, less finely than the video has them; --video-codec ffv1 "
        "(in .mkv) keeps them whole, prores (in .mov) in 4:2:2",
        "the video's transparency is not kept; --video-codec prores (in .mov) or ffv1 (in .mkv) "
        "keeps it",
    ]


@pytest.mark.skipif(not (BUNDLED / "live.onnx").exists(), reason="no weights are bundled")
@pytest.mark.parametrize(("darkest", "lightest"), [(64, 200), (400, 600), (64, 940)])
def test_a_ramp_of_ten_bits_gets_no_bands(darkest: int, lightest: int) -> None:
    codes = np.round(np.linspace(darkest, lightest, 640))
    ramp = np.broadcast_to((codes * 65535 / 1023)[np.newaxis, :, np.newaxis], (48, 640, 3))
    samples = np.round(ramp).astype(np.uint16)

    def frames() -> Iterator[Frame]:
        yield Frame(samples, 0, Fraction(1, 25))

    with Restorer("live", precision="fp32") as restorer:
        (restored,) = restorer.restore_frames(frames())
    level = 65535 / 1023
    steps = np.abs(np.diff(restored.pixels.astype(float), axis=1)) / level
    given = np.diff(samples.astype(float), axis=1).max() / level
    assert np.mean(restored.pixels != samples) < 0.01
    assert np.mean(steps > given + 0.1) < 0.01, "a step of a grey level is four of ten bits"
