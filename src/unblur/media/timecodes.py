"""SMPTE timecodes (ST 12): hours, minutes, seconds and the number of the frame in the second."""

from __future__ import annotations

import re
from fractions import Fraction

_FORM = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d+)")
_NTSC = Fraction(30_000, 1001)
_MINUTES_A_DAY = 24 * 60


def counting_rate(timecode: str | None, rate: Fraction | None) -> Fraction | None:
    """The rate that frames are numbered at, in a video of `rate` frames a second on average.

    Drop-frame timecode (a semicolon before the frame) is for 29.97 and its multiples only.
    """
    form = _FORM.fullmatch(timecode or "")
    if form is None or form[4] == ":" or rate is None:
        return rate
    return max(1, round(rate / _NTSC)) * _NTSC


def add_frames(timecode: str, count: int, rate: Fraction) -> str:
    """The timecode of the frame `count` later, where `rate` is the counting rate.

    What is no timecode stays as it is.
    """
    form = _FORM.fullmatch(timecode)
    if form is None:
        return timecode
    hour, minute, second, frame = (int(form[group]) for group in (1, 2, 3, 5))
    a_second = max(1, round(rate))
    dropped = 0 if form[4] == ":" else a_second // 15
    minutes = hour * 60 + minute
    number = (minutes * 60 + second) * a_second + frame - dropped * (minutes - minutes // 10)
    return _write(number + count, a_second, dropped, form[4])


def _write(number: int, a_second: int, dropped: int, separator: str) -> str:
    """The timecode of a frame by its number; each minute but the tenth begins at `dropped`."""
    a_minute = 60 * a_second - dropped
    tens, rest = divmod(number, 10 * a_minute + dropped)
    minute = max(0, rest - dropped) // a_minute
    minutes = (10 * tens + minute) % _MINUTES_A_DAY
    second, frame = divmod(rest - minute * a_minute, a_second)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{separator}{frame:02}"
