"""How the picture moves over the sensor while the shutter is open.

Over one crop the motion of a rigid camera is well described by an affine map
that changes with time: a shift, plus a small linear part that makes the blur of
one corner differ from that of another (rotation, zoom, walking forward).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True)
class CameraPath:
    """An affine motion over the exposure; nothing moves at the middle moment.

    A point at `position` (x, y, pixels from the centre of the crop) is seen at
    `position + shift * s(t) + bend * t^2 + linear @ position * s(t)` at time t in -1..1,
    where s(t) = t / 2 + acceleration * t^2 / 4, so that the whole path is about as long
    as `shift`.
    """

    shift: np.ndarray
    """(2,) float, pixels: from the first moment to the last."""
    bend: np.ndarray
    """(2,) float, pixels: how far the middle of the path lies off its chord."""
    linear: np.ndarray
    """(2, 2) float, pixels per pixel, over the whole exposure."""
    acceleration: float
    """-1..1: how unevenly the path is run through in time; 0 is constant speed."""
    readout: float = 0.0
    """How much later the last row is exposed than the first, in exposures (rolling shutter)."""

    def at(self, moment: float, height: int, width: int) -> np.ndarray:
        """The (2, 3) affine matrix, source to destination pixels, at `moment` in -1..1."""
        return self.at_moments(np.array([moment]), height, width)[0]

    def at_moments(self, moments: np.ndarray, height: int, width: int) -> np.ndarray:
        """The affine matrices of (N,) `moments`, (N, 2, 3), source to destination pixels."""
        moments = moments[:, None]
        progress = 0.5 * moments + 0.25 * self.acceleration * moments**2
        linear = np.eye(2) + self.linear * progress[..., None]
        linear[:, :, 1] += self._shear(height) * moments
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        offset = self.shift * progress + self.bend * moments**2 + centre - linear @ centre
        return np.concatenate([linear, offset[..., None]], axis=2)

    def _shear(self, height: int) -> np.ndarray:
        """(2,) pixels per row that a rolling shutter adds over half the exposure.

        A row at y (-1..1) that is exposed later by `readout` * y runs through
        p(t + readout * y) - p(readout * y), beside the rolling-shutter picture of the
        middle moment. For the quadratic p here that is p(t) + t * y * readout * p''.
        """
        curvature = 0.5 * self.acceleration * self.shift + 2 * self.bend
        return curvature * self.readout / (height / 2)

    def length_px(self, height: int, width: int) -> float:
        """The longest way that a corner or the centre travels, in pixels."""
        corners = np.array([[0, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]], float)
        corners *= np.array([width / 2, height / 2])
        linear = self.linear.copy()
        linear[:, 1] += 2 * self._shear(height)
        moves = self.shift + corners @ linear.T
        return float(np.linalg.norm(moves, axis=1).max() + 2 * np.linalg.norm(self.bend))

    def scaled(self, factor: float) -> CameraPath:
        """The same path run through `factor` times as far."""
        return replace(
            self, shift=self.shift * factor, bend=self.bend * factor, linear=self.linear * factor
        )

    def with_readout(self, readout: float) -> CameraPath:
        """The same path, seen through a rolling shutter."""
        return replace(self, readout=readout)


def sampling_matrices(
    path: CameraPath, sample_count: int, size: tuple[int, int], margin_px: int
) -> np.ndarray:
    """Where the pixels of the picture without its margin come from, moment by moment.

    (N, 2, 3) affine matrices from pixels (x, y) of the inner picture to pixels of the whole
    of `size` (height, width), at `sample_count` moments from the first to the last.
    """
    forward = path.at_moments(np.linspace(-1, 1, sample_count), *size)
    inverse = np.linalg.inv(forward[:, :, :2])
    offset = inverse @ (margin_px - forward[:, :, 2:])
    return np.concatenate([inverse, offset], axis=2)


def random_camera_path(
    rng: np.random.Generator,
    *,
    length_px: float,
    size_px: int,
    straight: bool = False,
    most_uneven: float = 0.9,
) -> CameraPath:
    """A path whose centre travels about `length_px` pixels over a crop of `size_px`.

    A `straight` path is a uniform shift at constant speed: the blur of a plain
    line kernel, the easiest to learn from. Others bend, speed up or slow down,
    and turn or zoom so that from the middle of the crop to its edge the blur changes by about
    half of its length times what is drawn from 0 to `most_uneven`.
    """
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(angle), np.sin(angle)])
    if straight:
        return CameraPath(direction * length_px, np.zeros(2), np.zeros((2, 2)), 0.0)
    turn, zoom = rng.normal(0, 1, 2)
    shear = rng.normal(0, 0.3, (2, 2))
    linear = np.array([[zoom, -turn], [turn, zoom]]) + shear
    linear *= length_px * rng.uniform(0, most_uneven) / size_px
    normal = np.array([-direction[1], direction[0]])
    bend = normal * length_px * float(np.clip(rng.normal(0, 0.08), -0.25, 0.25))
    return CameraPath(direction * length_px, bend, linear, float(rng.uniform(-0.7, 0.7)))
