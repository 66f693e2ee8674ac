"""How the picture moves over the sensor while the shutter is open.

Over one crop the motion of a rigid camera is well described by an affine map
that changes with time: a shift, plus a small linear part that makes the blur of
one corner differ from that of another (rotation, zoom, walking forward).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class CameraPath:
    """An affine motion over the exposure; nothing moves at the middle moment.

    A point at `position` (x, y, pixels from the centre of the crop) is seen at
    `position + shift * s(t) + linear @ position * u(t)` at time t in -1..1,
    where s and u are cubics with s(0) = u(0) = 0 and a mean slope near one half,
    so that the whole path is about as long as `shift`.
    """

    shift: np.ndarray
    """(2,) float, pixels: from the first moment to the last."""
    bend: np.ndarray
    """(2,) float, pixels: how far the middle of the path lies off its chord."""
    linear: np.ndarray
    """(2, 2) float, pixels per pixel, over the whole exposure."""
    acceleration: float
    """-1..1: how unevenly the path is run through in time; 0 is constant speed."""

    def at(self, moment: float, height: int, width: int) -> np.ndarray:
        """The (2, 3) affine matrix, source to destination pixels, at `moment` in -1..1."""
        progress = 0.5 * moment + 0.25 * self.acceleration * moment * moment
        linear = np.eye(2) + self.linear * progress
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        offset = self.shift * progress + self.bend * moment * moment
        return np.column_stack([linear, centre + offset - linear @ centre])

    def length_px(self, height: int, width: int) -> float:
        """The longest way that a corner or the centre travels, in pixels."""
        corners = np.array([[0, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]], float)
        corners *= np.array([width / 2, height / 2])
        moves = self.shift + corners @ self.linear.T
        return float(np.linalg.norm(moves, axis=1).max() + 2 * np.linalg.norm(self.bend))

    def scaled(self, factor: float) -> CameraPath:
        """The same path run through `factor` times as far."""
        return CameraPath(
            self.shift * factor, self.bend * factor, self.linear * factor, self.acceleration
        )


def random_camera_path(
    rng: np.random.Generator, *, length_px: float, size_px: int, straight: bool = False
) -> CameraPath:
    """A path whose centre travels about `length_px` pixels over a crop of `size_px`.

    A `straight` path is a uniform shift at constant speed: the blur of a plain
    line kernel, the easiest to learn from. Others bend, speed up or slow down,
    and turn or zoom so that the blur differs over the crop by up to its own length.
    """
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(angle), np.sin(angle)])
    if straight:
        return CameraPath(direction * length_px, np.zeros(2), np.zeros((2, 2)), 0.0)
    turn, zoom = rng.normal(0, 1, 2)
    shear = rng.normal(0, 0.3, (2, 2))
    linear = np.array([[zoom, -turn], [turn, zoom]]) + shear
    linear *= length_px * rng.uniform(0, 0.9) / size_px
    normal = np.array([-direction[1], direction[0]])
    bend = normal * length_px * float(np.clip(rng.normal(0, 0.08), -0.25, 0.25))
    return CameraPath(direction * length_px, bend, linear, float(rng.uniform(-0.7, 0.7)))
