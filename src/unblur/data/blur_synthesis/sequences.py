"""Consecutive frames of a moving camera, each blurred by its own exposure.

Every frame is a pair as `pairs` makes it, of another window of one large scene: the window
follows the camera in whole pixels, so that the sharp frames stay as sharp as the photo, and
the exposure takes what the camera does around that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from unblur.data.blur_synthesis.camera_path import CameraPath
from unblur.data.blur_synthesis.layers import LayerPlan, cut_thing
from unblur.data.blur_synthesis.options import BlurOptions
from unblur.data.blur_synthesis.pairs import MARGIN_PX, BlurPair, render_pair
from unblur.data.blur_synthesis.plan import BlurPlan, draw_plan
from unblur.media.compression import compress_frames

REACH_PX = 160
"""How much larger than its frames a scene has to be: so far a camera drifts in a sequence."""
_FASTEST_CHANGE = 2.0


@dataclass(frozen=True, slots=True)
class Track:
    """How something moves over the picture from frame to frame, at the frames' middle moments."""

    positions: np.ndarray
    """(T, 2) pixels (x, y); the first is at 0."""
    velocities: np.ndarray
    """(T, 2) pixels to a frame."""
    accelerations: np.ndarray
    """(T, 2) pixels to a frame, to a frame."""

    @classmethod
    def of_velocities(cls, velocities: np.ndarray, longest_px: float) -> Track:
        """The track of (T + 2, 2) velocities, from one frame before the first to one after.

        Slowed down as a whole where it would lead farther than `longest_px` either way.
        """
        steps = (velocities[1:-2] + velocities[2:-1]) / 2
        positions = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
        extent = float(np.ptp(positions, axis=0).max())
        slower = min(1.0, longest_px / max(extent, 1e-6))
        changes = (velocities[2:] - velocities[:-2]) / 2
        return cls(positions * slower, velocities[1:-1] * slower, changes * slower)

    @property
    def windows(self) -> np.ndarray:
        """(T, 2) int: where on a large scene the frames begin (x, y), at 0 or more."""
        places = -np.rint(self.positions)  # what moves to the right is seen from further left
        return (places - places.min(axis=0)).astype(int)

    def path(self, frame: int, exposure: float, linear: np.ndarray) -> CameraPath:
        """What happens while the shutter is open for `exposure` frames around that `frame`."""
        return CameraPath(
            shift=self.velocities[frame] * exposure,
            bend=self.accelerations[frame] * exposure**2 / 8,
            linear=linear,
            acceleration=0.0,
        )


def draw_velocities(rng: np.random.Generator, first: np.ndarray, frame_count: int) -> np.ndarray:
    """Velocities (`frame_count` + 2, 2) of a hand: `first`, then wandering about as fast."""
    calm = rng.uniform(0.5, 0.98)
    strength = float(np.linalg.norm(first)) * np.sqrt((1 - calm**2) / 2)
    velocities = [np.asarray(first, float)]
    for _ in range(frame_count + 1):
        velocities.append(calm * velocities[-1] + strength * rng.normal(0, 1, 2))
    return np.stack(velocities)


def synthesize_sequence(
    scene: np.ndarray,
    objects: Sequence[np.ndarray],
    rng: np.random.Generator,
    options: BlurOptions | None = None,
    *,
    frame_count: int,
) -> list[BlurPair]:
    """`frame_count` consecutive pairs of one camera over `scene`; the same `rng`, the same pairs.

    `scene` and `objects` (to cut things in front from) are (H, W, 3) uint8 RGB. The pairs
    are smaller than `scene` by `MARGIN_PX` on each side and by `REACH_PX`. Kinds and shares
    are those of single pairs; a sharp or defocused sequence moves without being blurred
    by it. Lamps are left out.
    """
    size = (scene.shape[0] - REACH_PX, scene.shape[1] - REACH_PX)
    drawn = draw_plan(rng, options or BlurOptions(), size, has_objects=bool(objects))
    is_moved = drawn.kind in ("path", "straight")
    exposure = float(rng.uniform(0.35, 1.0)) if is_moved else 0.0
    first = drawn.path.shift / exposure if is_moved else rng.normal(0, 6, 2)
    track = Track.of_velocities(draw_velocities(rng, first, frame_count), REACH_PX)
    things = [_Thing.of(layer, track, drawn, exposure, objects) for layer in drawn.layers]
    start = [int(rng.integers(REACH_PX - far + 1)) for far in track.windows.max(axis=0)]
    pairs: list[BlurPair] = []
    for frame, window in enumerate(track.windows + start):
        changed = _change(track, frame)
        plan = replace(
            drawn,
            path=track.path(frame, exposure, drawn.path.linear * changed),
            path_px=drawn.path_px * changed,
            lights=(),
            layers=tuple(thing.layer(frame, exposure, size) for thing in things),
            degradation=replace(
                drawn.degradation,
                noise_seed=(drawn.degradation.noise_seed + frame) % 2**31,
                video_crf=None,
            ),
        )
        shown = [_cut(thing.pixels, thing.track.windows[frame], size) for thing in things]
        pairs.append(render_pair(plan, _cut(scene, window, size), shown, margin_px=MARGIN_PX))
    crf = drawn.degradation.video_crf
    if crf is None:
        return pairs
    compressed = compress_frames([pair.blurry for pair in pairs], crf)
    return [replace(pair, blurry=it) for pair, it in zip(pairs, compressed, strict=True)]


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something in front, on a canvas that its whole track fits on."""

    plan: LayerPlan
    track: Track
    pixels: np.ndarray
    """(H, W, 3) uint8 RGB: what it is made of."""
    field: np.ndarray
    """(H, W) float32: the plan's field at the size of the canvas."""

    @classmethod
    def of(
        cls,
        layer: LayerPlan,
        camera: Track,
        plan: BlurPlan,
        exposure: float,
        objects: Sequence[np.ndarray],
    ) -> _Thing:
        """The thing of `layer`: it moves as the camera makes it seem to, and by itself."""
        own = layer.path.shift / exposure - plan.path.shift / exposure
        velocities = camera.velocities + own
        ends = (velocities[:1], velocities, velocities[-1:])
        track = Track.of_velocities(np.concatenate(ends), REACH_PX)
        across, down = track.windows.max(axis=0)
        size = (plan.height + int(down), plan.width + int(across))
        field = cv2.resize(layer.field, size[::-1], interpolation=cv2.INTER_CUBIC)
        return cls(layer, track, cut_thing(layer, objects, size), field)

    def layer(self, frame: int, exposure: float, size: tuple[int, int]) -> LayerPlan:
        """The plan of the thing in one frame, of `size` (height, width)."""
        return replace(
            self.plan,
            field=np.ascontiguousarray(_cut(self.field, self.track.windows[frame], size)),
            path=self.track.path(frame, exposure, self.plan.path.linear),
        )


def _change(track: Track, frame: int) -> float:
    """How much faster than in the first frame the camera is in that one, within limits."""
    speeds = np.linalg.norm(track.velocities, axis=1)
    return float(np.clip(speeds[frame] / max(speeds[0], 1e-6), 0, _FASTEST_CHANGE))


def _cut(pixels: np.ndarray, window: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The part of `size` (height, width) that begins at `window` (x, y)."""
    left, top = (int(place) for place in window)
    return pixels[top : top + size[0], left : left + size[1]]
