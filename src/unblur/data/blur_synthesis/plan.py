"""Everything about a pair that is left to chance, drawn before anything is rendered.

A plan is plain numbers. `numpy_renderer` and `torch_renderer` make the same pair of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from unblur.data.blur_synthesis.camera_path import CameraPath, random_camera_path
from unblur.data.blur_synthesis.degradation import Degradation, draw_degradation
from unblur.data.blur_synthesis.layers import LayerPlan, draw_layer
from unblur.data.blur_synthesis.lights import Light, draw_lights
from unblur.data.blur_synthesis.options import BlurOptions

BlurKind = Literal["sharp", "defocus", "straight", "path", "video"]
"""How a pair was blurred: not at all, out of focus, by a line kernel, along a path; or by
averaging the frames of a video."""

_STILL = CameraPath(np.zeros(2), np.zeros(2), np.zeros((2, 2)), 0.0)
_SAMPLES_PER_PX = 0.8
_FEWEST_SAMPLES, _MOST_SAMPLES = 7, 48


@dataclass(frozen=True, slots=True)
class BlurPlan:
    """How one pair is to be made from a sharp picture of `height` x `width` pixels."""

    height: int
    width: int
    kind: BlurKind
    gamma: float
    """Grey levels are light to the power of 1 / gamma."""
    gain: float
    """What the light is multiplied by before the exposure."""
    path: CameraPath
    """How the camera moves; it stands still unless the kind is straight or path."""
    path_px: float
    """How far the camera moves, in pixels; 0 for a sharp or defocused pair."""
    sample_count: int
    """How many moments are averaged: odd, so that the middle one is among them."""
    defocus_radius_px: float
    """Of the disc that a point becomes; 0 unless the kind is defocus."""
    layers: tuple[LayerPlan, ...]
    """Things in front, the nearest last."""
    lights: tuple[Light, ...]
    """Lamps, brighter than white."""
    degradation: Degradation

    @property
    def is_straight(self) -> bool:
        """Whether the blur is a plain line kernel."""
        return self.kind == "straight"

    @property
    def keeps_picture(self) -> bool:
        """Whether the sharp half of the pair is the picture itself."""
        return self.gain == 1 and not self.layers and not self.lights


def draw_plan(
    rng: np.random.Generator,
    options: BlurOptions,
    size: tuple[int, int],
    *,
    has_objects: bool = True,
) -> BlurPlan:
    """A random plan for a picture of `size` (height, width); the same `rng` draws the same.

    Without objects to cut them from, nothing moves in front.
    """
    gamma = _draw_gamma(rng, options)
    gain = float(rng.uniform(1.1, 1.8)) if rng.random() < options.highlight_share else 1.0
    lights: tuple[Light, ...] = ()
    if rng.random() < options.lights_share:
        gain = float(rng.uniform(0.15, 0.6))
        lights = draw_lights(rng)
    kind = _draw_kind(rng, options)
    path, path_px = _draw_path(rng, options, kind, min(size))
    layers: tuple[LayerPlan, ...] = ()
    if kind == "path" and has_objects and rng.random() < options.layer_share:
        layers = tuple(draw_layer(rng, path, min(size)) for _ in range(int(rng.integers(1, 3))))
    is_plain = kind == "straight"
    return BlurPlan(
        height=size[0],
        width=size[1],
        kind=kind,
        gamma=gamma,
        gain=gain,
        path=path,
        path_px=path_px,
        sample_count=_draw_sample_count(rng, options, size, [path, *(it.path for it in layers)]),
        defocus_radius_px=float(rng.uniform(1, 4)) if kind == "defocus" else 0.0,
        layers=layers,
        lights=lights,
        degradation=Degradation() if is_plain else draw_degradation(rng, options),
    )


def _draw_gamma(rng: np.random.Generator, options: BlurOptions) -> float:
    """1 in the share of pairs that are averaged in grey levels; a camera's in the others."""
    if rng.random() < options.grey_average_share:
        return 1.0
    return float(rng.uniform(options.lowest_gamma, options.highest_gamma))


def _draw_kind(rng: np.random.Generator, options: BlurOptions) -> BlurKind:
    """Sharp and defocused in their shares of all, straight in its share of the others."""
    drawn = rng.random()
    if drawn < options.sharp_share:
        return "sharp"
    if drawn < options.sharp_share + options.defocus_share:
        return "defocus"
    return "straight" if rng.random() < options.straight_share else "path"


def _draw_path(
    rng: np.random.Generator, options: BlurOptions, kind: BlurKind, size_px: int
) -> tuple[CameraPath, float]:
    """How the camera moves, and how far in pixels."""
    if kind == "straight":
        path_px = float(rng.uniform(2, max(2.0, min(30.0, options.maximum_path_px))))
    elif kind == "path":
        shape = 1.6
        drawn = rng.gamma(shape, options.mean_path_px / shape)
        path_px = float(np.clip(drawn, 1, options.maximum_path_px))
    else:
        return _STILL, 0.0
    path = random_camera_path(
        rng,
        length_px=path_px,
        size_px=size_px,
        straight=kind == "straight",
        most_uneven=0.9 if rng.random() < options.uneven_share else 0.15,
    )
    if kind == "path" and rng.random() < options.rolling_shutter_share:
        path = path.with_readout(float(rng.uniform(0.2, 1.0)))
    return path, path_px


def _draw_sample_count(
    rng: np.random.Generator,
    options: BlurOptions,
    size: tuple[int, int],
    paths: list[CameraPath],
) -> int:
    """Enough moments for the longest path, or now and then as few as video has."""
    if rng.random() < options.few_samples_share:
        count = int(rng.integers(7, 14))
    else:
        wanted = np.ceil(max(path.length_px(*size) for path in paths) * _SAMPLES_PER_PX)
        count = int(np.clip(wanted, _FEWEST_SAMPLES, _MOST_SAMPLES))
    return count + 1 - count % 2
