"""What a model with a memory remembers, and when it forgets."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.fake_runtime import FACTS, FakeRuntime
from unblur.errors import OutOfMemoryError
from unblur.facts import StateMap
from unblur.media.frame import Frame
from unblur.restoration import restorer as module
from unblur.restoration.restorer import Restorer

MEMORY = replace(FACTS, state_maps=(StateMap(1, 16),))


class CountingRuntime(FakeRuntime):
    """Notes what it is given as the state of each frame: how many it has seen in a row."""

    def __init__(self):
        super().__init__(facts=MEMORY)
        self.seen = []

    def restore_next(self, pixels, state):
        self.seen.append(0 if state is None else int(state[0].flat[0]))
        return super().restore_next(pixels, state)


@pytest.fixture
def runtime(monkeypatch):
    runtime = CountingRuntime()
    monkeypatch.setattr(module, "open_runtime", lambda _name, _options: runtime)
    return runtime


def frames(levels):
    return [
        Frame(np.full((20, 30, 3), level, np.uint8), pts=index, time_base=Fraction(1, 25))
        for index, level in enumerate(levels)
    ]


def test_the_state_goes_from_frame_to_frame(runtime):
    restored = list(Restorer().restore_frames(frames([100, 101, 102, 103])))
    assert [int(it.pixels[0, 0, 0]) for it in restored] == [110, 111, 112, 113]
    assert runtime.seen == [0, 1, 2, 3]


def test_it_forgets_where_a_scene_ends(runtime):
    list(Restorer().restore_frames(frames([100, 101, 180, 181])))
    assert runtime.seen == [0, 1, 0, 1]


def test_it_forgets_after_so_many_frames_that_a_video_can_be_gone_on_with(runtime):
    list(Restorer().restore_frames(frames(range(100, 106)), forgets_every=3))
    assert runtime.seen == [0, 1, 2, 0, 1, 2]


def test_repeated_frames_are_not_computed_again(runtime):
    restorer = Restorer()
    assert len(list(restorer.restore_frames(frames([100, 100, 101])))) == 3
    assert runtime.seen == [0, 1]
    assert restorer.counts["repeated"] == 1


def test_deep_frames_keep_their_gradation(runtime):
    (frame,) = frames([100])
    deep = replace(frame, pixels=np.full((20, 30, 3), 100 * 257 + 7, np.uint16))
    (restored,) = Restorer().restore_frames([deep])
    assert (restored.pixels == 110 * 257 + 7).all()


def test_frames_that_need_tiles_are_restored_by_themselves(runtime):
    restorer = Restorer(tile_px=16)
    pixels, state = restorer.restore_next(np.full((64, 64, 3), 100, np.uint8), None)
    assert (pixels == 110).all()
    assert state is None
    assert runtime.seen == []


def test_where_memory_is_short_a_frame_is_restored_by_itself(runtime, monkeypatch):
    def fail(_pixels, _state):
        raise OutOfMemoryError("full")

    monkeypatch.setattr(runtime, "restore_next", fail)
    (restored,) = Restorer().restore_frames(frames([100]))
    assert (restored.pixels == 110).all()
