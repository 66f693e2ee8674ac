"""Still pictures come in upright, in RGB, and go out no worse than they came."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from tests.pictures import camera_exif, ink_profile, picture_of, smooth
from unblur.errors import ImageFormatError
from unblur.media.image_files import PICTURE_ENDINGS, read_picture, side_by_side, write_picture
from unblur.media.picture import Picture, PictureFile

LOSSY_LEVELS = 12


def _pillow(path: Path, mode: str = "RGB") -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))


def _rewritten(source: Path, target: Path) -> Picture:
    write_picture(read_picture(source), target)
    return read_picture(target)


def test_all_endings_are_lower_case_and_dotted() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".bmp"} <= PICTURE_ENDINGS
    assert all(ending == ending.lower() and ending.startswith(".") for ending in PICTURE_ENDINGS)


@pytest.mark.parametrize("ending", sorted(PICTURE_ENDINGS))
@pytest.mark.parametrize("source", [".jpg", ".png", ".tif", ".heic", ".webp", ".bmp"])
def test_every_format_can_be_written_from_every_other(
    tmp_path: Path, source: str, ending: str
) -> None:
    write_picture(picture_of(smooth()), tmp_path / f"a{source}")
    written = _rewritten(tmp_path / f"a{source}", tmp_path / f"b{ending}")
    assert written.samples.dtype == np.uint8
    difference = np.abs(written.samples.astype(int) - smooth())
    assert difference.mean() < LOSSY_LEVELS


def test_a_path_may_be_a_text(tmp_path: Path) -> None:
    write_picture(picture_of(smooth()), str(tmp_path / "a.png"))
    assert np.array_equal(read_picture(str(tmp_path / "a.png")).samples, smooth())


@pytest.mark.parametrize("ending", sorted(PICTURE_ENDINGS))
@pytest.mark.parametrize(
    ("samples", "alpha"),
    [
        (smooth() / 255, None),
        (smooth().astype(np.int64), None),
        (smooth()[..., 0], None),
        (np.concatenate([smooth(), smooth()[..., :1]], axis=2), None),
        (smooth()[:0], None),
        (smooth(), smooth()[..., 0].astype(np.uint16)),
        (smooth(), smooth()[:-1, :, 0]),
    ],
    ids=["float", "int64", "grey", "RGBA", "empty", "deeper alpha", "smaller alpha"],
)
def test_arrays_that_are_no_picture_are_refused(
    tmp_path: Path, samples: np.ndarray, alpha: np.ndarray | None, ending: str
) -> None:
    with pytest.raises(ImageFormatError, match="expected"):
        write_picture(Picture(samples, alpha, PictureFile("PNG")), tmp_path / f"a{ending}")
    assert not list(tmp_path.iterdir())


def test_an_ending_in_capitals_is_the_same_ending(tmp_path: Path) -> None:
    write_picture(picture_of(smooth()), tmp_path / "A.PNG")
    assert np.array_equal(read_picture(tmp_path / "A.PNG").samples, smooth())


def test_the_format_is_told_by_the_contents(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    Image.fromarray(smooth()).save(path, "PNG")
    picture = read_picture(path)
    assert picture.file.format == "PNG"
    assert np.array_equal(picture.samples, smooth())


def test_a_phone_picture_with_a_second_one_in_it_is_a_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    second = Image.new("RGB", (8, 8))
    Image.fromarray(smooth()).save(path, "MPO", save_all=True, append_images=[second])
    picture = read_picture(path)
    assert picture.file.format == "JPEG"
    assert picture.samples.shape == (24, 40, 3)


@pytest.mark.parametrize("name", ["two words", 'it\'s "it"', "two\nlines", "☃🎉", "-o", "a%d[1]*"])
def test_odd_names_are_read_and_written(tmp_path: Path, name: str) -> None:
    Image.fromarray(smooth()).save(tmp_path / "a.png")
    written = _rewritten(tmp_path / "a.png", tmp_path / f"{name}.tif")
    assert np.array_equal(written.samples, smooth())


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
@pytest.mark.parametrize("ending", [".png", ".tif", ".bmp", ".webp"])
def test_the_smallest_pictures_pass_unchanged(
    tmp_path: Path, size: tuple[int, int], ending: str
) -> None:
    write_picture(picture_of(smooth(*size)), tmp_path / f"a{ending}")
    assert np.array_equal(read_picture(tmp_path / f"a{ending}").samples, smooth(*size))


def test_a_picture_of_several_bands_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unblur.images.arrays._BAND_SIZE", 100)
    Image.fromarray(smooth()).save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png").samples, smooth())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".webp"])
def test_orientation_is_applied(tmp_path: Path, ending: str, orientation: int) -> None:
    path = tmp_path / f"a{ending}"
    Image.fromarray(smooth()).save(path, exif=camera_exif(orientation))
    with Image.open(path) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(read_picture(path).samples, upright)


def test_orientation_turns_alpha_too(tmp_path: Path) -> None:
    Image.fromarray(smooth(channels=4)).save(tmp_path / "a.png", exif=camera_exif(6))
    alpha = read_picture(tmp_path / "a.png").alpha
    assert np.array_equal(alpha, np.rot90(smooth(channels=4)[..., 3], -1))


@pytest.mark.parametrize("ending", [".png", ".tif", ".webp", ".bmp", ".heic"])
def test_alpha_is_kept(tmp_path: Path, ending: str) -> None:
    alpha = smooth(channels=4)[..., 3]
    write_picture(picture_of(smooth(), alpha), tmp_path / f"a{ending}")
    kept = read_picture(tmp_path / f"a{ending}").alpha
    assert kept is not None
    tolerance = 6 if ending == ".heic" else 0
    assert np.abs(kept.astype(int) - alpha).max() <= tolerance


def test_transparency_becomes_white_in_jpeg(tmp_path: Path) -> None:
    alpha = np.zeros((24, 40), np.uint8)
    write_picture(picture_of(smooth() // 2, alpha), tmp_path / "a.jpg")
    assert _pillow(tmp_path / "a.jpg").min() > 250


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_of_grey_and_of_colours_is_read(tmp_path: Path, mode: str) -> None:
    Image.fromarray(smooth(channels=4)).convert(mode).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert np.array_equal(picture.alpha, smooth(channels=4)[..., 3])
    assert picture.file.is_grey == (mode == "LA")


def test_a_transparent_palette_colour_becomes_alpha(tmp_path: Path) -> None:
    image = Image.fromarray(smooth()).quantize(8)
    image.save(tmp_path / "a.png", transparency=3)
    picture = read_picture(tmp_path / "a.png")
    assert np.array_equal(picture.alpha == 0, np.asarray(image) == 3)
    assert picture.file.is_palette


@pytest.mark.parametrize(("mode", "key"), [("RGB", (20, 40, 60)), ("L", 30)])
def test_a_transparent_colour_of_a_png_becomes_alpha(
    tmp_path: Path, mode: str, key: tuple[int, int, int] | int
) -> None:
    image = Image.new(mode, (6, 4), key)
    image.putpixel((0, 0), 255 if mode == "L" else (255, 0, 0))
    image.save(tmp_path / "a.png", transparency=key)
    alpha = read_picture(tmp_path / "a.png").alpha
    assert alpha is not None
    assert alpha[0, 0] == 255
    assert alpha.sum() == 255


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_transparent_grey_of_few_bits_becomes_alpha(tmp_path: Path, bits: int) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        head = struct.pack(">IIBBBBB", 8 // bits, 2, bits, 0, 0, 0, 0)
        PngImagePlugin.putchunk(file, b"IHDR", head)
        PngImagePlugin.putchunk(file, b"tRNS", b"\0\1")
        PngImagePlugin.putchunk(file, b"IDAT", zlib.compress(b"\0\1\0\0"))  # 0 but for one 1
        PngImagePlugin.putchunk(file, b"IEND", b"")
    picture = read_picture(tmp_path / "a.png")
    assert picture.alpha is not None
    expected = np.full((2, 8 // bits), 255)
    expected[0, -1] = 0
    assert np.array_equal(picture.alpha, expected)


def test_a_palette_is_written_with_full_colours(tmp_path: Path) -> None:
    image = Image.fromarray(smooth()).quantize(8)
    image.save(tmp_path / "a.png")
    written = _rewritten(tmp_path / "a.png", tmp_path / "b.png")
    assert np.array_equal(written.samples, np.asarray(image.convert("RGB")))
    assert not written.file.is_palette


@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".bmp", ".heic"])
def test_grey_stays_grey(tmp_path: Path, ending: str) -> None:
    Image.fromarray(smooth()[..., 1]).save(tmp_path / "a.png")
    written = _rewritten(tmp_path / "a.png", tmp_path / f"b{ending}")
    assert written.file.is_grey
    assert np.ptp(written.samples, axis=2).max() == 0
    assert np.abs(written.samples[..., 0].astype(int) - smooth()[..., 1]).max() < LOSSY_LEVELS


def test_black_and_white_of_one_bit_is_grey(tmp_path: Path) -> None:
    bits = smooth()[..., 0] % 2 == 1
    Image.fromarray(bits).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert picture.file.is_grey
    assert np.array_equal(picture.samples[..., 0], bits * np.uint8(255))


def test_cmyk_without_a_profile_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "a.jpg", quality=100)
    written = _rewritten(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert np.abs(written.samples.astype(int) - (0, 255, 255)).max() <= 4
    assert written.file.icc_profile is None


def test_cmyk_is_converted_through_its_profile_which_is_then_srgb(tmp_path: Path) -> None:
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    image.save(tmp_path / "a.jpg", quality=100, icc_profile=ink_profile())
    picture = read_picture(tmp_path / "a.jpg")
    red, green, blue = picture.samples[8, 8]
    assert red > 200
    assert max(green, blue) < 60
    assert picture.file.icc_profile is not None
    assert picture.file.icc_profile[16:20] == b"RGB "


def test_cmyk_with_a_damaged_profile_becomes_rgb_without_one(tmp_path: Path) -> None:
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    image.save(tmp_path / "a.jpg", quality=100, icc_profile=ink_profile()[:140])
    picture = read_picture(tmp_path / "a.jpg")
    assert picture.file.icc_profile is None
    assert picture.samples[8, 8].tolist() == pytest.approx([0, 255, 255], abs=4)


def test_ycck_as_photoshop_writes_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (16, 16), (55, 127, 127, 0)).save(path, quality=100)
    adobe = b"Adobe\x00\x64\x00\x00\x00\x00"
    assert adobe + b"\x00" in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(adobe + b"\x00", adobe + b"\x02"))
    # Luminance 200 without colour: inks of 255 - 200, which are stored inverted, so 200 each.
    assert np.abs(read_picture(path).samples.astype(int) - 55).max() <= 3


def test_side_by_side_is_before_then_after_with_the_facts_of_after() -> None:
    alpha = smooth()[..., 0]
    before = picture_of(smooth(), alpha)
    after = picture_of(255 - smooth(), 255 - alpha, format="WEBP")
    both = side_by_side(before, after)
    assert np.array_equal(both.samples, np.hstack([smooth(), 255 - smooth()]))
    assert np.array_equal(both.alpha, np.hstack([alpha, 255 - alpha]))
    assert both.file == PictureFile("WEBP")


@pytest.mark.parametrize(
    "other",
    [
        picture_of(smooth(23)),
        picture_of(smooth().astype(np.uint16)),
        picture_of(smooth(), smooth()[..., 0]),
    ],
    ids=["size", "depth", "alpha"],
)
def test_pictures_that_differ_in_kind_are_not_put_side_by_side(other: Picture) -> None:
    with pytest.raises(ImageFormatError, match="same size and depth"):
        side_by_side(picture_of(smooth()), other)
