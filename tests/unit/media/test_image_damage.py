"""A picture that cannot be used, or written, is refused in one sentence that names it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from tests.pictures import camera_exif, deep, metadata_of, picture_of, smooth
from unblur.errors import MediaError, OutputError
from unblur.media.image_files import read_picture, write_picture

FORMATS = [".jpg", ".png", ".webp", ".tif", ".heic", ".bmp"]


def _refusal(path: Path) -> str:
    """Why the file at `path` is refused."""
    with pytest.raises(MediaError) as raised:
        read_picture(path)
    text = str(raised.value)
    assert str(path) in text
    assert "\n" not in text
    return text


def _png_claiming(path: Path, width: int, height: int, *, depth: int = 1) -> Path:
    """A PNG file without samples that claims to be that large."""
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
        PngImagePlugin.putchunk(file, b"IHDR", head)
        PngImagePlugin.putchunk(file, b"IDAT", b"\x78\x9c")
        PngImagePlugin.putchunk(file, b"IEND")
    return path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "does not exist" in _refusal(tmp_path / "gone.jpg")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()
    assert "is a folder" in _refusal(tmp_path / "a.jpg")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert "is not a file" in _refusal(tmp_path / "a.jpg")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    assert "does not exist" in _refusal(tmp_path / "a.jpg")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert "is empty (0 bytes)" in _refusal(tmp_path / "a.jpg")


@pytest.mark.parametrize("contents", [b"Dear diary,\n", b"x", b"GIF89a" + bytes(40), bytes(5000)])
def test_what_is_no_picture_is_refused_with_what_would_be(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(contents)
    assert "expected JPEG, PNG, WebP, TIFF, HEIC or BMP" in _refusal(tmp_path / "a.jpg")


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("ending", FORMATS)
def test_a_truncated_file_is_refused_as_that(tmp_path: Path, ending: str, share: float) -> None:
    path = tmp_path / f"a{ending}"
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    write_picture(picture_of(noise), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(14, int(len(whole) * share))])
    assert "truncated" in _refusal(path)


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_a_truncated_file_of_sixteen_bits_is_refused_as_that(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    write_picture(picture_of(deep()), path)
    path.write_bytes(path.read_bytes()[:3000])
    assert "truncated" in _refusal(path)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_damaged_anywhere_gives_a_picture_or_a_sentence(
    tmp_path: Path, ending: str, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / f"a{ending}"
    write_picture(picture_of(smooth(), exif=camera_exif().tobytes()), path)
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        for mask in (0x01, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= mask
            path.write_bytes(damaged)
            with contextlib.suppress(MediaError):
                assert read_picture(path).samples.ndim == 3
    assert not recwarn.list


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    text = _refusal(_png_claiming(tmp_path / "a.png", 60_000, 60_000))
    assert "60000x60000 pixels" in text
    assert "at most 400 million" in text


def test_a_hundred_megapixels_pass_without_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = _refusal(_png_claiming(tmp_path / "a.png", 20_000, 10_000))
    assert "truncated" in text


def test_the_limit_of_pillow_stays_as_the_program_set_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    Image.fromarray(smooth()).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").samples.shape == (24, 40, 3)
    assert Image.MAX_IMAGE_PIXELS == 10


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0)])
def test_a_picture_of_no_pixels_is_refused(tmp_path: Path, width: int, height: int) -> None:
    text = _refusal(_png_claiming(tmp_path / "a.png", width, height))
    assert re.search(rf"{width}x{height} pixels|damaged", text)


@pytest.mark.parametrize("ending", [".png", ".webp", ".tif"])
def test_an_animated_file_is_refused_with_its_frame_count(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    frames = [Image.fromarray(smooth() + np.uint8(40 * index)) for index in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert "holds 3 frames" in _refusal(path)


def test_several_pictures_in_a_heic_are_refused_with_their_count(tmp_path: Path) -> None:
    import pillow_heif

    heif = pillow_heif.from_pillow(Image.fromarray(smooth()))
    heif.add_from_pillow(Image.fromarray(255 - smooth()))
    heif.save(tmp_path / "a.heic")
    assert "holds 2 frames" in _refusal(tmp_path / "a.heic")


@pytest.mark.parametrize("is_deep", [False, True])
def test_a_preview_before_the_picture_of_a_tiff_is_not_taken_for_it(
    tmp_path: Path, is_deep: bool
) -> None:
    samples = deep() if is_deep else smooth()
    write_picture(picture_of(samples, exif=camera_exif().tobytes()), tmp_path / "a.tif")
    whole = (tmp_path / "a.tif").read_bytes()
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in {254: 1, 256: 1, 257: 1, 258: 8, 262: 1, 273: 0, 279: 1}.items():
        tags[tag] = value
    preview = tags.tobytes(len(whole))[:-4] + whole[4:8]
    (tmp_path / "a.tif").write_bytes(
        whole[:4] + struct.pack("<I", len(whole)) + whole[8:] + preview
    )
    picture = read_picture(tmp_path / "a.tif")
    assert np.array_equal(picture.samples, samples)
    write_picture(picture, tmp_path / "b.tif")
    assert metadata_of(tmp_path / "b.tif")[0] == "Snowman"


def test_a_preview_beside_the_picture_of_a_tiff_is_no_frame(tmp_path: Path) -> None:
    preview = Image.fromarray(smooth(6, 10))
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    Image.fromarray(smooth()).save(tmp_path / "a.tif", save_all=True, append_images=[preview])
    assert np.array_equal(read_picture(tmp_path / "a.tif").samples, smooth())


@pytest.mark.parametrize("mode", ["F", "I"])
def test_samples_of_32_bits_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (8, 8)).save(tmp_path / "a.tif")
    assert "samples of 32 bits" in _refusal(tmp_path / "a.tif")


def test_signed_samples_are_refused(tmp_path: Path) -> None:
    Image.new("I;16", (8, 8)).save(tmp_path / "a.tif", tiffinfo={339: 2})
    assert "has signed samples of 16 bits; save it with uns" in _refusal(tmp_path / "a.tif")


def test_samples_of_12_bits_are_refused(tmp_path: Path) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    layout = {256: 8, 257: 2, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 2, 279: 24}
    for tag, value in layout.items():
        tags[tag] = value
    with (tmp_path / "a.tif").open("wb") as file:
        tags.save(file)
        file.write(bytes(100))
    assert "samples of 12 bits" in _refusal(tmp_path / "a.tif")


def test_no_warning_of_pillow_reaches_the_user(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth()).save(path, exif=camera_exif().tobytes()[:90])
    read_picture(path)
    Image.fromarray(smooth()).save(tmp_path / "a.tif", compression="tiff_lzw")
    damaged = bytearray((tmp_path / "a.tif").read_bytes())
    damaged[20:40] = bytes(20)
    (tmp_path / "a.tif").write_bytes(damaged)
    with contextlib.suppress(MediaError):
        read_picture(tmp_path / "a.tif")
    assert not recwarn.list
    assert capfd.readouterr().err == ""


def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=re.escape(".jpg, .jpeg")):
        write_picture(picture_of(smooth()), tmp_path / "a.gif")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_missing_output_folder_is_named(tmp_path: Path, ending: str) -> None:
    with pytest.raises(OutputError, match=f"there is no folder {tmp_path / 'gone'}"):
        write_picture(picture_of(smooth()), tmp_path / "gone" / f"a{ending}")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / f"a{ending}"
    write_picture(picture_of(smooth()), target)
    old = target.read_bytes()

    def fail(self: Path, *_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="the disk is full"):
        write_picture(picture_of(255 - smooth()), target)
    assert target.read_bytes() == old
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_disk_that_is_full_from_the_start_is_named(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    monkeypatch.setattr("unblur.media.atomic._hold", lambda _: None)
    monkeypatch.setattr("unblur.media.atomic.secrets.token_hex", lambda _: "x")
    (tmp_path / f".unblur-x{ending}").symlink_to(full)
    samples = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    with pytest.raises(OutputError, match="the disk is full"):
        write_picture(picture_of(samples), tmp_path / f"a{ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.3, 0.97])
@pytest.mark.parametrize("ending", [*FORMATS, "progressive.jpg"])
def test_a_disk_that_is_full_midway_is_noticed(tmp_path: Path, ending: str, share: float) -> None:
    resource = pytest.importorskip("resource")
    samples = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    options = {"progressive": True} if ending.startswith("progressive") else {}
    picture = picture_of(samples, format="JPEG" if options else "PNG", save_options=options)
    target = tmp_path / f"a{ending}"
    write_picture(picture, target)
    before = target.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(len(before) * share), hard))
    try:
        with pytest.raises(OutputError, match="cannot write"):
            write_picture(picture, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("ending", "side"), [(".webp", 16_384), (".jpg", 65_501)])
def test_a_picture_too_large_for_the_format_is_refused_with_another(
    tmp_path: Path, ending: str, side: int
) -> None:
    samples = np.zeros((1, side, 3), np.uint8)
    with pytest.raises(OutputError, match=re.escape("choose .png or .tif")):
        write_picture(picture_of(samples), tmp_path / f"a{ending}")
    assert list(tmp_path.iterdir()) == []


def test_what_an_encoder_refuses_is_a_sentence_and_leaves_no_file(tmp_path: Path) -> None:
    broken = picture_of(smooth(), format="JPEG", save_options={"qtables": [[1, 2, 3]]})
    with pytest.raises(OutputError, match="Invalid quantization table"):
        write_picture(broken, tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


def test_a_tiff_of_separate_compressed_planes_is_refused(tmp_path: Path) -> None:
    write_picture(picture_of(deep()), tmp_path / "a.tif")
    whole = (tmp_path / "a.tif").read_bytes()
    entry = struct.pack("<HHIHH", 284, 3, 1, 1, 0)
    assert entry in whole
    (tmp_path / "a.tif").write_bytes(whole.replace(entry, struct.pack("<HHIHH", 284, 3, 1, 2, 0)))
    assert "in a plane of its own" in _refusal(tmp_path / "a.tif")
