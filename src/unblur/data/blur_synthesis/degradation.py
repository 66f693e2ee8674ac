"""What a camera and its file do to a blurry picture: noise, JPEG, H.264.

Noise is drawn anew by each renderer (equal in distribution, from the plan's seed);
compression is the same code for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import cv2
import numpy as np

from unblur.data.blur_synthesis.options import BlurOptions
from unblur.media.compression import compress_frames


@dataclass(frozen=True, slots=True)
class Degradation:
    """What is done to the blurry half of a pair; by default nothing."""

    noise: float = 0.0
    """Standard deviation of Gaussian noise, in grey levels of 255."""
    photon_noise: float = 0.0
    """Variance of a sensor's noise per unit of light (white is 1)."""
    read_noise: float = 0.0
    """Standard deviation of a sensor's noise in the dark, in light."""
    noise_seed: int = 0
    jpeg_quality: int | None = None
    """1..100; None: no JPEG."""
    video_crf: int | None = None
    """H.264's constant rate factor, 0..51; None: no video."""
    frames_before: int = 0
    """How many frames of the short clip come before the one that is kept."""

    @property
    def is_noisy(self) -> bool:
        """Whether there is noise of either kind."""
        return max(self.noise, self.photon_noise, self.read_noise) > 0

    @property
    def is_compressed(self) -> bool:
        """Whether the picture goes through JPEG or H.264."""
        return self.jpeg_quality is not None or self.video_crf is not None


def draw_degradation(rng: np.random.Generator, options: BlurOptions) -> Degradation:
    """Noise of one kind or none, then compression of one kind or none, in their shares."""
    noise = photon_noise = read_noise = 0.0
    drawn = rng.random()
    if drawn < options.noise_share:
        noise = float(rng.uniform(0, options.maximum_noise))
    elif drawn < options.noise_share + options.sensor_noise_share:
        photon_noise, read_noise = _draw_sensor_noise(rng, options.maximum_noise)
    quality = crf = None
    drawn = rng.random()
    if drawn < options.jpeg_share:
        quality = int(rng.integers(options.lowest_jpeg_quality, 98))
    elif drawn < options.jpeg_share + options.video_share:
        crf = int(rng.integers(18, 35))
    return Degradation(
        noise=noise,
        photon_noise=photon_noise,
        read_noise=read_noise,
        noise_seed=int(rng.integers(2**31)),
        jpeg_quality=quality,
        video_crf=crf,
        frames_before=int(rng.integers(3)) if crf is not None else 0,
    )


def _draw_sensor_noise(rng: np.random.Generator, maximum_noise: float) -> tuple[float, float]:
    """Photon and read noise that come to at most `maximum_noise` grey levels in mid-grey.

    Mid-grey (0.5 of the grey levels) is a light of 0.22 under a gamma of 2.2, where a
    grey level is 0.0038 of light.
    """
    deviation = rng.uniform(0, maximum_noise) * 0.0038
    photon_noise = deviation**2 / 0.22
    return float(photon_noise), float(deviation * rng.uniform(0.02, 0.3))


def to_grey_levels(
    light: np.ndarray, gamma: float, degradation: Degradation | None = None
) -> np.ndarray:
    """Light (white is 1, any shape) as 8-bit grey levels, with the noise of `degradation`.

    What is brighter than white clips, as a sensor does; sensor noise comes before gamma,
    Gaussian noise after it.
    """
    plan = degradation or Degradation()
    if plan.is_noisy:
        return _noisy_grey_levels(light, gamma, plan)
    grey = light if gamma == 1 else cv2.pow(light, 1 / gamma)
    return cv2.convertScaleAbs(grey, alpha=255)


def _noisy_grey_levels(light: np.ndarray, gamma: float, plan: Degradation) -> np.ndarray:
    """`light` as grey levels with the noise of `plan`."""
    noise = _standard_normal(plan.noise_seed, light.shape)
    if plan.photon_noise or plan.read_noise:
        variance = np.float32(plan.photon_noise) * light + np.float32(plan.read_noise**2)
        light = np.maximum(light + np.sqrt(variance) * noise, 0)
    light = np.minimum(light, 1)
    grey = 255 * (light if gamma == 1 else cv2.pow(light, 1 / gamma))
    if plan.noise:
        grey = grey + np.float32(plan.noise) * noise
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def _standard_normal(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Normal float32 numbers, looked up by random 16 bits: five times as fast as computed."""
    bits = np.random.Generator(np.random.SFC64(seed)).integers(0, 2**16, shape, np.uint16)
    return np.take(_normal_quantiles(), bits)


@cache
def _normal_quantiles() -> np.ndarray:
    """The normal distribution at the middles of 65,536 equally likely parts, float32."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse((index + 0.5) / 2**16) for index in range(2**16)], np.float32)


def compress(blurry: np.ndarray, plan: Degradation, shift: np.ndarray) -> np.ndarray:
    """`blurry`, (H, W, 3) uint8 RGB, after the JPEG or the H.264 of `plan`.

    `shift` (2,) is how far the picture moved from each frame to the next, in pixels.
    """
    if plan.jpeg_quality is not None:
        quality = [cv2.IMWRITE_JPEG_QUALITY, plan.jpeg_quality]
        _, encoded = cv2.imencode(".jpg", cv2.cvtColor(blurry, cv2.COLOR_RGB2BGR), quality)
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)
    if plan.video_crf is None:
        return blurry
    before = range(plan.frames_before, 0, -1)
    frames = [_shifted(blurry, -shift * index) for index in before]
    return compress_frames([*frames, blurry], plan.video_crf)[-1]


def _shifted(pixels: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """`pixels` moved by `shift` (x, y); the borders are mirrored."""
    matrix = np.column_stack([np.eye(2), shift])
    height, width = pixels.shape[:2]
    return cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
