"""What a file says beside its pixels is in the result too."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

from tests.pictures import (
    EXIF_PART,
    EXPOSURE,
    GREY_PROFILE,
    MAKER,
    MAKER_NOTE,
    ORIENTATION,
    RGB_PROFILE,
    XMP,
    camera_exif,
    deep,
    metadata_of,
    picture_of,
    smooth,
)
from unblur.media.image_files import lost_in, read_picture, write_picture

KEEPING_EXIF = [".jpg", ".png", ".webp", ".tif", ".heic"]
P3 = {"color_primaries": 12, "transfer_characteristics": 13}
CICP = bytes([12, 13, 0, 1])
CAMERA = ("Snowman", 0.25, b"secret\x00\x01", "R98", 30.0)


def _camera_picture(path: Path, *, is_deep: bool = False, orientation: int = 1) -> Path:
    """A file with all metadata, made by Pillow, or by the writer for what Pillow cannot."""
    exif = camera_exif(orientation)
    if is_deep or path.suffix in {".heic", ".tif"}:
        samples = deep() if is_deep else smooth()
        about = {"exif": exif.tobytes(), "xmp": XMP, "icc_profile": RGB_PROFILE, "dpi": (300, 150)}
        write_picture(picture_of(samples, **about), path)
        return path
    options = {"exif": exif, "icc_profile": RGB_PROFILE, "dpi": (300, 150), "xmp": XMP}
    if path.suffix == ".png":
        options["pnginfo"] = _text_of_xmp()
    Image.fromarray(smooth()).save(path, **options)
    return path


def _text_of_xmp() -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return text


@pytest.mark.parametrize("target", KEEPING_EXIF)
@pytest.mark.parametrize("source", KEEPING_EXIF)
def test_exif_xmp_and_profile_pass_from_every_format_to_every_other(
    tmp_path: Path, source: str, target: str
) -> None:
    written = tmp_path / f"b{target}"
    write_picture(read_picture(_camera_picture(tmp_path / f"a{source}")), written)
    assert metadata_of(written) == CAMERA
    about = read_picture(written).file
    assert about.xmp == XMP
    assert about.icc_profile == RGB_PROFILE


@pytest.mark.parametrize("target", [".png", ".tif", ".heic"])
@pytest.mark.parametrize("source", [".png", ".tif"])
def test_sixteen_bit_files_keep_exif_xmp_and_profile(
    tmp_path: Path, source: str, target: str
) -> None:
    written = tmp_path / f"b{target}"
    picture = read_picture(_camera_picture(tmp_path / f"a{source}", is_deep=True))
    write_picture(picture, written)
    assert read_picture(written).bit_depth == 16
    assert metadata_of(written) == CAMERA
    assert read_picture(written).file.xmp == XMP
    assert read_picture(written).file.icc_profile == RGB_PROFILE


@pytest.mark.parametrize("is_deep", [False, True])
@pytest.mark.parametrize("target", [".jpg", ".png", ".tif", ".bmp"])
def test_resolution_is_kept(tmp_path: Path, target: str, is_deep: bool) -> None:
    source = _camera_picture(tmp_path / "a.tif", is_deep=is_deep)
    write_picture(read_picture(source), tmp_path / f"b{target}")
    with Image.open(tmp_path / f"b{target}") as image:
        assert [float(each) for each in image.info["dpi"]] == pytest.approx([300, 150], abs=0.1)


def test_resolution_in_exif_is_not_mixed_with_that_of_the_file(tmp_path: Path) -> None:
    exif = camera_exif()
    exif[282], exif[283], exif[296] = 118.0, 59.0, 3
    picture = picture_of(smooth(), exif=exif.tobytes(), dpi=(300, 150))
    write_picture(picture, tmp_path / "a.tif")
    assert read_picture(tmp_path / "a.tif").file.dpi == (300, 150)


def test_a_bmp_with_alpha_keeps_its_resolution(tmp_path: Path) -> None:
    write_picture(picture_of(smooth(), smooth()[..., 0], dpi=(300, 150)), tmp_path / "a.bmp")
    with Image.open(tmp_path / "a.bmp") as image:
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.1)


@pytest.mark.parametrize(
    ("ending", "is_deep"), [(".jpg", False), (".png", True), (".tif", False), (".tif", True)]
)
def test_turning_a_picture_turns_its_resolution(tmp_path: Path, ending: str, is_deep: bool) -> None:
    path = _camera_picture(tmp_path / f"a{ending}", orientation=6, is_deep=is_deep)
    picture = read_picture(path)
    assert picture.samples.shape == (40, 24, 3)
    assert picture.file.dpi == pytest.approx((150, 300), abs=0.1)


@pytest.mark.parametrize(("orientation", "sides"), [(1, (40, 24)), (3, (40, 24)), (6, (24, 40))])
@pytest.mark.parametrize("order", ["<", ">"])
def test_turning_a_picture_turns_the_sides_in_its_exif(
    tmp_path: Path, orientation: int, sides: tuple[int, int], order: str
) -> None:
    exif = Image.Exif()
    exif.endian = order
    exif[ORIENTATION] = orientation
    exif[256], exif[257] = 40, 24
    exif.get_ifd(EXIF_PART).update({40962: 40, 40963: 24, 42033: "R98"})
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", exif=exif)
    write_picture(read_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as image:
        written = image.getexif().get_ifd(EXIF_PART)
        assert image.size == sides
        assert (image.getexif()[256], image.getexif()[257]) == sides
        assert (written[40962], written[40963], written[42033]) == (*sides, "R98")


@pytest.mark.parametrize("target", KEEPING_EXIF)
def test_the_written_orientation_is_upright(tmp_path: Path, target: str) -> None:
    picture = read_picture(_camera_picture(tmp_path / "a.jpg", orientation=6))
    write_picture(picture, tmp_path / f"b{target}")
    import pillow_heif

    pillow_heif.register_heif_opener()
    with Image.open(tmp_path / f"b{target}") as image:
        assert image.size == (24, 40)
        assert image.getexif()[ORIENTATION] == 1
    assert read_picture(tmp_path / f"b{target}").samples.shape == (40, 24, 3)


@pytest.mark.parametrize(
    "form", [b'tiff:Orientation="6"', b"<tiff:Orientation>6</tiff:Orientation>"]
)
def test_an_orientation_in_xmp_alone_is_applied_and_then_upright(
    tmp_path: Path, form: bytes
) -> None:
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", xmp=b"<x " + form + b"/>")
    picture = read_picture(tmp_path / "a.jpg")
    assert picture.samples.shape == (40, 24, 3)
    assert picture.file.xmp == b"<x " + form.replace(b"6", b"1") + b"/>"


@pytest.mark.parametrize("ending", [".jpg", ".heic"])
@pytest.mark.parametrize(
    ("said", "kept", "note"),
    [
        (b'GCamera:MotionPhoto="1" v="1"', b'GCamera:MotionPhoto="0" v="1"', "the video of the"),
        (b"<C:MicroVideo>1</C:MicroVideo>", b"<C:MicroVideo>0</C:MicroVideo>", "the video of the"),
        (b' hdrgm:Version="1.0" v="1"', b' v="1"', "the gain map"),
        (b' GCamera:MotionPhotoVersion="1"', b' GCamera:MotionPhotoVersion="1"', ""),
    ],
)
def test_what_no_result_holds_is_told_and_not_promised(
    tmp_path: Path, ending: str, said: bytes, kept: bytes, note: str
) -> None:
    write_picture(picture_of(smooth(), xmp=b"<x " + said + b"/>"), tmp_path / f"a{ending}")
    about = read_picture(tmp_path / f"a{ending}").file
    assert about.xmp == b"<x " + kept + b"/>"
    assert [each[: len(note)] for each in about.left_out] == ([note] if note else [])


def test_a_heic_that_is_turned_by_its_container_is_turned_once(tmp_path: Path) -> None:
    import pillow_heif

    heif = pillow_heif.from_pillow(Image.fromarray(smooth()))
    heif.save(tmp_path / "a.heic", exif=camera_exif(6).tobytes(), quality=95)
    picture = read_picture(tmp_path / "a.heic")
    expected = np.rot90(smooth(), -1)
    assert picture.samples.shape == expected.shape
    assert np.abs(picture.samples.astype(int) - expected).mean() < 12


def test_a_colour_profile_other_than_srgb_leaves_the_samples_untouched(tmp_path: Path) -> None:
    other = RGB_PROFILE.replace(b"sRGB", b"wide")
    Image.fromarray(smooth()).save(tmp_path / "a.png", icc_profile=other)
    picture = read_picture(tmp_path / "a.png")
    assert np.array_equal(picture.samples, smooth())
    assert picture.file.icc_profile == other


def test_a_profile_for_grey_is_kept_with_grey_only(tmp_path: Path) -> None:
    Image.fromarray(smooth()[..., 0]).save(tmp_path / "a.png", icc_profile=GREY_PROFILE)
    picture = read_picture(tmp_path / "a.png")
    for ending, profile in [(".jpg", GREY_PROFILE), (".tif", GREY_PROFILE), (".webp", None)]:
        write_picture(picture, tmp_path / f"b{ending}")
        with Image.open(tmp_path / f"b{ending}") as image:
            assert image.info.get("icc_profile") == profile, ending


def test_xmp_that_needs_more_than_a_segment_is_kept(tmp_path: Path) -> None:
    parts = [b"http://ns.adobe.com/xmp/extension/\0" + bytes([each]) * 65_000 for each in (1, 2)]
    more = b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in parts)
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", xmp=XMP, extra=more)
    write_picture(read_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.info["xmp"] == XMP
        assert [data for _, data in image.applist if data in parts] == parts


def test_the_layout_of_a_tiff_is_not_handed_on_to_a_jpeg(tmp_path: Path) -> None:
    exif = camera_exif()
    exif[37724] = b"layers" * 20_000
    Image.fromarray(smooth()).save(tmp_path / "a.tif", exif=exif)
    write_picture(read_picture(tmp_path / "a.tif"), tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as image:
        tags = image.getexif()
    assert tags[MAKER] == "Snowman"
    assert tags.get_ifd(EXIF_PART)[EXPOSURE] == 0.25
    assert not {256, 257, 258, 259, 273, 278, 279, 37724} & set(tags)


PREVIEW = b"\xff\xd8 an old preview \xff\xd9"


def _block_with_preview(order: str, after: bytes = b"") -> bytes:
    """EXIF as a camera writes it: texts in UTF-8, a maker's note, a preview, `after` that."""
    artist, note = "Jürgen Müller 雪".encode() + b"\0", b"offsets from the beginning" * 2

    def directory(following: int, *entries: tuple[int, int, int, int]) -> bytes:
        packed = (struct.pack(f"{order}HHII", *entry) for entry in entries)
        count, next_one = (
            struct.pack(f"{order}H", len(entries)),
            struct.pack(f"{order}I", following),
        )
        return count + b"".join(packed) + next_one

    turned = 6 if order == "<" else 6 << 16
    main = (ORIENTATION, 3, 1, turned), (315, 2, len(artist), 122), (EXIF_PART, 4, 1, 50)
    parts = [
        {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8),
        directory(92, *main),
        directory(0, (MAKER_NOTE, 7, len(note), 200), (37510, 7, 4, 0x41534349)).ljust(42, b"\0"),
        directory(0, (513, 4, 1, 300), (514, 4, 1, len(PREVIEW))),
    ]
    block = b"".join(parts).ljust(122, b"\0") + artist
    block = (block.ljust(200, b"\0") + note).ljust(300, b"\0")
    return b"Exif\0\0" + block + PREVIEW + after


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".heic"])
def test_exif_stays_byte_for_byte_but_for_orientation_and_preview(
    tmp_path: Path, ending: str, order: str
) -> None:
    block = _block_with_preview(order)
    source, written = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    if ending == ".heic":
        write_picture(picture_of(smooth(), exif=block), source)
    else:
        Image.fromarray(smooth()).save(source, exif=block)
    write_picture(read_picture(source), written)
    kept = read_picture(written).file.exif
    assert kept is not None
    assert len(kept) == 306
    assert sum(a != b for a, b in zip(kept, block, strict=False)) == 2
    import pillow_heif

    pillow_heif.register_heif_opener()
    with Image.open(written) as image:
        exif = image.getexif()
        assert exif[ORIENTATION] == 1
        assert exif[315].encode("latin-1").decode() == "Jürgen Müller 雪"
        assert exif.get_ifd(EXIF_PART)[MAKER_NOTE] == b"offsets from the beginning" * 2
        assert not exif.get_ifd(ExifTags.IFD.IFD1)


def test_the_preview_of_the_blurry_picture_is_left_out(tmp_path: Path) -> None:
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", exif=_block_with_preview("<", b"more"))
    write_picture(read_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")
    assert b"an old preview" not in (tmp_path / "b.jpg").read_bytes()
    kept = read_picture(tmp_path / "b.jpg").file.exif
    assert kept is not None
    assert kept.endswith(bytes(len(PREVIEW)) + b"more")


def test_blocks_too_long_for_a_jpeg_do_not_stop_it(tmp_path: Path) -> None:
    exif = camera_exif()
    exif[EXIF_PART] = {EXPOSURE: 0.25, 37500: b"n" * 70_000}
    long = {"exif": exif.tobytes(), "xmp": b"x" * 70_000}
    write_picture(picture_of(smooth(), **long), tmp_path / "a.jpg")
    about = read_picture(tmp_path / "a.jpg").file
    assert about.exif is None
    assert about.xmp is None


@pytest.mark.parametrize("damage", [b"", b"Exif\x00\x00", b"Exif\x00\x00II*\x00\xff\xff\xff\xff"])
def test_damaged_exif_does_not_stop_the_picture(tmp_path: Path, damage: bytes) -> None:
    Image.fromarray(smooth()).save(tmp_path / "a.jpg", exif=damage)
    assert read_picture(tmp_path / "a.jpg").samples.shape == (24, 40, 3)


def test_texts_of_exif_stay_as_they_are_in_a_tiff(tmp_path: Path) -> None:
    write_picture(picture_of(smooth(), exif=_block_with_preview("<")), tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as image:
        assert image.getexif()[315].encode("latin-1").decode() == "Jürgen Müller 雪"


@pytest.mark.parametrize("target", [".tif", ".jpg"])
def test_texts_of_a_tiff_stay_byte_for_byte(tmp_path: Path, target: str) -> None:
    text = "5 \u00b5m, Müller 雪".encode()
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270], tags.tagtype[270] = text, 2
    Image.fromarray(smooth()).save(tmp_path / "a.tif", tiffinfo=tags)
    write_picture(read_picture(tmp_path / "a.tif"), tmp_path / f"b{target}")
    with Image.open(tmp_path / f"b{target}") as image:
        assert image.getexif()[270].encode("latin-1") == text


@pytest.mark.parametrize("target", [".tif", ".jpg"])
def test_a_bigtiff_is_read_and_its_tags_are_kept(tmp_path: Path, target: str) -> None:
    source, exif = tmp_path / "a.tif", Image.Exif()
    exif[MAKER] = "Snowman"
    Image.fromarray(smooth()).save(source, exif=exif, big_tiff=True)
    assert source.read_bytes()[2] == 43
    write_picture(read_picture(source), tmp_path / f"b{target}")
    with Image.open(tmp_path / f"b{target}") as image:
        assert image.getexif()[MAKER] == "Snowman"


def test_exif_that_is_damaged_inside_does_not_stop_a_tiff(tmp_path: Path) -> None:
    block = b"Exif\0\0MM\0*" + struct.pack(">IHHHIII", 8, 1, 37386, 3, 1, 7 << 16, 0)
    part = b"Exif\0\0MM\0*" + struct.pack(">IHHHIII", 8, 1, 42033, 5, 1, 0, 0)
    for damaged in (block.replace(b"\x92\x0a", b"\x02\x12"), part):
        write_picture(picture_of(smooth(), exif=damaged), tmp_path / "a.tif")
        assert read_picture(tmp_path / "a.tif").samples.shape == (24, 40, 3)


def test_a_tiff_without_a_unit_of_resolution_has_none(tmp_path: Path) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[282], tags[283], tags[296] = 2.0, 1.0, 1
    Image.fromarray(smooth()).save(tmp_path / "a.tif", tiffinfo=tags)
    assert read_picture(tmp_path / "a.tif").file.dpi is None


def _png_with_texts(path: Path, *, is_deep: bool, is_late: bool = False) -> Path:
    """A PNG file with texts of each kind of chunk, and a profile as ImageMagick hides it."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "Café at night")
    info.add_text("Author", "Маша")
    info.add_text("Description", "word " * 1000, zip=True)
    info.add_itxt("Comment", "雪だるま", lang="ja", tkey="コメント")
    info.add_text("Raw profile type exif", "exif\n 4\n00000000")
    if not is_deep:
        Image.fromarray(smooth()).save(path, pnginfo=info)
        return path
    write_picture(picture_of(deep()), path)
    whole = path.read_bytes()
    at = len(whole) - 12 if is_late else 33  # before the end, or after the header
    with path.open("wb") as file:
        file.write(whole[:at])
        for name, data, _ in info.chunks:
            PngImagePlugin.putchunk(file, name, data)
        file.write(whole[at:])
    return path


@pytest.mark.parametrize(
    ("is_deep", "is_late"), [(False, False), (True, False), (True, True)], ids=str
)
def test_texts_of_a_png_are_kept_in_png(tmp_path: Path, is_deep: bool, is_late: bool) -> None:
    source = _png_with_texts(tmp_path / "a.png", is_deep=is_deep, is_late=is_late)
    write_picture(read_picture(source), tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as image:
        image.load()
        assert {**image.text} == {
            "Title": "Café at night",
            "Author": "Маша",
            "Description": "word " * 1000,
            "Comment": "雪だるま",
        }
        assert (image.text["Comment"].lang, image.text["Comment"].tkey) == ("ja", "コメント")
    assert (tmp_path / "b.png").stat().st_size < source.stat().st_size + 1000


@pytest.mark.parametrize("is_deep", [False, True])
def test_a_png_keeps_what_its_colours_are(tmp_path: Path, is_deep: bool) -> None:
    chunks = [
        (b"cICP", bytes([9, 16, 0, 1])),
        (b"gAMA", struct.pack(">I", 100_000)),
        (b"cHRM", struct.pack(">8I", *range(31270, 31278))),
    ]
    write_picture(picture_of(deep() if is_deep else smooth()), tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    with (tmp_path / "a.png").open("wb") as file:
        file.write(whole[:33])
        for name, data in chunks:
            PngImagePlugin.putchunk(file, name, data)
        file.write(whole[33:])
    write_picture(read_picture(tmp_path / "a.png"), tmp_path / "b.png")
    written = (tmp_path / "b.png").read_bytes()
    samples_at = written.index(b"IDAT")
    assert all(0 < written.find(name + data) < samples_at for name, data in chunks)
    with Image.open(tmp_path / "b.png") as image:
        assert image.info["gamma"] == 1


def test_xmp_stands_in_a_png_once(tmp_path: Path) -> None:
    write_picture(read_picture(_camera_picture(tmp_path / "a.png")), tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes().count(b"XML:com.adobe.xmp") == 1
    assert read_picture(tmp_path / "b.png").file.save_options["texts"] == {}


def test_texts_beyond_a_mebibyte_are_left_out(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    for key, length in (("first", 600_000), ("second", 600_000), ("third", 400_000)):
        info.add_text(key, key[0] * length, zip=True)
    Image.fromarray(smooth()).save(tmp_path / "a.png", pnginfo=info)
    texts = read_picture(tmp_path / "a.png").file.save_options["texts"]
    assert [*texts] == ["first", "third"]


def test_texts_of_a_png_do_not_stand_in_the_way_of_other_formats(tmp_path: Path) -> None:
    picture = read_picture(_png_with_texts(tmp_path / "a.png", is_deep=False))
    for ending in KEEPING_EXIF:
        write_picture(picture, tmp_path / f"b{ending}")
        assert read_picture(tmp_path / f"b{ending}").samples.shape == smooth().shape


@pytest.mark.parametrize("ending", [".tif", ".jpg", ".png"])
def test_a_tiff_that_says_no_resolution_gets_none(tmp_path: Path, ending: str) -> None:
    Image.fromarray(smooth()).save(tmp_path / "a.tif")
    picture = read_picture(tmp_path / "a.tif")
    assert picture.file.dpi is None
    write_picture(picture, tmp_path / f"b{ending}")
    assert read_picture(tmp_path / f"b{ending}").file.dpi is None


@pytest.mark.parametrize(
    ("about", "target", "said"),
    [
        ({"format": "HEIF", "save_options": {"nclx_profile": P3}}, ".jpg", "paler.*heic"),
        ({"format": "PNG", "save_options": {"colours": [(b"cICP", CICP)]}}, ".tif", "paler.*png"),
        ({"format": "PNG", "exif": b"x" * 70_000}, ".jpg", "its EXIF is longer than JPEG can hold"),
        ({"format": "PNG", "xmp": b"x" * 70_000}, ".jpg", "its XMP is longer than JPEG can hold"),
        ({"format": "JPEG", "save_options": {"extra": b"\xff\xed\0\4ab"}}, ".png", "IPTC"),
        ({"format": "JPEG", "exif": b"x", "icc_profile": b"y"}, ".bmp", "not kept in BMP"),
    ],
)
def test_what_another_format_does_not_hold_is_told(about: dict, target: str, said: str) -> None:
    picture = picture_of(smooth(), **about)
    (sentence,) = lost_in(picture, f"a{target}")
    assert re.search(said, sentence)
    if target != ".bmp" and "longer" not in said:
        own = {"HEIF": ".heic", "PNG": ".png", "JPEG": ".jpg"}[about["format"]]
        assert lost_in(picture, f"a{own}") == ()


@pytest.mark.parametrize(
    "about",
    [
        {"format": "HEIF", "save_options": {"nclx_profile": {"color_primaries": 1}}},
        {"format": "HEIF", "save_options": {"nclx_profile": P3}, "icc_profile": b"x"},
        {"format": "PNG", "save_options": {"colours": [(b"gAMA", struct.pack(">I", 45455))]}},
        {"format": "PNG", "save_options": {"colours": [(b"sRGB", b"\0"), (b"gAMA", b"1234")]}},
        {"format": "PNG", "exif": b"x" * 60_000, "xmp": b"x" * 60_000},
    ],
)
def test_of_what_another_format_holds_nothing_is_told(about: dict) -> None:
    assert lost_in(picture_of(smooth(), **about), "a.jpg") == ()
