"""A picture is compressed no worse than it came."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image, ImageFile, JpegImagePlugin

from tests.pictures import RGB_PROFILE, picture_of, smooth
from unblur.media.image_files import read_picture, write_picture
from unblur.media.picture import Picture


def _rewritten(source: Path, target: Path) -> Picture:
    write_picture(read_picture(source), target)
    return read_picture(target)


def _jpeg_facts(path: Path) -> tuple[list[list[int]], int, bool]:
    """Quantisation of each component, chroma size, and whether the scan order is progressive."""
    with Image.open(path) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        tables = [image.quantization[table] for _, _, _, table in image.layer]
        progressive = bool(image.info.get("progressive"))
        return tables, JpegImagePlugin.get_sampling(image), progressive


@pytest.mark.parametrize("quality", [90, 96, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_keeps_quantisation_chroma_size_and_scan_order(
    tmp_path: Path, quality: int, subsampling: int, progressive: bool
) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    options = {"quality": quality, "subsampling": subsampling, "progressive": progressive}
    Image.fromarray(smooth()).save(source, **options)
    write_picture(read_picture(source), target)
    assert _jpeg_facts(source) == _jpeg_facts(target)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_coarse_jpeg_is_written_in_quality_90(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(smooth()).convert(mode)
    picture.save(tmp_path / "coarse.jpg", quality=40)
    picture.save(tmp_path / "fine.jpg", quality=90)
    write_picture(read_picture(tmp_path / "coarse.jpg"), tmp_path / "b.jpg")
    assert _jpeg_facts(tmp_path / "b.jpg")[0] == _jpeg_facts(tmp_path / "fine.jpg")[0]


def test_a_grey_jpeg_keeps_its_quantisation(tmp_path: Path) -> None:
    Image.fromarray(smooth()[..., 0]).save(tmp_path / "a.jpg", quality=93)
    write_picture(read_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")
    assert _jpeg_facts(tmp_path / "a.jpg")[0] == _jpeg_facts(tmp_path / "b.jpg")[0]


def test_a_jpeg_of_rgb_components_is_written_at_high_quality(tmp_path: Path) -> None:
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", quality=30, keep_rgb=True)
    write_picture(read_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")
    tables, sampling, _ = _jpeg_facts(tmp_path / "b.jpg")
    assert sampling == 0
    assert max(map(max, tables)) <= 12


@pytest.mark.parametrize("source", [".png", ".webp", ".heic"])
def test_a_jpeg_from_another_format_has_high_quality_and_full_chroma(
    tmp_path: Path, source: str
) -> None:
    write_picture(picture_of(smooth()), tmp_path / f"a{source}")
    write_picture(read_picture(tmp_path / f"a{source}"), tmp_path / "b.jpg")
    tables, sampling, _ = _jpeg_facts(tmp_path / "b.jpg")
    assert sampling == 0
    assert max(map(max, tables)) <= 12


def test_jpeg_comment_and_captions_are_kept(tmp_path: Path) -> None:
    captions = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x00"
    segment = b"\xff\xed" + (len(captions) + 2).to_bytes(2, "big") + captions
    options = {"comment": b"a comment", "extra": segment}
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", **options)
    write_picture(read_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.info["comment"] == b"a comment"
        assert ("APP13", captions) in image.applist


@pytest.mark.parametrize("profile", [None, RGB_PROFILE])
def test_a_lossless_webp_stays_lossless(tmp_path: Path, profile: bytes | None) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (24, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.webp", lossless=True, icc_profile=profile)
    written = _rewritten(tmp_path / "a.webp", tmp_path / "b.webp")
    assert np.array_equal(written.samples, noise)
    assert b"VP8L" in (tmp_path / "b.webp").read_bytes()


def test_a_lossy_webp_is_written_lossy_at_high_quality(tmp_path: Path) -> None:
    Image.fromarray(smooth()).save(tmp_path / "a.webp", quality=80)
    written = _rewritten(tmp_path / "a.webp", tmp_path / "b.webp")
    assert b"VP8 " in (tmp_path / "b.webp").read_bytes()
    error = written.samples.astype(int) - read_picture(tmp_path / "a.webp").samples
    assert np.abs(error).mean() < 2


@pytest.mark.parametrize(("compression", "number"), [("raw", 1), ("tiff_lzw", 8), ("jpeg", 8)])
def test_a_tiff_is_compressed_without_loss_if_it_was_compressed(
    tmp_path: Path, compression: str, number: int
) -> None:
    Image.fromarray(smooth()).save(tmp_path / "a.tif", compression=compression)
    read = read_picture(tmp_path / "a.tif")
    written = _rewritten(tmp_path / "a.tif", tmp_path / "b.tif")
    assert np.array_equal(written.samples, read.samples)
    with Image.open(tmp_path / "b.tif") as image:
        assert image.tag_v2[259] == number


def test_noise_at_the_best_quality_is_written_progressively(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    with patch.object(ImageFile, "MAXBLOCK", 2**20):  # room for what Pillow itself is to write
        Image.fromarray(noise).save(source, quality=100, subsampling=0, progressive=True)
    assert source.stat().st_size > 2 * 300 * 400
    write_picture(read_picture(source), target)
    with Image.open(target) as image:
        assert image.info["progressive"]
