"""Timecodes: how frames are numbered."""

from __future__ import annotations

from fractions import Fraction

import pytest

from unblur.media.timecodes import add_frames, counting_rate

NTSC = Fraction(30_000, 1001)


@pytest.mark.parametrize(
    ("timecode", "count", "rate", "later"),
    [
        ("01:02:03:04", 25, 25, "01:02:04:04"),
        ("01:02:03:24", 1, 25, "01:02:04:00"),
        ("23:59:59:24", 1, 25, "00:00:00:00"),
        ("01:00:00:00", 30, NTSC, "01:00:01:00"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 17_982, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107_892, NTSC, "01:00:00;00"),
        ("23:59:59;29", 1, NTSC, "00:00:00;00"),
        ("00:00:59.59", 1, 2 * NTSC, "00:01:00.04"),
        ("anything", 1, 25, "anything"),
    ],
)
def test_later_frames_have_later_timecodes(
    timecode: str, count: int, rate: Fraction, later: str
) -> None:
    assert add_frames(timecode, count, Fraction(rate)) == later


def test_every_timecode_of_an_hour_follows_from_the_one_before() -> None:
    told = "00:59:00;02"
    for count in range(1, 4000):
        following = add_frames("00:59:00;02", count, NTSC)
        assert following == add_frames(told, 1, NTSC) > told
        assert following[6:] not in {"00;00", "00;01"} or following[4] == "0"
        told = following


def test_drop_frame_is_counted_at_a_rate_that_has_it() -> None:
    assert counting_rate("00:00:59;20", Fraction(1000, 39)) == NTSC
    assert counting_rate("00:00:59;20", Fraction(58)) == 2 * NTSC
    assert counting_rate("00:00:59:20", Fraction(1000, 39)) == Fraction(1000, 39)
    assert counting_rate(None, Fraction(25)) == 25
    assert counting_rate("00:00:59;20", None) is None
