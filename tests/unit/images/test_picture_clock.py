"""The time in a picture survives drawing, encoders and the network, and is not seen by mistake."""

from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clips import gradient
from unblur.errors import ImageFormatError
from unblur.images.picture_clock import draw_moment, now_ms, read_moment

MOMENTS = st.integers(0, 2**48 - 1)


@given(MOMENTS, st.sampled_from([(8, 128), (9, 131), (96, 160), (720, 1280)]), st.booleans())
def test_what_is_drawn_is_read(moment: int, size: tuple[int, int], is_luma: bool) -> None:
    pixels = np.full(size if is_luma else (*size, 3), 90, np.uint8)
    draw_moment(pixels, moment)
    assert read_moment(pixels) == moment


@settings(max_examples=15, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=4), st.sampled_from([(180, 320), (360, 640)]))
def test_the_time_survives_h264_at_a_low_bit_rate(
    moments: list[int], size: tuple[int, int]
) -> None:
    height, width = size
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.options = 25, {"crf": "35", "preset": "ultrafast", "bf": "0"}
    decoder = av.CodecContext.create("h264", "r")
    packets: list[av.Packet | None] = []
    for index, moment in enumerate(moments):
        pixels = gradient(index, height, width)
        draw_moment(pixels, moment)
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
        frame.pts = index
        packets += encoder.encode(frame)
    packets += [*encoder.encode(None), None]
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    assert [read_moment(frame.to_ndarray(format="rgb24")) for frame in frames] == moments


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_picture_has_no_time(level: int) -> None:
    assert read_moment(np.full((96, 160, 3), level, np.uint8)) is None


def test_a_picture_of_noise_has_no_time(rng: np.random.Generator) -> None:
    for _ in range(100):
        cells = np.where(rng.integers(0, 2, (2, 32)), 235, 16).astype(np.uint8)
        pixels = cells.repeat(16, axis=0).repeat(16, axis=1)
        assert read_moment(pixels) is None
    assert read_moment(np.zeros((4, 64), np.uint8)) is None


def test_one_cell_that_flips_is_noticed() -> None:
    pixels = np.zeros((96, 160), np.uint8)
    draw_moment(pixels, now_ms())
    pixels[:5, :5] = 251 - pixels[:5, :5]
    assert read_moment(pixels) is None


def test_a_picture_too_small_for_the_time_is_refused() -> None:
    with pytest.raises(ImageFormatError, match=r"at least 128x8 pixels .* got 100x50"):
        draw_moment(np.zeros((50, 100, 3), np.uint8), 0)
