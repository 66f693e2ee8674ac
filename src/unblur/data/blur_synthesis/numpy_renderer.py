"""A plan to a pair with NumPy and OpenCV: one picture at a time, on the CPU.

Pictures have four channels here, of which one is idle: OpenCV moves those four times
as fast as three (docs/decisions/blur-synthesis.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from unblur.data.blur_synthesis.camera_path import CameraPath, sampling_matrices
from unblur.data.blur_synthesis.degradation import compress, to_grey_levels
from unblur.data.blur_synthesis.layers import LayerPlan, coverage
from unblur.data.blur_synthesis.lights import render_lights
from unblur.data.blur_synthesis.plan import BlurPlan

_WARP = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
_STRIP_ROWS = 256
_FARTHEST_SHARE = 0.75
"""How far from the middle moment a path can lie, at most, of its length."""


def render(
    plan: BlurPlan, picture: np.ndarray, things: Sequence[np.ndarray], margin_px: int
) -> tuple[np.ndarray, np.ndarray]:
    """The blurry and the sharp picture, (H, W, 3) uint8 RGB, without a margin on each side.

    `picture` and `things` (one for each layer of the plan, from `cut_thing`) are
    (height, width, 3) uint8 RGB of the plan's size.
    """
    frame = _Frame(plan.height, plan.width, margin_px)
    light = _to_light(picture, plan)
    if plan.lights:
        light[..., :3] += render_lights(plan.lights, picture.shape[:2])
    if plan.kind == "defocus":
        exposed = frame.inner(defocus(light, plan.defocus_radius_px))
        sharp = frame.inner(light)
    elif plan.kind == "sharp":
        exposed = sharp = frame.inner(light)
    else:
        pieces = zip(plan.layers, things, strict=True)
        layers = [_Layer.of(layer, thing, plan, frame) for layer, thing in pieces]
        exposed, sharp = _expose(plan, light, layers, frame)
    if plan.keeps_picture:
        sharp_pixels = np.ascontiguousarray(frame.inner(picture))
    else:
        sharp_pixels = to_grey_levels(_rgb(sharp), plan.gamma)
    blurry = to_grey_levels(_rgb(exposed), plan.gamma, plan.degradation)
    return compress(blurry, plan.degradation, plan.path.shift), sharp_pixels


@dataclass(frozen=True, slots=True)
class _Frame:
    """The picture with its margin and what is seen of it."""

    height: int
    width: int
    margin_px: int

    @property
    def seen_size(self) -> tuple[int, int]:
        """(width, height) without the margin."""
        return self.width - 2 * self.margin_px, self.height - 2 * self.margin_px

    def inner(self, pixels: np.ndarray) -> np.ndarray:
        """`pixels` without the margin."""
        margin = self.margin_px
        return pixels[margin : self.height - margin, margin : self.width - margin]

    def matrices(self, path: CameraPath, sample_count: int) -> np.ndarray:
        """Where the seen pixels come from, moment by moment."""
        return sampling_matrices(path, sample_count, (self.height, self.width), self.margin_px)


@dataclass(frozen=True, slots=True)
class _Layer:
    """Something in front, and where on the canvas it is."""

    pixels: np.ndarray
    """(height, width, 4) float32: its light times its coverage, and what shows through it."""
    boxes: np.ndarray
    """(N, 4) int: left, top, right and bottom of what it can reach in the seen picture."""
    matrices: np.ndarray
    """(N, 2, 3): where the seen pixels come from."""

    @classmethod
    def of(cls, layer: LayerPlan, thing: np.ndarray, plan: BlurPlan, frame: _Frame) -> _Layer:
        """What `plan` says of `layer`, which is made of `thing`."""
        covered = coverage(layer, thing.shape[:2])
        pixels = _to_light(thing, plan)
        cv2.multiply(pixels, cv2.cvtColor(covered, cv2.COLOR_GRAY2RGBA), dst=pixels)
        cv2.insertChannel(1 - covered, pixels, 3)
        matrices = frame.matrices(layer.path, plan.sample_count)
        return cls(pixels, _moved_boxes(layer.path, covered, plan.sample_count, frame), matrices)

    def cover(self, seen: np.ndarray, index: int, first_row: int, scratch: np.ndarray) -> None:
        """Draw the layer over `seen`, in place, as it is at moment `index`.

        `seen` is the strip of the seen picture that begins at `first_row`. `scratch` is
        (2, h, w, 4), overwritten: memory taken anew each time is slow.
        """
        left, top, right, bottom = (int(side) for side in self.boxes[index])
        top, bottom = max(top, first_row), min(bottom, first_row + len(seen))
        if left >= right or top >= bottom:
            return
        matrix = self.matrices[index].copy()
        matrix[:, 2] += matrix[:, :2] @ [left, top]
        size = (right - left, bottom - top)
        layer, through = scratch[:, : size[1], : size[0]]
        cv2.warpAffine(
            self.pixels, matrix, size, dst=layer, flags=_WARP, borderMode=cv2.BORDER_REFLECT_101
        )
        cv2.cvtColor(cv2.extractChannel(layer, 3), cv2.COLOR_GRAY2RGBA, dst=through)
        part = seen[top - first_row : bottom - first_row, left:right]
        cv2.multiply(part, through, dst=part)
        cv2.add(part, layer, dst=part)


def _moved_boxes(
    path: CameraPath, covered: np.ndarray, sample_count: int, frame: _Frame
) -> np.ndarray:
    """(N, 4) int: left, top, right, bottom of what is `covered`, in the seen picture.

    Beyond the borders the layer is mirrored; so a box that comes near one is open there.
    """
    height, width = covered.shape
    rows, columns = (np.flatnonzero(covered.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((sample_count, 4), int)
    near = _FARTHEST_SHARE * path.length_px(height, width) + 2 - frame.margin_px
    far = 2 * max(height, width)
    left = columns[0] - 1 if columns[0] > near else -far
    right = columns[-1] + 1 if width - 1 - columns[-1] > near else width + far
    top = rows[0] - 1 if rows[0] > near else -far
    bottom = rows[-1] + 1 if height - 1 - rows[-1] > near else height + far
    corners = np.array([[x, y, 1] for x in (left, right) for y in (top, bottom)], float)
    moments = np.linspace(-1, 1, sample_count)
    moved = path.at_moments(moments, height, width) @ corners.T - frame.margin_px
    limits = np.array(frame.seen_size)
    first = np.clip(np.floor(moved.min(axis=2)), 0, limits)
    last = np.clip(np.ceil(moved.max(axis=2)) + 1, 0, limits)
    return np.concatenate([first, last], axis=1).astype(int)


def _expose(
    plan: BlurPlan, light: np.ndarray, layers: Sequence[_Layer], frame: _Frame
) -> tuple[np.ndarray, np.ndarray]:
    """The mean over the exposure and the picture at its middle moment.

    In strips, which stay in the processor's cache and keep large pictures in memory.
    """
    width, height = frame.seen_size
    total = np.zeros((height, width, 4), np.float32)
    middle = np.empty_like(total) if layers else frame.inner(light)
    strip = np.empty((min(height, _STRIP_ROWS), width, 4), np.float32)
    scratch = np.empty((2, *strip.shape), np.float32) if layers else strip
    moments = frame.matrices(plan.path, plan.sample_count)
    for first_row in range(0, height, _STRIP_ROWS):
        rows = slice(first_row, first_row + _STRIP_ROWS)
        for index, matrix in enumerate(moments):
            seen = strip[: len(total[rows])]
            _move(light, matrix, first_row, seen)
            for layer in layers:
                layer.cover(seen, index, first_row, scratch)
            cv2.accumulate(seen, total[rows])
            if layers and index == plan.sample_count // 2:
                middle[rows] = seen
    total *= np.float32(1 / plan.sample_count)
    return total, middle


def _move(light: np.ndarray, matrix: np.ndarray, first_row: int, seen: np.ndarray) -> None:
    """Fill `seen`, a strip from `first_row` on, with `light` from where `matrix` says."""
    matrix = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, 1] * first_row])
    size = seen.shape[1::-1]
    cv2.warpAffine(light, matrix, size, seen, _WARP, borderMode=cv2.BORDER_REFLECT_101)


def defocus_disc(radius_px: float) -> np.ndarray:
    """What a point becomes out of focus, (N, N) float32 of sum 1: a disc with a soft edge."""
    reach = int(np.ceil(radius_px))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(rows, columns), 0, 1)
    return (disc / disc.sum()).astype(np.float32)


def defocus(light: np.ndarray, radius_px: float) -> np.ndarray:
    """`light` through a lens out of focus: the mean over a disc."""
    return cv2.filter2D(light, -1, defocus_disc(radius_px), borderType=cv2.BORDER_REFLECT_101)


def _to_light(pixels: np.ndarray, plan: BlurPlan) -> np.ndarray:
    """Grey levels as light, (height, width, 4) float32; the last channel is idle."""
    table = (np.arange(256) / 255) ** plan.gamma * plan.gain
    return cv2.LUT(cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA), table.astype(np.float32))


def _rgb(light: np.ndarray) -> np.ndarray:
    """Without the idle channel."""
    return cv2.cvtColor(light, cv2.COLOR_RGBA2RGB)
