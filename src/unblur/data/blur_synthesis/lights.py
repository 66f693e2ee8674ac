"""Lamps at night: points far brighter than white, with the star that a lens makes of them.

They are added to the light before the exposure, so that a moving camera draws streaks
that clip, as no picture averaged from 8-bit frames has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Light:
    """One lamp."""

    row_share: float
    """0..1 of the height."""
    column_share: float
    """0..1 of the width."""
    radius_px: float
    """Standard deviation of its Gaussian spot."""
    colour: tuple[float, float, float]
    """Light at its centre, red, green and blue; 1 is white."""
    spike_px: float
    """How far the star's spikes reach before they are at a third; 0: no star."""
    spike_count: int
    """Lines through the centre: each makes two spikes."""
    spike_angle: float
    """Of the first line, in radians."""


def draw_lights(rng: np.random.Generator) -> tuple[Light, ...]:
    """One to twelve lamps through one lens: all with stars of the same form, or none."""
    has_stars = rng.random() < 0.5
    spike_count = int(rng.choice([2, 3, 4]))
    spike_angle = float(rng.uniform(0, np.pi))
    lights: list[Light] = []
    for _ in range(int(rng.integers(1, 13))):
        brightness = float(np.exp(rng.uniform(np.log(2), np.log(40))))
        warmth = float(rng.uniform(0.0, 0.7))
        lights.append(
            Light(
                row_share=float(rng.random()),
                column_share=float(rng.random()),
                radius_px=float(rng.uniform(0.7, 2.5)),
                colour=(brightness, brightness * (1 - warmth / 2), brightness * (1 - warmth)),
                spike_px=float(rng.uniform(4, 12)) if has_stars else 0.0,
                spike_count=spike_count,
                spike_angle=spike_angle,
            )
        )
    return tuple(lights)


def render_lights(lights: Sequence[Light], size: tuple[int, int]) -> np.ndarray:
    """The light of all `lights`, (height, width, 3) float32, `size` being (height, width)."""
    light = np.zeros((*size, 3), np.float32)
    for each in lights:
        _add_light(light, each)
    return light


def _add_light(light: np.ndarray, lamp: Light) -> None:
    """Add one lamp to `light`, in the square that it reaches."""
    height, width = light.shape[:2]
    row, column = lamp.row_share * (height - 1), lamp.column_share * (width - 1)
    reach = int(np.ceil(4 * lamp.radius_px + 8 * lamp.spike_px)) + 1
    top, left = max(0, int(row) - reach), max(0, int(column) - reach)
    bottom, right = min(height, int(row) + reach + 1), min(width, int(column) + reach + 1)
    rows = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(row)
    columns = np.arange(left, right, dtype=np.float32)[None] - np.float32(column)
    strength = np.exp(-(rows**2 + columns**2) / np.float32(2 * lamp.radius_px**2))
    for index in range(lamp.spike_count if lamp.spike_px else 0):
        strength = strength + _spike(lamp, index, rows, columns)
    colour = np.array(lamp.colour, np.float32)
    light[top:bottom, left:right] += strength[..., None] * colour


def _spike(lamp: Light, index: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """A thin line through the lamp, fading to both sides; a fiftieth as bright as it."""
    angle = lamp.spike_angle + np.pi * index / lamp.spike_count
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along, across = columns * cosine + rows * sine, rows * cosine - columns * sine
    fading = np.exp(-np.abs(along) / np.float32(lamp.spike_px))
    return np.float32(0.02) * fading * np.exp(-(across**2) / np.float32(2 * 0.6**2))
