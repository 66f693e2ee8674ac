"""Things in front of the scene: where they are cut from, their shape, and how they move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from unblur.data.blur_synthesis.camera_path import CameraPath, random_camera_path

_LARGEST_SCALE = 2.0
FLAT = 1e-3
"""Least slope of a layer's field, over the longer side of the picture."""


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One thing in front: a blob of another picture, with a path of its own.

    Positions are shares (0..1) of the room there is, so that a plan fits whatever
    pictures it is rendered with.
    """

    object_share: float
    """Which of the pictures it is cut from."""
    scale: float
    """1..1.4: how much larger than needed to fill the scene that picture is shown."""
    top_share: float
    left_share: float
    field: np.ndarray
    """(N, N) float32: a random field; where it is above `threshold` is the thing."""
    threshold: float
    edge_px: float
    """How wide the edge is in which coverage goes from 0 to 1."""
    path: CameraPath


def draw_layer(rng: np.random.Generator, camera: CameraPath, size_px: int) -> LayerPlan:
    """A random thing that moves with the `camera` (parallax) and by itself."""
    cells = int(rng.integers(3, 7))
    field = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    smooth = cv2.resize(field, (48, 48), interpolation=cv2.INTER_CUBIC)
    own = random_camera_path(
        rng, length_px=float(np.clip(rng.gamma(1.6, 9.0), 0.5, 50)), size_px=size_px
    )
    parallax = camera.scaled(float(rng.uniform(0.0, 1.5)))
    return LayerPlan(
        object_share=float(rng.random()),
        scale=float(rng.uniform(1.0, 1.4)),
        top_share=float(rng.random()),
        left_share=float(rng.random()),
        field=field,
        threshold=float(np.quantile(smooth, rng.uniform(0.6, 0.9))),
        edge_px=float(rng.uniform(1.0, 2.0)),
        path=replace(
            own,
            shift=own.shift * 0.7 + parallax.shift,
            bend=own.bend + parallax.bend,
            linear=own.linear + parallax.linear,
            readout=camera.readout,
        ),
    )


def cut_thing(layer: LayerPlan, objects: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """What `layer` is made of, (height, width, 3) uint8 RGB, `size` being (height, width).

    Cut from one of `objects` at up to twice its size; where it is smaller still, mirrored.
    """
    height, width = size
    thing = objects[min(int(layer.object_share * len(objects)), len(objects) - 1)]
    fill = max(height / thing.shape[0], width / thing.shape[1])
    scale = min(fill * layer.scale, _LARGEST_SCALE)
    rows = min(round(height / scale), thing.shape[0])
    columns = min(round(width / scale), thing.shape[1])
    top = round(layer.top_share * (thing.shape[0] - rows))
    left = round(layer.left_share * (thing.shape[1] - columns))
    shown = (min(width, round(columns * scale)), min(height, round(rows * scale)))
    cut = cv2.resize(
        thing[top : top + rows, left : left + columns],
        shown,
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    below, right = height - cut.shape[0], width - cut.shape[1]
    return cv2.copyMakeBorder(cut, 0, below, 0, right, cv2.BORDER_REFLECT)


def coverage(layer: LayerPlan, size: tuple[int, int]) -> np.ndarray:
    """How much of each pixel is the thing, (height, width) float32 in 0..1.

    The distance to the edge is the field's height above the threshold over its slope,
    so the edge is `edge_px` wide and its place does not hang on rounding.
    """
    field = cv2.resize(layer.field, size[::-1], interpolation=cv2.INTER_CUBIC)
    padded = cv2.copyMakeBorder(field, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    across = cv2.subtract(padded[1:-1, 2:], padded[1:-1, :-2])
    down = cv2.subtract(padded[2:, 1:-1], padded[:-2, 1:-1])
    slope = cv2.magnitude(across, down, magnitude=across)
    slope *= np.float32(0.5)
    slope += np.float32(FLAT / max(size))
    field -= np.float32(layer.threshold)
    distance_px = cv2.divide(field, slope, dst=field)
    distance_px *= np.float32(1 / layer.edge_px)
    distance_px += np.float32(0.5)
    return np.clip(distance_px, 0, 1, out=distance_px)
