"""One blurry and sharp pair from a sharp picture, with everything a camera does to it.

The blurry picture is the mean, in linear light, of the sharp one and of the
things in front of it moved along their paths; then noise and compression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from pydantic import Field

from unblur.config import Options
from unblur.data.blur_synthesis.camera_path import CameraPath, random_camera_path


class BlurOptions(Options):
    """What kinds of blur are made, and how often each."""

    mean_path_px: float = Field(default=14.0, gt=0)
    """Mean length of a camera path, in pixels (gamma-distributed, shape 1.6)."""
    maximum_path_px: float = Field(default=56.0, gt=0)
    """No path is longer."""
    straight_share: float = Field(default=0.25, ge=0, le=1)
    """Pairs with plain line kernels of uniform length, the start of the curriculum."""
    sharp_share: float = Field(default=0.06, ge=0, le=1)
    """Pairs that are not blurred at all, so that sharp pictures are left alone."""
    defocus_share: float = Field(default=0.03, ge=0, le=1)
    """Pairs out of focus (a disc of 1 to 4 px radius) instead of moved."""
    layer_share: float = Field(default=0.45, ge=0, le=1)
    """Pairs with one or two things in front that move on paths of their own."""
    highlight_share: float = Field(default=0.25, ge=0, le=1)
    """Pairs brightened by 1.1 to 1.8 before the exposure, so that lights clip."""
    few_samples_share: float = Field(default=0.15, ge=0, le=1)
    """Pairs averaged from only 7 to 13 moments, as high-rate video is."""
    noise_share: float = Field(default=0.35, ge=0, le=1)
    """Pairs with Gaussian noise of up to `maximum_noise` grey levels."""
    maximum_noise: float = Field(default=4.0, ge=0)
    """Standard deviation of the strongest noise, in grey levels of 255."""
    jpeg_share: float = Field(default=0.3, ge=0, le=1)
    """Pairs whose blurry half goes through JPEG of quality 60 to 97."""


@dataclass(frozen=True, slots=True)
class BlurPair:
    """Two pictures of one moment: (H, W, 3) uint8 RGB each, aligned."""

    blurry: np.ndarray
    sharp: np.ndarray
    path_px: float
    """How far the camera moved, in pixels; 0 for a sharp or defocused pair."""
    is_straight: bool
    """Whether the blur is a plain line kernel."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """Something in front: premultiplied linear RGB and coverage, (H, W, 4) float32."""

    rgba: np.ndarray
    path: CameraPath


def synthesize_pair(
    picture: np.ndarray,
    objects: Sequence[np.ndarray],
    rng: np.random.Generator,
    options: BlurOptions | None = None,
    *,
    margin_px: int = 16,
) -> BlurPair:
    """Blur the middle of `picture`; `objects` are pictures to cut foregrounds from.

    All (H, W, 3) uint8 RGB. The pair is smaller than `picture` by `margin_px` on
    each side. The same `rng` state gives the same pair.
    """
    options = options or BlurOptions()
    height, width = picture.shape[:2]
    size = min(height, width)
    gamma = float(rng.choice([1.0, 1.8, 2.2]))
    gain = rng.uniform(1.1, 1.8) if rng.random() < options.highlight_share else 1.0
    linear = _to_linear(picture, gamma) * np.float32(gain)
    kind = rng.random()
    path_px, is_straight = 0.0, False
    if kind < options.sharp_share:
        exposed = sharp = linear
    elif kind < options.sharp_share + options.defocus_share:
        exposed, sharp = _defocus(linear, rng.uniform(1, 4)), linear
    else:
        is_straight = rng.random() < options.straight_share
        if is_straight:
            path_px = rng.uniform(2, min(30.0, options.maximum_path_px))
        else:
            shape = 1.6
            drawn = rng.gamma(shape, options.mean_path_px / shape)
            path_px = float(np.clip(drawn, 1, options.maximum_path_px))
        path = random_camera_path(rng, length_px=path_px, size_px=size, straight=is_straight)
        layers: list[_Layer] = []
        if not is_straight and objects and rng.random() < options.layer_share:
            for _ in range(int(rng.integers(1, 3))):
                thing = objects[int(rng.integers(len(objects)))]
                layers.append(_random_layer(thing, path, (height, width), gamma, gain, rng))
        few = int(rng.integers(7, 14)) if rng.random() < options.few_samples_share else None
        exposed, sharp = _expose(linear, path, layers, few)
    blurry = _from_linear(exposed, gamma)
    if not is_straight:
        blurry = _degrade(blurry, rng, options)
    inner = np.s_[margin_px : height - margin_px, margin_px : width - margin_px]
    return BlurPair(
        np.ascontiguousarray(_to_bytes(blurry)[inner]),
        np.ascontiguousarray(_to_bytes(_from_linear(sharp, gamma))[inner]),
        path_px,
        is_straight,
    )


def _expose(
    linear: np.ndarray, path: CameraPath, layers: Sequence[_Layer], sample_count: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """The mean over the exposure and the picture at its middle moment."""
    height, width = linear.shape[:2]
    longest = max(p.length_px(height, width) for p in (path, *(it.path for it in layers)))
    if sample_count is None:
        sample_count = int(np.clip(np.ceil(longest * 0.8), 7, 48))
    sample_count += 1 - sample_count % 2  # odd: the middle moment is one of them
    total = np.zeros_like(linear)
    middle = linear
    for moment in np.linspace(-1, 1, sample_count):
        seen = linear if moment == 0 else _warp(linear, path.at(moment, height, width))
        for layer in layers:
            rgba = layer.rgba
            if moment != 0:
                rgba = _warp(rgba, layer.path.at(moment, height, width), cv2.BORDER_CONSTANT)
            seen = seen * (1 - rgba[..., 3:]) + rgba[..., :3]
        if moment == 0:
            middle = seen
        total += seen
    return total / np.float32(sample_count), middle


def _warp(
    pixels: np.ndarray, matrix: np.ndarray, border: int = cv2.BORDER_REFLECT_101
) -> np.ndarray:
    """`pixels` moved by an affine (2, 3) `matrix`, bilinear."""
    height, width = pixels.shape[:2]
    return cv2.warpAffine(
        pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border
    )


def _random_layer(
    thing: np.ndarray,
    camera: CameraPath,
    size: tuple[int, int],
    gamma: float,
    gain: float,
    rng: np.random.Generator,
) -> _Layer:
    """A random blob of `thing`, moving with the camera and on a path of its own."""
    height, width = size
    scale = max(height / thing.shape[0], width / thing.shape[1]) * rng.uniform(1.0, 1.4)
    scale = min(scale, 2.0)
    resized = cv2.resize(thing, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    resized = cv2.copyMakeBorder(
        resized,
        0,
        max(0, height - resized.shape[0]),
        0,
        max(0, width - resized.shape[1]),
        cv2.BORDER_REFLECT,
    )
    top = int(rng.integers(resized.shape[0] - height + 1))
    left = int(rng.integers(resized.shape[1] - width + 1))
    linear = _to_linear(resized[top : top + height, left : left + width], gamma) * np.float32(gain)
    coverage = _random_blob(height, width, rng)[..., None]
    own = random_camera_path(
        rng,
        length_px=float(np.clip(rng.gamma(1.6, 9.0), 0.5, 50)),
        size_px=min(height, width),
    )
    parallax = camera.scaled(float(rng.uniform(0.0, 1.5)))
    path = CameraPath(
        own.shift * 0.7 + parallax.shift,
        own.bend + parallax.bend,
        own.linear + parallax.linear,
        own.acceleration,
    )
    return _Layer(np.concatenate([linear * coverage, coverage], axis=2), path)


def _random_blob(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Coverage 0..1 of a random shape: a thresholded smooth field, edge 1 to 2 px wide."""
    cells = int(rng.integers(3, 7))
    field = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    field = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    threshold = np.quantile(field, rng.uniform(0.6, 0.9))
    hard = (field > threshold).astype(np.float32)
    return cv2.GaussianBlur(hard, (0, 0), float(rng.uniform(0.5, 1.0)))


def _defocus(linear: np.ndarray, radius_px: float) -> np.ndarray:
    """`linear` through a lens out of focus: the mean over a disc."""
    reach = int(np.ceil(radius_px))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius_px + 0.5 - np.hypot(rows, columns), 0, 1)
    return cv2.filter2D(linear, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT_101)


def _degrade(blurry: np.ndarray, rng: np.random.Generator, options: BlurOptions) -> np.ndarray:
    """Noise, then JPEG, each in its share of pairs; 0..255 float in and out."""
    if rng.random() < options.noise_share:
        deviation = rng.uniform(0, options.maximum_noise)
        noise = rng.standard_normal(blurry.shape, dtype=np.float32)
        blurry = blurry + noise * np.float32(deviation)
    if rng.random() < options.jpeg_share:
        quality = int(rng.integers(60, 98))
        _, encoded = cv2.imencode(".jpg", _to_bytes(blurry), [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        blurry = np.asarray(decoded, np.float32)
    return blurry


def _to_linear(pixels: np.ndarray, gamma: float) -> np.ndarray:
    """Grey levels 0..255 to light 0..1, float32."""
    table = (np.arange(256) / 255) ** gamma
    return table.astype(np.float32)[pixels]


def _from_linear(light: np.ndarray, gamma: float) -> np.ndarray:
    """Light to grey levels 0..255, float32; what is brighter than 1 clips."""
    clipped = np.clip(light, 0, 1)
    return 255 * clipped if gamma == 1 else 255 * np.power(clipped, np.float32(1 / gamma))


def _to_bytes(grey_levels: np.ndarray) -> np.ndarray:
    """0..255 float to uint8, rounded and clipped."""
    return np.clip(np.rint(grey_levels), 0, 255).astype(np.uint8)
