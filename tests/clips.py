"""Small video files for tests, all made here with PyAV; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import Interpolation

from unblur.images.arrays import Pixels

LOSSLESS = {"qp": "0", "preset": "ultrafast", "bf": "0"}
"""libx264 that keeps every sample of its pixel format."""
SMALL = {"crf": "23", "preset": "ultrafast", "bf": "0"}


@dataclass(frozen=True)
class Clip:
    """What a test clip is like; the defaults are ten frames of H.264 at 25 a second."""

    height: int = 48
    width: int = 64
    time_base: Fraction = Fraction(1, 12800)
    pts: Sequence[int] = tuple(range(0, 5120, 512))
    """Time stamps of the frames, in ticks; any strictly increasing row makes a VFR clip."""
    last_duration: int = 512
    rate: Fraction = Fraction(25)
    """Frames a second that the file names; time stamps are not bound by it."""
    encoder: str = "libx264"
    pixel_format: str = "yuv420p"
    options: dict[str, str] = field(default_factory=lambda: dict(SMALL))
    rotation: int | None = None
    """Degrees counter-clockwise that the picture is to be turned when shown."""
    sample_aspect_ratio: Fraction | None = None
    colours: tuple[int, int, int, int] | None = None
    """Primaries, transfer, matrix (H.273) and range (1 limited, 2 full)."""
    has_audio: bool = False
    audio_encoder: str = "aac"
    hidden_audio_s: Fraction = Fraction(0)
    """So much sound before the first picture, which the edit list of MP4 hides."""
    subtitle_codec: str | None = None
    """ "mov_text" for MP4 and MOV, "subrip" for Matroska."""
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    has_chapters: bool = False
    attachment: bytes | None = None
    cover: bytes | None = None
    """A JPEG file; in MP4, MOV and Matroska."""
    is_interlaced: bool = False
    audio_first: bool = False
    muxer_options: dict[str, str] = field(default_factory=dict[str, str])


def gradient(index: int, height: int, width: int) -> Pixels:
    """A smooth colourful picture that moves with `index`; no value near the ends of the range."""
    rows, columns = np.mgrid[:height, :width]
    red = 128 + 80 * np.sin((columns + 2 * index) / 9)
    green = 128 + 80 * np.sin((rows - index) / 8)
    blue = 128 + 80 * np.cos((rows + columns + index) / 15)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def noise(index: int, height: int, width: int) -> Pixels:
    """A picture of random pixels, which makes large packets."""
    return np.random.default_rng(index).integers(0, 256, (height, width, 3)).astype(np.uint8)


WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Weights of red and blue in luma for each matrix, out of H.273."""


def to_planes(pixels: Pixels, matrix: int, colour_range: int) -> Pixels:
    """(H, W, 3) RGB as (3, H, W) YUV by the formulae of H.273, rounded to the nearest level."""
    red_weight, blue_weight = WEIGHTS[matrix]
    red, green, blue = np.moveaxis(pixels / 255, -1, 0)
    y = red_weight * red + (1 - red_weight - blue_weight) * green + blue_weight * blue
    u, v = (blue - y) / 2 / (1 - blue_weight), (red - y) / 2 / (1 - red_weight)
    exact = (
        [16 + 219 * y, 128 + 224 * u, 128 + 224 * v]
        if colour_range == 1
        else [255 * y, 128 + 255 * u, 128 + 255 * v]
    )
    return np.clip(np.round(np.stack(exact)), 0, 255).astype(np.uint8)


def make_clip(path: Path, clip: Clip | None = None, draw: Any = gradient) -> Path:
    """Write the clip to `path`, whose ending names the container; gives `path`."""
    clip = clip or Clip()
    options = {**_keep_clock(path, clip), **clip.muxer_options}
    muxer = "mpegts" if path.suffix == ".ts" else None
    name = f"file:{path}"
    with av.open(name, "w", format=muxer, container_options=options) as output:
        audio = _add_audio(output, clip) if clip.has_audio and clip.audio_first else None
        video = _add_video(output, clip)
        if clip.has_audio and audio is None:
            audio = _add_audio(output, clip)
        subtitles = _add_subtitles(output, clip)
        output.metadata.update(clip.metadata)
        if clip.has_chapters:
            output.set_chapters(_chapters())
        if clip.attachment is not None:
            output.add_attachment("font.ttf", "font/ttf", clip.attachment)
        cover = _add_cover(output, clip)
        output.start_encoding()
        if cover is not None:
            output.mux_one(cover)
        _write_pictures(output, video, clip, draw)
        if audio is not None:
            start_s = clip.pts[0] * clip.time_base - clip.hidden_audio_s
            end_s = (clip.pts[-1] + clip.last_duration) * clip.time_base
            write_sound(output, audio, start_s, end_s)
        if subtitles is not None:
            _write_subtitles(output, subtitles, clip)
    return path


def make_sound_only(path: Path) -> Path:
    """A file with a second of sound and no picture."""
    with av.open(str(path), "w") as output:
        audio = _add_audio(output, Clip())
        write_sound(output, audio, Fraction(0), Fraction(1))
    return path


def make_cut_off(path: Path, share: float = 0.7, clip: Clip | None = None) -> Path:
    """A clip of 60 large frames of which only the first `share` of the bytes are there."""
    make_clip(path, clip or long_clip(), noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def make_corrupt(path: Path, clip: Clip | None = None) -> Path:
    """A clip of 60 large frames with rubbish in a tenth of its bytes, in the middle."""
    make_clip(path, clip or long_clip(), noise)
    data = bytearray(path.read_bytes())
    start, length = len(data) // 2, len(data) // 10
    data[start : start + length] = np.random.default_rng(1).bytes(length)
    path.write_bytes(data)
    return path


def long_clip(frame_count: int = 60, **changes: Any) -> Clip:
    """A clip of `frame_count` frames at 25 a second, of which damage spoils but a part.

    In MP4 its index stands in front, in Matroska its clusters are short.
    """
    muxer_options = {"movflags": "faststart", "cluster_time_limit": "200"}
    pts = range(0, 512 * frame_count, 512)
    return Clip(pts=pts, options={**SMALL, "g": "12"}, muxer_options=muxer_options, **changes)


def make_with_size_change(path: Path) -> Path:
    """Motion JPEG whose pictures are 64x48 for half a second and 32x24 after it."""
    time_base = Fraction(1, 1000)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=25, width=64, height=48, time_base=time_base)
        stream.pix_fmt = "yuvj420p"
        for index in range(20):
            height, width = (48, 64) if index < 12 else (24, 32)
            encoder = av.CodecContext.create("mjpeg", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
            encoder.time_base = time_base
            frame = av.VideoFrame.from_ndarray(gradient(index, height, width), "rgb24")
            frame = frame.reformat(format="yuvj420p")
            frame.pts, frame.time_base = index * 40, time_base
            for packet in encoder.encode(frame):
                packet.stream = stream
                packet.pts = packet.dts = index * 40
                packet.time_base = time_base
                output.mux(packet)
    return path


def make_jpeg(height: int = 32, width: int = 32) -> bytes:
    """A picture as a JPEG file."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(gradient(0, height, width), "rgb24")
    frame = frame.reformat(format="yuvj420p")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))


def packets_of(path: Path, kind: str) -> list[tuple[int | None, int | None, bytes]]:
    """Time stamp, duration and bytes of each packet of the streams of one kind."""
    with av.open(f"file:{path}") as container:
        indices = {stream.index for stream in container.streams if stream.type == kind}
        return [
            (packet.pts, packet.duration, bytes(packet))
            for packet in container.demux()
            if packet.size and packet.stream_index in indices
        ]


def frame_times(path: Path) -> list[Fraction]:
    """The moment of each decoded frame, read with PyAV alone."""
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return [
            frame.pts * stream.time_base
            for frame in container.decode(stream)
            if frame.pts is not None
        ]


def _keep_clock(path: Path, clip: Clip) -> dict[str, str]:
    """What keeps MP4 and MOV from choosing a clock of their own."""
    if path.suffix not in {".mp4", ".mov", ".m4v"}:
        return {}
    ticks = clip.time_base.denominator
    return {"video_track_timescale": str(ticks), "movie_timescale": str(ticks)}


def _add_video(output: Any, clip: Clip) -> Any:
    video = output.add_stream(
        clip.encoder,
        rate=clip.rate,
        width=clip.width,
        height=clip.height,
        time_base=clip.time_base,
        options=clip.options,
    )
    context = video.codec_context
    context.pix_fmt = clip.pixel_format
    if clip.colours:
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = (
            clip.colours
        )
    if clip.sample_aspect_ratio:
        context.sample_aspect_ratio = clip.sample_aspect_ratio
    if clip.is_interlaced:
        context.flags |= 1 << 18  # AV_CODEC_FLAG_INTERLACED_DCT
    if clip.rotation is not None:
        video.set_display_rotation(clip.rotation)
    video.disposition = Disposition.default
    return video


def _add_audio(output: Any, clip: Clip) -> Any:
    audio = output.add_stream(clip.audio_encoder, rate=48000)
    audio.layout, audio.format = "stereo", "fltp"
    audio.metadata["language"] = "deu"
    audio.disposition = Disposition.default | Disposition.hearing_impaired
    return audio


def _add_subtitles(output: Any, clip: Clip) -> Any:
    if clip.subtitle_codec is None:
        return None
    subtitles = output.add_mux_stream(clip.subtitle_codec)
    subtitles.time_base = Fraction(1, 1000)
    subtitles.metadata["language"] = "eng"
    subtitles.disposition = Disposition.forced
    return subtitles


def _add_cover(output: Any, clip: Clip) -> Any:
    """Attach the cover, or else give the packet to write it with."""
    if clip.cover is None:
        return None
    if output.format.name == "matroska":
        output.add_attachment("cover.jpg", "image/jpeg", clip.cover)
        return None
    stream = output.add_stream("mjpeg", rate=1, width=32, height=32, pix_fmt="yuvj420p")
    stream.disposition = Disposition.attached_pic
    packet = av.Packet(clip.cover)
    packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 1000), True
    packet.pts = packet.dts = 0
    return packet


def _chapters() -> list[Any]:
    return [
        {
            "id": index,
            "start": 200 * index,
            "end": 200 * (index + 1),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": title},
        }
        for index, title in enumerate(["one", "two"])
    ]


def _write_pictures(output: Any, video: Any, clip: Clip, draw: Any) -> None:
    ends = [*clip.pts[1:], clip.pts[-1] + clip.last_duration]
    durations = {start: end - start for start, end in zip(clip.pts, ends, strict=True)}
    for index, pts in enumerate(clip.pts):
        frame = av.VideoFrame.from_ndarray(draw(index, clip.height, clip.width), "rgb24")
        if clip.colours:
            _, _, matrix, colour_range = clip.colours
            planes = to_planes(draw(index, clip.height, clip.width), matrix, colour_range)
            frame = av.VideoFrame.from_ndarray(planes, "yuv444p")
            frame.colorspace, frame.color_range = matrix, colour_range
            frame = frame.reformat(
                format=clip.pixel_format,
                dst_color_range=colour_range,
                interpolation=int(Interpolation.BILINEAR | Interpolation.ACCURATE_RND),
            )
        frame.pts, frame.time_base = pts, clip.time_base
        _mux(output, video.encode(frame), durations)
    _mux(output, video.encode(None), durations)


def _mux(output: Any, packets: list[Any], durations: dict[int, int]) -> None:
    for packet in packets:
        packet.duration = durations[packet.pts]
        output.mux(packet)


def write_sound(output: Any, audio: Any, start_s: Fraction, end_s: Fraction) -> None:
    """Encode noise from `start_s` to about `end_s` into `audio`."""
    rng = np.random.default_rng(0)
    first = int(start_s * 48000)
    for start in range(first, max(first + 1024, int(end_s * 48000) - 1023), 1024):
        samples = rng.normal(0, 0.1, (2, 1024)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        output.mux(audio.encode(frame))
    output.mux(audio.encode(None))


def _write_subtitles(output: Any, subtitles: Any, clip: Clip) -> None:
    start_ms = int(clip.pts[0] * clip.time_base * 1000)
    for start, text in ((0, b"first"), (200, b"second")):
        head = len(text).to_bytes(2, "big") if clip.subtitle_codec == "mov_text" else b""
        packet = av.Packet(head + text)
        packet.stream, packet.time_base, packet.is_keyframe = subtitles, Fraction(1, 1000), True
        packet.pts = packet.dts = start_ms + start
        packet.duration = 200
        output.mux(packet)
