"""Line charts as SVG, small and without a plotting library.

Values on a linear or a logarithmic scale; a legend; a grid at round numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 46, 52
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")
_DASHES = ("", "7 3", "2 3")
_LEGEND_STEP = 17


@dataclass(frozen=True, slots=True)
class Line:
    """A named line of (x, y) points."""

    name: str
    points: Sequence[tuple[float, float]]
    style: int | None = None
    """Which colour and dash it has; None: by its place among the lines."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A named scale from `low` to `high`."""

    name: str
    low: float
    high: float
    is_logarithmic: bool = False

    @classmethod
    def over(cls, name: str, values: Sequence[float], *, is_logarithmic: bool = False) -> Axis:
        """A scale that holds all `values`; raises ValueError where there are none."""
        low, high = min(values), max(values)
        if is_logarithmic:
            return cls(name, low / 1.15, high * 1.15, is_logarithmic=True)
        margin = (high - low) * 0.05 or abs(high) * 0.05 or 1
        return cls(name, low - margin, high + margin)

    def place(self, value: float) -> float:
        """Where `value` is: 0 at `low`, 1 at `high`."""
        if self.is_logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round numbers inside the scale."""
        if self.is_logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        else:
            rough = (self.high - self.low) / 6
            base = 10 ** math.floor(math.log10(rough))
            step = next(base * factor for factor in (1, 2, 5, 10) if base * factor >= rough)
            first = math.ceil(self.low / step)
            found = [step * number for number in range(first, math.floor(self.high / step) + 1)]
        return [tick for tick in found if self.low <= tick <= self.high]


def line_chart(title: str, lines: Sequence[Line], across: Axis, up: Axis) -> str:
    """An SVG picture of `lines`."""
    height = _HEIGHT + _LEGEND_STEP * len(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="26" font-size="15">{escape(title)}</text>',
        *_grid(across, up),
    ]
    for index, line in enumerate(lines):
        parts += _draw(line, index, across, up)
    return "\n".join([*parts, "</svg>", ""])


def stack_charts(charts: Sequence[str]) -> str:
    """Charts of `line_chart` one below the other, as one SVG picture."""
    parts: list[str] = []
    top = 0
    for chart in charts:
        parts.append(chart.replace("<svg ", f'<svg y="{top}" ', 1))
        top += int(chart.split('height="', 1)[1].split('"', 1)[0])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}">'
    return "\n".join([head, *parts, "</svg>", ""])


def _x(axis: Axis, value: float) -> float:
    return round(_LEFT + axis.place(value) * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(axis: Axis, value: float) -> float:
    return round(_HEIGHT - _BOTTOM - axis.place(value) * (_HEIGHT - _TOP - _BOTTOM), 1)


def _grid(across: Axis, up: Axis) -> list[str]:
    """Lines at round numbers, their figures, and the names of the scales."""
    bottom = _HEIGHT - _BOTTOM
    parts: list[str] = []
    for tick in across.ticks():
        x = _x(across, tick)
        parts += [
            f'<path d="M{x} {_TOP}V{bottom}" stroke="#ddd"/>',
            f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>',
        ]
    for tick in up.ticks():
        y = _y(up, tick)
        parts += [
            f'<path d="M{_LEFT} {y}H{_WIDTH - _RIGHT}" stroke="#ddd"/>',
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{tick:g}</text>',
        ]
    middle = (_TOP + bottom) / 2
    return [
        *parts,
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{bottom + 36}" text-anchor="middle">'
        f"{escape(across.name)}</text>",
        f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">'
        f"{escape(up.name)}</text>",
    ]


def _draw(line: Line, index: int, across: Axis, up: Axis) -> list[str]:
    """The line with its points, and its place in the legend."""
    number = index if line.style is None else line.style
    colour = _COLOURS[number % len(_COLOURS)]
    dash = _DASHES[number // len(_COLOURS) % len(_DASHES)]
    style = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}" fill="none"'
    places = [f"{_x(across, x)} {_y(up, y)}" for x, y in line.points]
    y = _HEIGHT + _LEGEND_STEP * index
    dots = []
    if len(places) <= 20:
        dots = [
            f'<circle cx="{place.split()[0]}" cy="{place.split()[1]}" r="3" fill="{colour}"/>'
            for place in places
        ]
    return [
        f'<path d="M{" L".join(places)}" {style}/>',
        *dots,
        f'<path d="M{_LEFT} {y - 4}h24" {style}/>',
        f'<text x="{_LEFT + 32}" y="{y}">{escape(line.name)}</text>',
    ]
