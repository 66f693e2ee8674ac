"""The main object, on the bundled model."""

import os
import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fake_runtime import FakeRuntime
from unblur.errors import (
    ComputationError,
    ConfigError,
    ImageFormatError,
    OutOfMemoryError,
    UnknownNameError,
)
from unblur.images.broken import looks_broken
from unblur.media.frame import Frame
from unblur.media.image_files import read_picture
from unblur.media.picture import Picture, PictureFile
from unblur.restoration import restorer as module
from unblur.restoration.restorer import Restorer
from unblur.weights.store import find_model

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture
def fake(monkeypatch):
    """Makes every opened runtime a fake one; maps a precision to its runtime."""
    runtimes = {}

    def open_fake(_name, options):
        return runtimes.setdefault(options.precision, FakeRuntime(precision=options.precision))

    monkeypatch.setattr(module, "open_runtime", open_fake)
    return runtimes


def lit(height=20, width=30):
    return np.full((height, width, 3), 100, np.uint8)


def black(restored):
    return np.zeros_like(restored)


def test_a_picture_is_restored(fake):
    assert np.array_equal(Restorer().restore(lit()), lit() + 10)


def test_other_arrays_are_refused(fake):
    with pytest.raises(ImageFormatError):
        Restorer().restore(np.zeros((4, 4), np.uint8))


def test_arrays_where_pictures_and_frames_are_expected_are_refused(fake):
    pixels: Any = lit()
    with pytest.raises(ImageFormatError, match="expected a Picture, got ndarray; arrays are"):
        Restorer().restore_picture(pixels)
    with pytest.raises(ImageFormatError, match="expected a Frame, got ndarray; make one with"):
        list(Restorer().restore_frames([pixels]))


def test_a_black_result_is_recomputed_in_fp32_and_said(fake):
    fake["int8"] = FakeRuntime(precision="int8", meddle=black)
    restorer = Restorer(precision="int8")
    assert np.array_equal(restorer.restore(lit()), lit() + 10)
    restorer.restore(lit())
    assert restorer.notes == ["the int8 result was broken and was recomputed in fp32"]


def test_a_result_that_is_black_in_fp32_too_is_an_error(fake):
    fake["fp32"] = FakeRuntime(meddle=black)
    with pytest.raises(ComputationError, match="its weights are damaged"):
        Restorer().restore(lit())


def test_dark_pictures_may_stay_dark():
    dark = np.full((9, 9, 3), 3, np.uint8)
    assert not looks_broken(dark, black(dark))
    assert looks_broken(lit(), black(lit()))
    assert looks_broken(lit(), black(lit()) + np.uint8(255))


def test_a_black_corner_of_a_large_picture_is_seen():
    large = lit(1080, 1920)
    restored = large.copy()
    assert not looks_broken(large, restored)
    restored[-150:, -200:] = 0
    assert looks_broken(large, restored)


def test_a_blurred_edge_that_becomes_black_and_white_is_not_broken():
    bars = np.repeat(np.arange(240) // 24 % 2 * np.uint8(255), 3).reshape(1, 240, 3)
    smear = np.ones(15) / 15
    blurred = np.stack([np.convolve(bars[0, :, index], smear, "same") for index in range(3)], 1)
    sharp, blurry = (
        np.ascontiguousarray(np.broadcast_to(line, (160, 240, 3)), np.uint8)
        for line in (bars, blurred)
    )
    assert np.mean((sharp == 0) & (blurry >= 64)) > 0.05
    assert not looks_broken(blurry, sharp)
    assert not looks_broken(255 - blurry, 255 - sharp)


def test_alpha_is_restored_on_its_own_and_a_constant_one_left_alone(fake):
    alpha = np.full((20, 30), 50, np.uint8)
    picture = Picture(lit(), alpha, PictureFile("PNG"))
    assert np.array_equal(Restorer().restore_picture(picture).alpha, alpha)
    alpha[0, 0] = 90
    restored = Restorer().restore_picture(picture)
    assert np.array_equal(restored.alpha, alpha + 10)
    assert np.array_equal(restored.samples, lit() + 10)


def test_sixteen_bit_pictures_stay_sixteen_bit(fake):
    samples = np.full((20, 30, 3), 30001, np.uint16)
    restored = Restorer().restore_picture(Picture(samples, None, PictureFile("PNG")))
    assert restored.samples.dtype == np.uint16
    assert np.all(restored.samples == 30001 + 2570)


def test_grey_pictures_stay_grey(fake):
    def tint(restored):
        tinted = restored.copy()
        tinted[..., 0] += 6
        return tinted

    fake["fp32"] = FakeRuntime(meddle=tint)
    picture = Picture(lit(), None, PictureFile("PNG", is_grey=True))
    assert np.all(Restorer().restore_picture(picture).samples == 112)


def numbered(count, asked):
    """Frames whose grey level and time stamp are their number."""
    for index in range(count):
        asked.append(index)
        yield Frame(np.full((20, 30, 3), index, np.uint8), index * 7, Fraction(1, 90000))


def test_frames_keep_order_and_moments_and_no_more_are_in_flight_than_the_runtime_takes(fake):
    asked = []
    fake["fp32"] = FakeRuntime(in_flight_count=3)
    restored = Restorer().restore_frames(numbered(9, asked))
    first = next(restored)
    assert asked == [0, 1, 2]
    frames = [first, *restored]
    assert [frame.pts for frame in frames] == [7 * index for index in range(9)]
    assert [frame.pixels[0, 0, 0] for frame in frames] == [index + 10 for index in range(9)]
    assert {frame.pixels.shape for frame in frames} == {(20, 30, 3)}


def test_frames_that_need_tiles_are_restored_in_tiles(fake):
    fake["fp32"] = FakeRuntime()
    restored = list(Restorer(tile_px=16).restore_frames(numbered(2, [])))
    assert [frame.pixels[-1, -1, 0] for frame in restored] == [10, 11]
    assert len(fake["fp32"].shapes) == 8


@pytest.mark.parametrize(
    ("model", "tile_px"),
    [("live", 256), ("live_fast", 240), ("live_large", 384), ("mobilenet_dsc", 384)],
)
def test_tiles_of_a_bundled_model_equal_the_whole_picture(model, tile_px):
    street = read_picture(ROOT / "examples" / "street.jpg").samples
    whole, tiled = (
        Restorer(model, precision="fp32", tile_px=side).restore(street).astype(int)
        for side in ("auto", tile_px)
    )
    apart = np.abs(whole - tiled)
    assert apart.max() <= 1
    assert (apart > 0).mean() < 1e-3
    assert np.abs(whole - street).max() > 50


def test_a_frame_that_runs_out_of_memory_is_tried_again_in_smaller_tiles(fake):
    def refuse_once(restored):
        if len(fake["fp32"].shapes) == 1:
            raise OutOfMemoryError("too much")
        return restored

    fake["fp32"] = FakeRuntime(meddle=refuse_once)
    restored = list(Restorer().restore_frames(numbered(2, [])))
    assert [frame.pixels[0, 0, 0] for frame in restored] == [10, 11]


def test_a_broken_frame_is_recomputed_in_fp32(fake):
    fake["int8"] = FakeRuntime(precision="int8", meddle=black)
    restorer = Restorer(precision="int8")
    (frame,) = restorer.restore_frames([Frame(lit(), 0, Fraction(1, 25))])
    assert np.array_equal(frame.pixels, lit() + 10)
    assert restorer.notes == ["the int8 result was broken and was recomputed in fp32"]


def test_frames_that_repeat_are_computed_once(fake):
    frames = [frame for frame in numbered(4, []) for _ in range(3)]
    fake["fp32"] = FakeRuntime()
    restorer = Restorer()
    restored = [frame.pixels[0, 0, 0] for frame in restorer.restore_frames(frames)]
    assert restored == [10, 10, 10, 11, 11, 11, 12, 12, 12, 13, 13, 13]
    assert len(fake["fp32"].shapes) == 4
    assert restorer.counts == {"repeated": 8}


def test_one_array_may_be_filled_again_and_again(fake):
    def fill(buffer):
        for level in (0, 1, 1, 2):
            buffer[:] = level
            yield Frame(buffer, level, Fraction(1, 25))

    restored = [frame.pixels for frame in Restorer().restore_frames(fill(lit()))]
    assert [pixels[0, 0, 0] for pixels in restored] == [10, 11, 11, 12]
    assert not any(np.shares_memory(here, there) for here, there in pairwise(restored))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_is_told_to_open_its_own(fake):
    restorer = Restorer()
    pid = os.fork()
    if pid == 0:
        code = 0
        try:
            restorer.restore(lit())
        except ComputationError:
            code = 7
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


@pytest.mark.parametrize("options", [{"tile_px": "big"}, {"tile_px": 32.5}, {"thread_count": -3}])
def test_numbers_that_are_none_are_told(fake, options):
    with pytest.raises(ConfigError, match="must be a whole number, 1"):
        Restorer(**options)


def test_sharp_frames_pass_through_only_when_asked_for(fake):
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 200, (64, 96, 3), np.uint8)
    flat = np.full((64, 96, 3), 100, np.uint8)
    frames = [Frame(pixels, pts, Fraction(1, 25)) for pts, pixels in enumerate((sharp, flat))]
    restorer = Restorer()
    restored = list(restorer.restore_frames(frames, skips_sharp=True))
    assert np.array_equal(restored[0].pixels, sharp)
    assert np.array_equal(restored[1].pixels, flat + 10)
    assert restorer.counts == {"sharp": 1}
    assert np.array_equal(next(restorer.restore_frames(frames)).pixels, sharp + 10)


def test_results_that_nobody_wants_any_more_are_waited_for(fake):
    waited = []

    class Slow(FakeRuntime):
        def start(self, pixels):
            wait = super().start(pixels)
            return lambda: waited.append(1) or wait()

    fake["fp32"] = Slow()
    restored = Restorer().restore_frames(numbered(9, []))
    next(restored)
    restored.close()
    assert len(waited) == 3


def test_a_model_file_of_int8_alone_is_computed_in_int8(fake, tmp_path):
    path = shutil.copy(find_model("live").find("onnx_int8"), tmp_path / "mine.int8.onnx")
    assert Restorer(path).precision == "int8"
    assert Restorer("live").precision == "fp32"


def test_an_unknown_model_names_the_bundled_ones():
    for kind, known in (("precision", "auto, fp32"), ("runtime", "auto, open"), ("device", "auto")):
        options: dict[str, Any] = {kind: "x"}
        with pytest.raises(UnknownNameError, match=f"no {kind} named 'x'; known: {known}"):
            Restorer("live", **options)
    with pytest.raises(UnknownNameError, match="no model named 'livee'; bundled: live"):
        Restorer("livee")
    nothing: Any = None
    with pytest.raises(UnknownNameError, match="no model named 'None'; bundled: live"):
        Restorer(nothing)


def test_tiny_tiles_are_refused(fake):
    with pytest.raises(ConfigError, match="16 or more, got 3"):
        Restorer(tile_px=3)
