"""What counts as an image, and 16 bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from unblur.errors import ImageFormatError
from unblur.images.arrays import add_correction, check_pixels, row_bands, to_eight_bits


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_picture_is_refused_by_shape_and_type(array):
    with pytest.raises(ImageFormatError, match=f"got shape .* and dtype {array.dtype}"):
        check_pixels(array)


def test_another_kind_of_picture_is_refused_with_the_way_to_an_array():
    with pytest.raises(ImageFormatError, match=r"got Image; of a Pillow image"):
        check_pixels(Image.new("RGB", (4, 4)))


def test_sixteen_bits_round_to_the_nearest_eight():
    samples = np.array([0, 128, 129, 257, 65535], np.uint16)
    assert to_eight_bits(samples).tolist() == [0, 0, 1, 1, 255]


def test_other_depths_are_refused():
    with pytest.raises(ImageFormatError, match="8 or 16 bits"):
        to_eight_bits(np.zeros((2, 2, 3), np.int32))


def test_an_uncorrected_sixteen_bit_sample_keeps_all_its_bits():
    samples = np.array([[[1000, 2000, 3001]]], np.uint16)
    before = to_eight_bits(samples)
    after = before.copy()
    after[..., 0] += 2
    corrected = add_correction(samples, before, after)
    assert corrected.tolist() == [[[1000 + 2 * 257, 2000, 3001]]]


def test_a_correction_stops_at_black_and_white():
    samples = np.array([[[100, 65500, 30000]]], np.uint16)
    before = to_eight_bits(samples)
    after = np.array([[[0, 255, 0]]], np.uint8)
    assert add_correction(samples, before + np.uint8(0), after).max() <= 65535
    darker = add_correction(samples, np.array([[[9, 0, 0]]], np.uint8), after)
    assert darker[0, 0, 0] == 0
    assert darker[0, 0, 1] == 65535


@given(height=st.integers(1, 5000), row_size=st.integers(1, 10_000_000))
def test_bands_hold_every_row_once_and_few_values(height, row_size):
    bands = list(row_bands(height, row_size))
    assert [row for band in bands for row in range(height)[band]] == list(range(height))
    assert all((band.stop - band.start) * row_size <= 2**22 for band in bands if row_size <= 2**22)


def test_a_picture_of_many_bands_is_converted_as_one_of_few():
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 65536, (3000, 1500, 3), np.uint16)
    before = to_eight_bits(samples)
    assert np.array_equal(before, np.rint(samples / 257).astype(np.uint8))
    after = before ^ np.uint8(3)
    expected = np.clip(samples + (after.astype(int) - before) * 257, 0, 65535)
    assert np.array_equal(add_correction(samples, before, after), expected)
