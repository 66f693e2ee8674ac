"""What kinds of blur are made, and how often each: the options of synthesis."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from unblur.config import Options


class BlurOptions(Options):
    """What kinds of blur are made, and how often each.

    Shares are of all pairs unless they say otherwise; where those of kinds that exclude
    one another come to more than 1, what is declared first counts. Pairs of plain line
    kernels get neither things in front nor noise nor compression.
    """

    mean_path_px: float = Field(default=19.0, gt=0)
    """Mean length of a camera path, in pixels (gamma-distributed, shape 1.6); the blur of REDS 020
    is 5 to 61 long (docs/decisions/blur-synthesis.md)."""
    maximum_path_px: float = Field(default=64.0, gt=0)
    """No path is longer."""
    grey_average_share: float = Field(default=0.3, ge=0, le=1)
    """Pairs averaged in grey levels (a gamma of 1), as the GoPro data set is, not in light."""
    lowest_gamma: float = Field(default=1.8, ge=1)
    """Of the others: grey levels are light to the power of 1 / gamma ..."""
    highest_gamma: float = Field(default=3.6, ge=1)
    """... evenly up to here; REDS is like 2.2 to 3.5 (docs/decisions/blur-synthesis.md)."""
    straight_share: float = Field(default=0.25, ge=0, le=1)
    """Moved pairs with plain line kernels of uniform length, the start of the curriculum."""
    sharp_share: float = Field(default=0.06, ge=0, le=1)
    """Pairs that are not blurred at all, so that sharp pictures are left alone."""
    defocus_share: float = Field(default=0.03, ge=0, le=1)
    """Pairs out of focus (a disc of 1 to 4 px radius) instead of moved."""
    uneven_share: float = Field(default=0.25, ge=0, le=1)
    """Moved pairs whose blur differs much over the crop, as when a camera rolls or rushes ahead; in
    the others it is nearly even, as most is (docs/decisions/blur-synthesis.md)."""
    layer_share: float = Field(default=0.45, ge=0, le=1)
    """Moved pairs with one or two things in front that move on paths of their own."""
    highlight_share: float = Field(default=0.25, ge=0, le=1)
    """Pairs brightened by 1.1 to 1.8 before the exposure, so that lights clip."""
    lights_share: float = Field(default=0.04, ge=0, le=1)
    """Pairs at night: darkened, with lamps far brighter than white that leave clipped streaks."""
    rolling_shutter_share: float = Field(default=0.05, ge=0, le=1)
    """Moved pairs whose rows are exposed one after the other, on paths that bend."""
    few_samples_share: float = Field(default=0.15, ge=0, le=1)
    """Moved pairs averaged from only 7 to 13 moments, as high-rate video is."""
    document_share: float = Field(default=0.03, ge=0, le=1)
    """Scenes that are drawn, not photographed: lines of text, signs, rules and boxes."""
    noise_share: float = Field(default=0.35, ge=0, le=1)
    """Pairs with Gaussian noise of up to `maximum_noise` grey levels."""
    sensor_noise_share: float = Field(default=0.08, ge=0, le=1)
    """Pairs with a sensor's noise instead: of photons and of reading, before gamma."""
    maximum_noise: float = Field(default=4.0, ge=0)
    """Standard deviation of the strongest noise, in grey levels of 255 (in mid-grey)."""
    jpeg_share: float = Field(default=0.3, ge=0, le=1)
    """Pairs whose blurry half goes through JPEG of quality `lowest_jpeg_quality` to 97."""
    lowest_jpeg_quality: int = Field(default=60, ge=1, le=97)
    """Of the worst JPEG, 1..97."""
    video_share: float = Field(default=0.05, ge=0, le=1)
    """Pairs whose blurry half is cut out of a short H.264 clip of CRF 18 to 34 instead."""

    @model_validator(mode="after")
    def _gammas_are_in_order(self) -> Self:
        if self.lowest_gamma > self.highest_gamma:
            raise ValueError(
                "lowest_gamma must not be above highest_gamma, got "
                f"{self.lowest_gamma} and {self.highest_gamma}"
            )
        return self
