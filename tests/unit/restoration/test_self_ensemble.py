"""Several orientations of a picture, and their mean."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.fake_runtime import FACTS, FakeRuntime
from unblur.errors import ConfigError
from unblur.facts import StateMap
from unblur.images.broken import looks_broken
from unblur.media.frame import Frame
from unblur.restoration import restorer as module
from unblur.restoration.restorer import Restorer
from unblur.restoration.self_ensemble import SelfEnsembleRuntime

COUNTS = (2, 4, 8)


def varied(height=32, width=48):
    return np.random.default_rng(1).integers(0, 200, (height, width, 3), np.uint8)


def leaning(restored):
    """Adds what depends on the place: an orientation that is not turned back shows."""
    rows, columns = np.indices(restored.shape[:2])
    return np.clip(restored + (rows + 2 * columns)[..., np.newaxis], 0, 255).astype(np.uint8)


@pytest.mark.parametrize("count", COUNTS)
def test_each_orientation_is_turned_back(count):
    pixels = varied()
    assert np.array_equal(SelfEnsembleRuntime(FakeRuntime(), count).restore(pixels), pixels + 10)


@pytest.mark.parametrize("count", COUNTS)
def test_the_result_is_the_mean_of_different_orientations(count):
    runtime = FakeRuntime(meddle=leaning)
    ones = np.ones((32, 48, 3), np.uint8)
    given = SelfEnsembleRuntime(runtime, count).restore(ones).astype(float)
    assert len(runtime.shapes) == count
    assert {shape[:2] for shape in runtime.shapes} == (
        {(32, 48), (48, 32)} if count == 8 else {(32, 48)}
    )
    turned = given[::-1, ::-1]
    assert np.abs(given - turned).max() <= 1
    assert given.std() < leaning(ones).std() / 10


@pytest.mark.parametrize("count", COUNTS)
def test_what_is_started_gives_the_same(count):
    runtime = SelfEnsembleRuntime(FakeRuntime(meddle=leaning), count)
    assert np.array_equal(runtime.start(varied())(), runtime.restore(varied()))


def test_one_picture_is_in_flight():
    assert SelfEnsembleRuntime(FakeRuntime(in_flight_count=3), 2).in_flight_count == 1


def test_an_orientation_that_comes_out_broken_is_not_averaged_away():
    results = []

    def third_is_black(restored):
        results.append(restored)
        return np.zeros_like(restored) if len(results) == 3 else restored

    runtime = SelfEnsembleRuntime(FakeRuntime(meddle=third_is_black), 4)
    assert looks_broken(varied(), runtime.restore(varied()))


def test_the_memory_of_a_video_network_is_of_one_orientation():
    runtime = FakeRuntime()
    restored, _ = SelfEnsembleRuntime(runtime, 4).restore_next(varied(), None)
    assert len(runtime.shapes) == 1
    assert np.array_equal(restored, varied() + 10)


def test_a_restorer_takes_a_self_ensemble_and_says_so(monkeypatch):
    runtime = FakeRuntime()
    monkeypatch.setattr(module, "open_runtime", lambda *_: runtime)
    restorer = Restorer(self_ensemble=4)
    restorer.restore(varied())
    assert len(runtime.shapes) == 4
    assert restorer.identity["self_ensemble"] == "4"
    assert Restorer().identity["self_ensemble"] == "1"


def test_frames_for_a_network_with_a_memory_are_restored_once_and_that_is_said(monkeypatch):
    runtime = FakeRuntime(facts=replace(FACTS, state_maps=(StateMap(1, 16),)))
    monkeypatch.setattr(module, "open_runtime", lambda *_: runtime)
    restorer = Restorer(self_ensemble=4)
    list(restorer.restore_frames([Frame(varied(), 0, Fraction(1, 25))]))
    assert len(runtime.shapes) == 1
    assert restorer.notes == ["fake has a memory, so each frame was restored once only"]


def test_three_orientations_are_refused():
    with pytest.raises(ConfigError, match="1, 2, 4, 8 or 'auto', got 3"):
        Restorer(self_ensemble=3)


@pytest.mark.parametrize(("aim", "count"), [("fidelity", 4), ("perceptual", 1)])
def test_what_a_discriminator_trained_is_usually_restored_once(monkeypatch, aim, count):
    runtime = FakeRuntime(facts=replace(FACTS, aim=aim))
    monkeypatch.setattr(module, "open_runtime", lambda *_: runtime)
    restorer = Restorer(self_ensemble="auto")
    restorer.restore(varied())
    assert restorer.self_ensemble == len(runtime.shapes) == count


@pytest.mark.parametrize("tile_px", [48, 80])
def test_tiles_cannot_be_seen(tile_px):
    pixels = np.kron(varied(12, 16), np.ones((10, 10, 1), np.uint8))
    whole = Restorer(self_ensemble=8).restore(pixels)
    tiled = Restorer(self_ensemble=8, tile_px=tile_px).restore(pixels)
    assert np.abs(whole.astype(int) - tiled).max() <= 1
