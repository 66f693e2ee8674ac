"""Charts: every point is where it belongs."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unblur.evaluation.charts import Axis, Line, line_chart

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


def test_a_point_stands_where_the_scales_say() -> None:
    across, up = Axis("x", 0, 10), Axis("y", 1, 100, is_logarithmic=True)
    chart = line_chart("a < b", [Line("one & two", [(0, 1), (5, 10), (10, 100)])], across, up)
    ElementTree.fromstring(chart)
    places = [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', chart)]
    assert places == [(70, 368), (385, 207), (700, 46)]
    assert "a &lt; b" in chart
    assert "one &amp; two" in chart


def test_ticks_are_round_numbers_inside_the_scale() -> None:
    assert Axis("", 0.3, 9.2).ticks() == [2, 4, 6, 8]
    assert Axis("", 3, 120, is_logarithmic=True).ticks() == [5, 10, 20, 50, 100]


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_a_scale_holds_what_it_was_made_for(values: list[float]) -> None:
    axis = Axis.over("", values)
    assert all(0 <= axis.place(value) <= 1 for value in values)
    assert len(axis.ticks()) < 20
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks())


def test_no_values_make_no_scale() -> None:
    with pytest.raises(ValueError, match="min"):
        Axis.over("", [])
