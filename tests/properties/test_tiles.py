"""Tiles cover the picture once, stay on the grid, and cannot be seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from unblur.facts import SizeRule
from unblur.images.tiles import cut_spans, cut_tiles, keep, read_reflected, whole


@given(
    length=st.integers(1, 700),
    tile_px=st.integers(1, 300),
    halo_px=st.integers(0, 60),
    multiple_of=st.sampled_from([1, 4, 16, 32]),
)
def test_spans_cover_every_pixel_once_and_fit_the_size_rule(length, tile_px, halo_px, multiple_of):
    rule = SizeRule(multiple_of, multiple_of)
    spans = cut_spans(length, tile_px, halo_px, rule)
    assert [span.start for span in spans[1:]] == [span.stop for span in spans[:-1]]
    assert (spans[0].start, spans[-1].stop) == (0, length)
    end = length + rule.padding(length)
    for span in spans:
        assert 0 <= span.read_start <= span.start < span.stop <= span.read_stop <= end
        assert rule.padding(span.read_stop - span.read_start) == 0
        assert span.read_start % multiple_of == 0
        assert span.start - span.read_start >= min(halo_px, span.start)
        assert span.read_stop - span.stop >= min(halo_px, end - span.stop)
    assert len({span.read_stop - span.read_start for span in spans}) == 1
    assert len(spans) <= -(-length // max(multiple_of, tile_px // multiple_of * multiple_of))


@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    tile_px=st.integers(8, 64),
    seed=st.integers(0, 99),
)
def test_a_filter_in_tiles_gives_what_it_gives_on_the_whole(height, width, tile_px, seed):
    rule, reach = SizeRule(8, 8), 5
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)

    def blur(picture):
        size = (2 * reach + 1, 2 * reach + 1, 1)
        return uniform_filter(picture.astype(float), size, mode="constant").round().astype(np.uint8)

    tile = whole(height, width, rule)
    expected = keep(blur(read_reflected(pixels, tile.rows, tile.columns)), tile)
    tiled = np.zeros_like(pixels)
    for tile in cut_tiles(height, width, tile_px, reach, rule):
        part = keep(blur(read_reflected(pixels, tile.rows, tile.columns)), tile)
        rows, columns = tile.rows, tile.columns
        tiled[rows.start : rows.stop, columns.start : columns.stop] = part
    assert np.abs(tiled.astype(int) - expected).max() <= 1


@given(height=st.integers(1, 40), width=st.integers(1, 40), padding=st.integers(0, 60))
@pytest.mark.parametrize("is_turned", [False, True])
def test_reflection_is_numpys(is_turned, height, width, padding):
    pixels = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    if is_turned:
        pixels = pixels.transpose(1, 0, 2)
    side = max(pixels.shape[:2]) + padding
    tile = whole(*pixels.shape[:2], SizeRule(side, 1))
    expected = pixels
    for axis, length in enumerate(pixels.shape[:2]):
        widths = [(0, side - length if each == axis else 0) for each in range(3)]
        expected = np.pad(expected, widths, mode="reflect" if length > 1 else "edge")
    padded = read_reflected(pixels, tile.rows, tile.columns)
    assert np.array_equal(padded, expected)
    assert padded.flags["C_CONTIGUOUS"]
