"""Formats without loss give back what was put in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from unblur.media.image_files import read_picture, side_by_side, write_picture
from unblur.media.picture import Picture, PictureFile

EIGHT, SIXTEEN = np.dtype(np.uint8), np.dtype(np.uint16)


@st.composite
def pictures(draw: st.DrawFn, depths: tuple[np.dtype, ...] = (EIGHT, SIXTEEN)) -> Picture:
    """A picture of a few pixels: 8 or 16 bits, grey or RGB, with or without alpha."""
    dtype = draw(st.sampled_from(depths))
    height, width = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    is_grey, has_alpha = draw(st.booleans()), draw(st.booleans())
    colours = draw(arrays.arrays(dtype, (height, width, 1 if is_grey else 3)))
    alpha = draw(arrays.arrays(dtype, (height, width))) if has_alpha else None
    samples = np.ascontiguousarray(np.broadcast_to(colours, (height, width, 3)))
    return Picture(samples, alpha, PictureFile("PNG", is_grey=is_grey))


def _written_and_read(picture: Picture, ending: str) -> Picture:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{ending}")
        write_picture(picture, path)
        return read_picture(path)


def _check_equal(got: Picture, expected: Picture) -> None:
    assert got.samples.dtype == expected.samples.dtype
    assert np.array_equal(got.samples, expected.samples)
    assert (got.alpha is None) == (expected.alpha is None)
    if got.alpha is not None and expected.alpha is not None:
        assert got.alpha.dtype == expected.alpha.dtype
        assert np.array_equal(got.alpha, expected.alpha)


@settings(deadline=None)
@given(picture=pictures())
def test_png_gives_back_every_picture(picture: Picture) -> None:
    got = _written_and_read(picture, ".png")
    _check_equal(got, picture)
    assert got.file.is_grey == picture.file.is_grey


@settings(deadline=None)
@given(picture=pictures(), is_compressed=st.booleans())
def test_tiff_gives_back_every_picture(picture: Picture, is_compressed: bool) -> None:
    options = {"is_compressed": is_compressed}
    about = PictureFile("TIFF", is_grey=picture.file.is_grey, save_options=options)
    got = _written_and_read(Picture(picture.samples, picture.alpha, about), ".tif")
    _check_equal(got, picture)
    becomes_colours = picture.bit_depth == 16 and picture.alpha is not None
    assert got.file.is_grey == (picture.file.is_grey and not becomes_colours)
    assert got.file.save_options == options


@settings(deadline=None)
@given(picture=pictures((EIGHT,)), ending=st.sampled_from([".webp", ".bmp"]))
def test_lossless_webp_and_bmp_give_back_every_picture_of_eight_bits(
    picture: Picture, ending: str
) -> None:
    got = _written_and_read(picture, ending)
    if ending == ".webp" and picture.alpha is not None and (picture.alpha == 255).all():
        got = Picture(got.samples, picture.alpha, got.file)
    _check_equal(got, picture)


@settings(deadline=None, max_examples=20)
@given(picture=pictures())
def test_the_halves_of_a_comparison_are_its_two_pictures(picture: Picture) -> None:
    both = side_by_side(picture, picture)
    width = picture.samples.shape[1]
    assert np.array_equal(both.samples[:, :width], picture.samples)
    assert np.array_equal(both.samples[:, width:], picture.samples)
    assert both.bit_depth == picture.bit_depth
