"""Pictures of 16 bits keep every bit, whoever wrote the file and however."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from tests.pictures import (
    camera_exif,
    decode_with_ffmpeg,
    deep,
    encode_with_ffmpeg,
    picture_of,
    smooth,
)
from unblur.media.image_files import read_picture, write_picture

INTEL, MOTOROLA = b"II*\x00\x00\x00\x00\x00", b"MM\x00*\x00\x00\x00\x00"


def _check(path: Path, samples: NDArray[np.uint16]) -> None:
    """Assert that the file holds `samples`: grey, grey and alpha, RGB or RGBA."""
    picture = read_picture(path)
    channel_count = samples.shape[2]
    colours = samples[..., :1] if channel_count < 3 else samples[..., :3]
    assert picture.bit_depth == 16
    assert picture.file.is_grey == (channel_count < 3)
    assert np.array_equal(picture.samples, np.broadcast_to(colours, picture.samples.shape))
    assert (picture.alpha is None) == (channel_count in {1, 3})
    if picture.alpha is not None:
        assert np.array_equal(picture.alpha, samples[..., -1])


@pytest.mark.parametrize(
    ("pixels", "channels"), [("gray16be", 1), ("ya16be", 2), ("rgb48be", 3), ("rgba64be", 4)]
)
def test_a_png_of_another_program_is_read(tmp_path: Path, pixels: str, channels: int) -> None:
    samples = deep(channels=channels)
    encode_with_ffmpeg(samples, tmp_path / "a.png", "png", pixels, pred="mixed")
    _check(tmp_path / "a.png", samples)


@pytest.mark.parametrize("compression", ["raw", "lzw", "packbits", "deflate"])
@pytest.mark.parametrize(("pixels", "channels"), [("gray16le", 1), ("rgb48le", 3), ("rgba64le", 4)])
def test_a_tiff_of_another_program_is_read(
    tmp_path: Path, pixels: str, channels: int, compression: str
) -> None:
    samples = deep(channels=channels)
    encode_with_ffmpeg(samples, tmp_path / "a.tif", "tiff", pixels, compression_algo=compression)
    _check(tmp_path / "a.tif", samples)


@pytest.mark.parametrize(
    ("ending", "pixels", "channels"),
    [
        (".png", "gray16le", 1),
        (".png", "rgb48le", 3),
        (".png", "rgba64le", 4),
        (".tif", "gray16le", 1),
        (".tif", "rgb48le", 3),
        (".tif", "rgba64le", 4),
    ],
)
def test_what_is_written_in_bands_is_read_by_another_program(
    tmp_path: Path, ending: str, pixels: str, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unblur.media._deep_writing._BAND_BYTES", 5 * 40 * 8)
    samples = deep(24, 40, channels)
    alpha = samples[..., 3] if channels == 4 else None
    colours = np.repeat(samples, 3, axis=2) if channels == 1 else samples[..., :3]
    picture = picture_of(colours, alpha, is_grey=channels == 1)
    write_picture(picture, tmp_path / f"a{ending}")
    decoded = decode_with_ffmpeg(tmp_path / f"a{ending}", pixels)
    assert np.array_equal(decoded.reshape(samples.shape), samples)


@pytest.mark.parametrize("source", [".png", ".tif"])
@pytest.mark.parametrize("target", [".png", ".tif"])
def test_each_format_passes_on_every_bit(tmp_path: Path, source: str, target: str) -> None:
    write_picture(picture_of(deep(), deep(seed=1)[..., 0]), tmp_path / f"a{source}")
    write_picture(read_picture(tmp_path / f"a{source}"), tmp_path / f"b{target}")
    _check(tmp_path / f"b{target}", np.dstack([deep(), deep(seed=1)[..., :1]]))


def test_a_png_of_grey_and_alpha_stays_one(tmp_path: Path) -> None:
    grey = np.repeat(deep(channels=1), 3, axis=2)
    alpha = deep(seed=1)[..., 0]
    write_picture(picture_of(grey, alpha, is_grey=True), tmp_path / "a.png")
    _check(tmp_path / "a.png", np.dstack([grey[..., :1], alpha]))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_orientation_turns_samples_of_sixteen_bits(
    tmp_path: Path, ending: str, orientation: int
) -> None:
    alpha = deep(seed=1)[..., 0]
    picture = picture_of(deep(), alpha, exif=camera_exif(orientation).tobytes())
    write_picture(picture, tmp_path / f"a{ending}")
    turned = read_picture(tmp_path / f"a{ending}")
    marks = np.arange(alpha.size, dtype=np.int32).reshape(alpha.shape)
    image = Image.fromarray(marks)
    image.getexif()[274] = orientation
    places = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(turned.samples, deep().reshape(-1, 3)[places])
    assert np.array_equal(turned.alpha, alpha.ravel()[places])


def test_a_png_drawn_in_seven_passes_is_read(tmp_path: Path) -> None:
    samples = deep(2, 3)
    first = samples[:1, :1], samples[:1, 2:3], samples[:1, 1:2], samples[1:2]
    lines = b"".join(b"\0" + part.astype(">u2").tobytes() for part in first)
    _write_png(tmp_path / "a.png", samples, lines, is_interlaced=True)
    _check(tmp_path / "a.png", samples)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_of_sixteen_bits_must_match_in_every_bit(
    tmp_path: Path, channels: int
) -> None:
    samples = np.full((2, 3, channels), 1000, np.uint16)
    samples[0, 1] = 1001
    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    key = struct.pack(f">{channels}H", *[1000] * channels)
    _write_png(tmp_path / "a.png", samples, lines, transparent=key)
    alpha = read_picture(tmp_path / "a.png").alpha
    assert alpha is not None
    assert alpha.tolist() == [[0, 65535, 0], [0, 0, 0]]


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("head", [INTEL, MOTOROLA])
def test_tiff_of_either_byte_order_is_read(
    tmp_path: Path, head: bytes, channels: int, is_compressed: bool
) -> None:
    samples = deep(channels=channels)
    extra = {338: 2} if channels == 4 else {}
    _write_tiff(tmp_path / "a.tif", samples, head, is_compressed=is_compressed, tags=extra)
    _check(tmp_path / "a.tif", samples)


@pytest.mark.parametrize("head", [INTEL, MOTOROLA])
def test_tiff_of_separate_planes_is_read(tmp_path: Path, head: bytes) -> None:
    samples = deep()
    plane_bytes = samples[..., 0].nbytes
    planes = np.ascontiguousarray(samples.transpose(2, 0, 1))
    places = {273: [plane_bytes * index for index in range(3)], 279: [plane_bytes] * 3, 284: 2}
    _write_tiff(tmp_path / "a.tif", samples, head, tags=places, stored=planes)
    _check(tmp_path / "a.tif", samples)


def test_a_tiled_tiff_is_read(tmp_path: Path) -> None:
    samples = deep(32, 48)
    tiles = [samples[top : top + 16, left : left + 16] for top in (0, 16) for left in (0, 16, 32)]
    stored = np.ascontiguousarray(np.stack(tiles))
    places = {322: 16, 323: 16, 324: [1536 * index for index in range(6)], 325: [1536] * 6}
    _write_tiff(tmp_path / "a.tif", samples, INTEL, tags=places, stored=stored)
    _check(tmp_path / "a.tif", samples)


def test_a_fourth_sample_without_meaning_is_left_out(tmp_path: Path) -> None:
    samples = deep(channels=4)
    _write_tiff(tmp_path / "a.tif", samples, INTEL, tags={338: 0})
    _check(tmp_path / "a.tif", samples[..., :3])


def test_colours_multiplied_by_alpha_are_divided_by_it(tmp_path: Path) -> None:
    colours, alpha = deep(), np.maximum(deep(seed=1)[..., :1], 30_000)
    stored = np.rint(colours.astype(float) * alpha / 65535).astype(np.uint16)
    _write_tiff(tmp_path / "a.tif", np.dstack([stored, alpha]), INTEL, tags={338: 1})
    picture = read_picture(tmp_path / "a.tif")
    assert np.array_equal(picture.alpha, alpha[..., 0])
    assert np.abs(picture.samples.astype(int) - colours).max() <= 2


def test_grey_whose_white_is_zero_is_inverted(tmp_path: Path) -> None:
    samples = deep(channels=1)
    _write_tiff(tmp_path / "a.tif", samples, INTEL, tags={262: 0})
    _check(tmp_path / "a.tif", 65535 - samples)


@pytest.mark.parametrize("ending", [".jpg", ".webp", ".bmp"])
def test_sixteen_bits_become_eight_where_the_format_has_no_more(
    tmp_path: Path, ending: str
) -> None:
    write_picture(picture_of(smooth().astype(np.uint16) * 257), tmp_path / f"a{ending}")
    picture = read_picture(tmp_path / f"a{ending}")
    assert picture.bit_depth == 8
    assert np.abs(picture.samples.astype(int) - smooth()).mean() < 4


def test_a_heic_of_ten_bits_keeps_them(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(20_000, 24_000, 64).astype(np.uint16)[:, None], 64, axis=1)
    write_picture(picture_of(np.dstack([ramp] * 3)), tmp_path / "a.heic")
    write_picture(read_picture(tmp_path / "a.heic"), tmp_path / "b.heic")
    samples = read_picture(tmp_path / "b.heic").samples
    assert samples.dtype == np.uint16
    assert len(np.unique(samples[..., 1])) > 40
    assert np.abs(samples[..., 1].astype(int) - ramp).max() < 257


def _write_png(
    path: Path,
    samples: NDArray[np.uint16],
    lines: bytes,
    *,
    is_interlaced: bool = False,
    transparent: bytes = b"",
) -> None:
    height, width, channels = samples.shape
    kind = 2 if channels == 3 else 0
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        head = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, is_interlaced)
        PngImagePlugin.putchunk(file, b"IHDR", head)
        if transparent:
            PngImagePlugin.putchunk(file, b"tRNS", transparent)
        PngImagePlugin.putchunk(file, b"IDAT", zlib.compress(lines))
        PngImagePlugin.putchunk(file, b"IEND", b"")


def _write_tiff(
    path: Path,
    samples: NDArray[np.uint16],
    head: bytes,
    *,
    is_compressed: bool = False,
    tags: dict[int, Any] | None = None,
    stored: NDArray[np.uint16] | None = None,
) -> None:
    """A TIFF file with `samples` in one strip, or `stored` where and as `tags` say."""
    height, width, channels = samples.shape
    order = "<" if head == INTEL else ">"
    data = (samples if stored is None else stored).astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if is_compressed else data
    directory = ImageFileDirectory_v2(head)
    layout: dict[int, Any] = {256: width, 257: height, 258: (16,) * channels, 277: channels}
    layout |= {259: 8 if is_compressed else 1, 262: 1 if channels == 1 else 2, 284: 1}
    layout |= {273: 0, 278: height, 279: len(data)}
    if tags and 324 in tags:
        del layout[273], layout[278], layout[279]
        # Pillow moves strip offsets behind the directory, but not those of tiles.
        tags = {**tags, 324: [each + 400 for each in tags[324]]}
    for tag, value in (layout | (tags or {})).items():
        directory.tagtype[tag] = 4 if tag in {273, 279, 324, 325} else 3
        directory[tag] = tuple(value) if isinstance(value, list | tuple) else value
    with path.open("wb") as file:
        directory.save(file)
        if tags and 324 in tags:
            assert file.tell() <= 400
            file.seek(400)
        file.write(data)
    with Image.open(path) as image:
        assert image.size == (width, height)
