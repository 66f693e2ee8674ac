"""One blurry and sharp pair from a sharp picture, with everything a camera does to it.

The blurry picture is the mean, in linear light, of the sharp one and of the
things in front of it moved along their paths; then noise and compression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unblur.data.blur_synthesis.layers import cut_thing
from unblur.data.blur_synthesis.numpy_renderer import render
from unblur.data.blur_synthesis.options import BlurOptions
from unblur.data.blur_synthesis.plan import BlurKind, BlurPlan, draw_plan

MARGIN_PX = 16
"""By how much a scene is larger than its pair on each side: blur reaches in from there."""


@dataclass(frozen=True, slots=True)
class BlurPair:
    """Two pictures of one moment: (H, W, 3) uint8 RGB each, aligned."""

    blurry: np.ndarray
    sharp: np.ndarray
    path_px: float
    """How far the camera moved, in pixels; 0 for a sharp or defocused pair."""
    is_straight: bool
    """Whether the blur is a plain line kernel."""
    kind: BlurKind = "path"


def synthesize_pair(
    picture: np.ndarray,
    objects: Sequence[np.ndarray],
    rng: np.random.Generator,
    options: BlurOptions | None = None,
    *,
    margin_px: int = MARGIN_PX,
) -> BlurPair:
    """Blur the middle of `picture`; `objects` are pictures to cut foregrounds from.

    All (H, W, 3) uint8 RGB. The pair is smaller than `picture` by `margin_px` on
    each side. The same `rng` state gives the same pair.
    """
    size = picture.shape[:2]
    plan = draw_plan(rng, options or BlurOptions(), size, has_objects=bool(objects))
    return render_pair(plan, picture, cut_things(plan, objects), margin_px=margin_px)


def cut_things(plan: BlurPlan, objects: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What the layers of `plan` are made of, cut from `objects`; (H, W, 3) uint8 RGB each."""
    return [cut_thing(layer, objects, (plan.height, plan.width)) for layer in plan.layers]


def render_pair(
    plan: BlurPlan, picture: np.ndarray, things: Sequence[np.ndarray], *, margin_px: int = MARGIN_PX
) -> BlurPair:
    """The pair that `plan` describes, on the CPU; `things` are those of `cut_things`."""
    blurry, sharp = render(plan, picture, things, margin_px)
    return BlurPair(blurry, sharp, plan.path_px, plan.is_straight, plan.kind)
