"""A live session between stand-ins: what is dropped, what ends it, what is told."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext

import av
import numpy as np
import pytest

from tests.fakes import ADDED, FakeRestorer
from tests.live_tools import (
    HEIGHT,
    WIDTH,
    ListedSource,
    ListingSink,
    Told,
    make_session,
    pattern_frames,
)
from unblur.errors import MediaError, OutputError
from unblur.images.picture_clock import now_ms
from unblur.media.frame import Frame
from unblur.media.live_frames import LiveSound
from unblur.restoration import live
from unblur.restoration.live_meter import Delays, LiveMeter
from unblur.restoration.live_network import LiveNetwork
from unblur.restoration.live_rate import EFFORTS, REDUCED, Effort


def test_frames_are_restored_in_order_each_at_its_own_moment() -> None:
    sink, told = ListingSink(), Told()
    summary = make_session(ListedSource(pattern_frames(20)), sink, told).run(told.seconds.append)
    moments = [frame.pts for frame in sink.frames]
    assert moments == sorted(set(moments))
    assert set(moments) <= {3600 * index for index in range(20)}
    assert summary.received == 20
    assert summary.delivered == len(moments)
    assert summary.delivered + summary.dropped == 20
    assert summary.disordered == 0
    assert sink.ends == ["closed"]
    assert sink.frames[0].pixels.mean() > 128 + ADDED / 2


def test_a_slow_sink_gets_the_newest_frames_and_no_queue() -> None:
    sink = ListingSink(slow_s=0.1)
    started_s = time.monotonic()
    summary = make_session(ListedSource(pattern_frames(50)), sink).run(lambda _: None)
    assert time.monotonic() - started_s < 50 * 0.1
    assert summary.dropped > 20
    assert summary.delivered + summary.dropped == 50
    assert sink.frames[-1].pts == 49 * 3600
    assert summary.latency_ms is not None
    assert summary.latency_ms < 400


def test_the_age_is_read_from_the_pictures() -> None:
    sink = ListingSink()
    summary = make_session(ListedSource(pattern_frames(5)), sink).run(lambda _: None)
    assert summary.age_ms is not None
    assert 0 <= summary.age_ms < 5000


def test_what_ends_the_source_is_raised_and_what_came_before_is_kept() -> None:
    sink = ListingSink()
    source = ListedSource(pattern_frames(5), MediaError("the cable was pulled"))
    with pytest.raises(MediaError, match="the cable was pulled"):
        make_session(source, sink).run(lambda _: None)
    assert sink.frames[-1].pts == 4 * 3600
    assert sink.ends == ["closed"]


@pytest.mark.parametrize("error", [None, MediaError("the cable was pulled")])
def test_sound_that_comes_while_the_last_frame_is_sent_is_sent(error: MediaError | None) -> None:
    sounds = [LiveSound(av.Packet(4), 1800 * index) for index in range(6)]
    sink = ListingSink()
    session = make_session(ListedSource([*pattern_frames(1), *sounds], error), sink)

    def wait_for_the_end(frame: Frame) -> bool:
        while not session._restored.is_over:
            time.sleep(0.01)
        return True

    sink.write = wait_for_the_end  # type: ignore[method-assign]
    with nullcontext() if error is None else pytest.raises(MediaError, match="pulled"):
        session.run(lambda _: None)
    assert sink.sounds == sounds
    assert sink.ends == ["closed"]


def test_a_sink_that_fails_ends_everything_and_is_abandoned() -> None:
    sink = ListingSink(fails_after=2)
    with pytest.raises(OutputError, match="the sink is full"):
        make_session(ListedSource(pattern_frames(50)), sink).run(lambda _: None)
    assert sink.ends == ["abandoned"]
    assert not [each for each in threading.enumerate() if each.name.startswith("unblur live")]


def test_a_network_that_fails_ends_everything() -> None:
    sink = ListingSink()
    session = make_session(ListedSource(pattern_frames(50)), sink)
    session._network.restore = _fail  # type: ignore[method-assign]
    with pytest.raises(MediaError, match="no memory"):
        session.run(lambda _: None)
    assert sink.ends == ["closed"]


def _fail(pixels: np.ndarray, effort: Effort) -> np.ndarray:
    raise MediaError("no memory")


def test_ctrl_c_ends_it_well() -> None:
    sink, told = ListingSink(), Told()
    write = sink.write

    def interrupt(frame: object) -> None:
        write(frame)  # type: ignore[arg-type]
        if len(sink.frames) == 3:
            raise KeyboardInterrupt

    sink.write = interrupt  # type: ignore[method-assign]
    summary = make_session(ListedSource(pattern_frames(50)), sink, told).run(lambda _: None)
    assert len(sink.frames) == 3
    assert summary.received < 50
    assert sink.ends == ["closed"]
    assert told.sentences == ["stopping"]


def test_it_stops_after_the_time_that_is_given() -> None:
    sink = ListingSink()
    session = make_session(ListedSource(pattern_frames(200)), sink)
    summary = session.run(lambda _: None, limit_s=0.5)
    assert summary.received < 100


def test_a_frame_that_is_being_computed_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FAREWELL_S", 0)
    session = make_session(ListedSource(pattern_frames(200)), ListingSink())
    is_done = threading.Event()

    def restore(pixels: np.ndarray, effort: Effort) -> np.ndarray:
        time.sleep(0.5)
        is_done.set()
        return pixels

    session._network.restore = restore  # type: ignore[method-assign]
    session.run(lambda _: None, limit_s=0.2)
    assert is_done.is_set()


def test_every_second_is_told() -> None:
    told = Told()
    make_session(ListedSource(pattern_frames(110)), ListingSink(), told).run(told.seconds.append)
    assert len(told.seconds) == 2
    assert all(not each.is_summary and each.delivered > 5 for each in told.seconds)


def test_a_sink_that_is_lost_for_a_while_is_no_reason_to_do_less() -> None:
    told = Told()
    sink = ListingSink(is_lost=True)
    session = make_session(ListedSource(pattern_frames(400)), sink, told)
    summary = session.run(told.seconds.append, limit_s=6.5)
    assert summary.delivered == 0
    assert summary.dropped >= len(sink.frames) > 0
    assert told.sentences == []
    assert {second.resolution for second in told.seconds} == {1.0}


def test_at_less_resolution_the_same_correction_is_added() -> None:
    network = LiveNetwork(FakeRestorer, HEIGHT, WIDTH)
    pixels = np.random.default_rng(0).integers(0, 200, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    for effort in (Effort(), Effort(0.5)):
        restored = network.restore(pixels, effort)
        assert np.abs(restored.astype(int) - pixels - ADDED).max() <= 1


def test_what_reduces_by_itself_is_given_whole_frames() -> None:
    seen: list[tuple[int, ...]] = []

    class Seeing(FakeRestorer):
        def restore_next(self, pixels, state):
            seen.append(pixels.shape)
            return super().restore_next(pixels, state)

    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    scaled = LiveNetwork(Seeing, HEIGHT, WIDTH)
    scaled.restore(pixels, Effort(REDUCED))
    assert seen[-1][0] == pytest.approx(HEIGHT * 2 / 3, abs=1)
    unscaled = LiveNetwork(FakeRestorer, HEIGHT, WIDTH, open_reduced=Seeing)
    seen.clear()
    restored = unscaled.restore(pixels, Effort(REDUCED))
    assert seen == [(HEIGHT, WIDTH, 3)]
    assert np.abs(restored.astype(int) - pixels - ADDED).max() <= 1


def test_a_correction_of_many_levels_does_not_wrap_round() -> None:
    network = LiveNetwork(FakeRestorer, HEIGHT, WIDTH)
    assert network.restore(np.full((HEIGHT, WIDTH, 3), 250, np.uint8), EFFORTS[-1]).min() == 255


def test_sharp_frames_are_passed_on_as_they_are() -> None:
    network = LiveNetwork(FakeRestorer, HEIGHT, WIDTH)
    sharp = np.where(np.indices((HEIGHT, WIDTH)).sum(axis=0) % 2, 200, 50).astype(np.uint8)
    pixels = np.repeat(sharp[..., None], 3, axis=2)
    assert network.restore(pixels, Effort(skips_sharp=True)) is pixels
    assert network.restore(pixels, Effort()) is not pixels


def test_quantiles_are_those_of_the_values() -> None:
    delays = Delays()
    assert delays.quantile(0.5) is None
    for value in range(1, 101):
        delays.add(value)
    assert (delays.quantile(0.5), delays.quantile(0.95)) == (50, 95)


def test_frames_out_of_order_and_strange_times_are_noticed() -> None:
    meter = LiveMeter()
    now_s = time.monotonic()
    for pts, moment_ms in ((0, now_ms()), (200, now_ms() - 40), (100, now_ms() + 10**9)):
        meter.note_received()
        meter.note_computed(0.01, is_sharp=pts == 0)
        meter.note_delivered(pts, now_s, moment_ms)
    report, load = meter.end_second(EFFORTS[0], dropped=1, lost=0)
    assert (report.disordered, report.sharp, report.dropped) == (1, 1, 1)
    assert report.age_ms is not None
    assert report.age_ms < 1000
    assert load.busy_s > 0
    report, _ = meter.end_second(EFFORTS[0], dropped=1, lost=0)
    assert (report.received, report.delivered, report.dropped) == (0, 0, 0)
    assert meter.summary(EFFORTS[0], 1, 2).as_dict()["received"] == 3
