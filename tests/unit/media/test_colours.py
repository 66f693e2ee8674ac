"""YUV to RGB and back, against the formulae of H.273."""

from __future__ import annotations

import itertools
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter
from hypothesis import given
from hypothesis import strategies as st

from tests.clips import WEIGHTS, to_planes
from unblur.media.colours import Colours, chroma_share, read_colours, to_encoder_frame, to_pixels

TAGS = list(itertools.product(WEIGHTS, (1, 2)))


def patches(seed: int) -> np.ndarray:
    """Random colours in squares of eight pixels, so that subsampled chroma is exact inside."""
    small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    return small.repeat(8, axis=0).repeat(8, axis=1)


def planes_of(frame: av.VideoFrame) -> list[np.ndarray]:
    return [
        np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width].astype(int)
        for plane in frame.planes
    ]


@pytest.mark.parametrize(("matrix", "colour_range"), TAGS)
def test_rgb_becomes_yuv_within_rounding_and_without_bias(matrix: int, colour_range: int):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    colours = Colours(matrix, matrix, matrix, colour_range)
    frame = to_encoder_frame(pixels, "yuv444p", colours, VideoReformatter())
    differences = np.stack(planes_of(frame)) - to_planes(pixels, matrix, colour_range).astype(int)
    assert np.abs(differences).max() <= (1 if colour_range == 1 else 2)
    assert np.abs(differences.mean(axis=(1, 2))).max() < 0.1
    assert read_colours(frame) == colours


@pytest.mark.parametrize(("matrix", "colour_range"), TAGS)
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p"])
def test_there_and_back_again_is_nearly_the_same(matrix: int, colour_range: int, pixel_format: str):
    pixels = patches(1)
    colours = Colours(matrix, matrix, matrix, colour_range)
    frame = to_encoder_frame(pixels, pixel_format, colours, VideoReformatter())
    back = to_pixels(frame, colours, VideoReformatter())
    centres = (slice(4, None, 8), slice(4, None, 8))
    differences = back.astype(int) - pixels
    assert np.abs(differences[centres]).max() <= 4
    if pixel_format == "yuv444p":
        assert np.abs(differences.mean(axis=(0, 1))).max() < 0.3


@given(value=st.integers(0, 255), matrix=st.sampled_from([1, 6, 9]), full=st.booleans())
def test_grey_stays_grey(value: int, matrix: int, full: bool):
    pixels = np.full((8, 8, 3), value, np.uint8)
    colours = Colours(matrix, matrix, matrix, 2 if full else 1)
    frame = to_encoder_frame(pixels, "yuv420p", colours, VideoReformatter())
    back = to_pixels(frame, colours, VideoReformatter()).astype(int)
    assert np.abs(back - value).max() <= 2


@pytest.mark.parametrize(("height", "matrix"), [(480, 6), (576, 6), (720, 1), (2160, 1)])
def test_unnamed_matrices_are_those_that_players_take(height: int, matrix: int):
    assert Colours().matrix_for(height) == matrix
    assert Colours(matrix=9).matrix_for(height) == 9


def test_strange_matrices_and_hdr_are_seen():
    assert Colours(matrix=8).has_strange_matrix
    assert not Colours(matrix=9).has_strange_matrix
    assert Colours(transfer=16).is_hdr
    assert Colours(transfer=18).is_hdr
    assert not Colours(transfer=1).is_hdr


@pytest.mark.parametrize(
    ("pixel_format", "share"),
    [
        *[("yuv420p", Fraction(1, 4)), ("nv12", Fraction(1, 4)), ("p010le", Fraction(1, 4))],
        *[("yuv422p10le", Fraction(1, 2)), ("yuv444p", Fraction(1)), ("gbrp", Fraction(1))],
        *[("pal8", Fraction(1)), ("gray", Fraction(0)), ("ya8", Fraction(0))],
    ],
)
def test_how_finely_colours_are_sampled(pixel_format: str, share: Fraction) -> None:
    assert chroma_share(av.VideoFormat(pixel_format)) == share
