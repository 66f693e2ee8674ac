"""Any size, any memory."""

import numpy as np
import pytest

from tests.fake_runtime import FACTS, FakeRuntime
from unblur.errors import ModelError, OutOfMemoryError
from unblur.facts import NetworkFacts
from unblur.restoration.tiling import restore_any_size


def picture(height, width):
    return np.random.default_rng(0).integers(0, 200, (height, width, 3), np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (33, 7), (64, 48)])
def test_every_size_comes_back_as_it_was(size):
    pixels = picture(*size)
    assert np.array_equal(restore_any_size(pixels, FakeRuntime()), pixels + 10)


def test_tiles_are_no_larger_than_asked_for_and_their_halo():
    runtime = FakeRuntime()
    pixels = picture(200, 300)
    assert np.array_equal(restore_any_size(pixels, runtime, 64), pixels + 10)
    assert max(max(shape[:2]) for shape in runtime.shapes) <= 64 + 2 * 16
    assert len(runtime.shapes) == 4 * 5


def test_lack_of_memory_means_smaller_tiles_and_another_try():
    def refuse_large(restored):
        if restored.shape[0] > 150:
            raise OutOfMemoryError("too much")
        return restored

    runtime = FakeRuntime(meddle=refuse_large)
    pixels = picture(400, 400)
    assert np.array_equal(restore_any_size(pixels, runtime), pixels + 10)
    assert runtime.shapes[0] == (400, 400, 3)


def test_memory_that_never_suffices_is_an_error():
    def refuse(restored):
        raise OutOfMemoryError("too much")

    with pytest.raises(OutOfMemoryError):
        restore_any_size(picture(300, 300), FakeRuntime(meddle=refuse))


def test_a_whole_image_network_refuses_tiles_with_a_sentence():
    facts = NetworkFacts(name="whole", summary="", size_rule=FACTS.size_rule, halo_px=None)
    runtime = FakeRuntime(facts=facts)
    with pytest.raises(ModelError, match="restores whole pictures only"):
        restore_any_size(picture(300, 300), runtime, 64)
    assert restore_any_size(picture(300, 300), runtime).shape == (300, 300, 3)
    assert runtime.shapes == [(304, 304, 3)]


def test_progress_is_told_after_each_tile():
    told = []
    restore_any_size(picture(100, 150), FakeRuntime(), 64, lambda *counts: told.append(counts))
    assert told == [(done_count, 6) for done_count in range(1, 7)]
