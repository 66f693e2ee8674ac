"""Made scenes: random shapes that hide one another, for when there are no photos.

Opaque shapes whose sizes follow a power law give the edges and the spectrum of natural
pictures: the dead leaves model (Lee, Mumford and Huang, International Journal of Computer
Vision 41, 2001). Networks that restore can be trained on them (arXiv:1906.11880 for noise).
"""

from __future__ import annotations

import cv2
import numpy as np

_SMALLEST_PX, _LARGEST_PX = 9.0, 400.0
_COVERED_TIMES = 3.0
_TEXTURED_SHARE = 0.5


def draw_dead_leaves(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A scene, (height, width, 3) uint8 RGB, `size` being (height, width).

    The same `rng` state draws the same. Drawn at twice the size and averaged down, for edges
    as a lens draws them.
    """
    height, width = (2 * side for side in size)
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = _draw_colour(rng)
    covered, wanted = 0.0, _COVERED_TIMES * height * width
    while covered < wanted:
        radius = _draw_radius(rng)
        _draw_leaf(canvas, radius, rng)
        covered += np.pi * radius**2
    light = cv2.resize(rng.uniform(0.5, 1.2, (3, 3)).astype(np.float32), (width, height))
    shaded = canvas * light[..., None]
    shown = cv2.resize(shaded, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)


def _draw_radius(rng: np.random.Generator) -> float:
    """Of a power law with exponent -3, cut off at both ends, in pixels."""
    share = rng.random()
    least, most = _SMALLEST_PX**-2, _LARGEST_PX**-2
    return float((least - share * (least - most)) ** -0.5)


def _draw_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Mostly muted, as things are."""
    grey = rng.uniform(10, 245)
    red, green, blue = np.clip(grey + rng.normal(0, 28, 3), 0, 255)
    return int(red), int(green), int(blue)


def _draw_leaf(canvas: np.ndarray, radius: float, rng: np.random.Generator) -> None:
    """Put an ellipse or a polygon of about `radius` pixels anywhere, some with stripes."""
    height, width = canvas.shape[:2]
    centre = rng.uniform(-0.05, 1.05, 2) * (width, height)
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
    if rng.random() < 0.5:
        angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    turn, stretch = rng.uniform(0, np.pi), rng.uniform(0.4, 1.0)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    outline = np.stack([np.cos(angles), stretch * np.sin(angles)], axis=1) @ turned.T
    corners = np.rint(centre + radius * outline).astype(np.int32)
    cv2.fillPoly(canvas, [corners], _draw_colour(rng), lineType=cv2.LINE_AA)
    if radius > 12 and rng.random() < _TEXTURED_SHARE:
        _draw_stripes(canvas, corners, rng)


def _draw_stripes(canvas: np.ndarray, corners: np.ndarray, rng: np.random.Generator) -> None:
    """Stripes of another colour over the shape with those `corners`."""
    left, top = np.maximum(corners.min(axis=0), 0)
    right, bottom = np.minimum(corners.max(axis=0) + 1, canvas.shape[1::-1])
    if left >= right or top >= bottom:
        return
    place = canvas[top:bottom, left:right]
    inside = np.zeros(place.shape[:2], np.uint8)
    cv2.fillPoly(inside, [corners - np.array([left, top], np.int32)], 1)
    rows, columns = np.mgrid[top:bottom, left:right]
    direction, period = rng.uniform(0, np.pi), rng.uniform(4, 40)
    phase = rows * np.sin(direction) + columns * np.cos(direction)
    chosen = (inside > 0) & (np.sin(2 * np.pi * phase / period) > rng.uniform(-0.5, 0.8))
    place[chosen] = _draw_colour(rng)
