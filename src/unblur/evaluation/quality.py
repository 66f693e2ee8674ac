"""How near to sharp each candidate brings each picture, and how long it takes.

Candidates take turns on every picture, so that a machine that slows down slows all of
them. What fails is named in its row, and does not stop the rest.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median

from unblur.errors import MissingExtraError, UnblurError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.picture_sets import PictureSet, Sample
from unblur.images.arrays import Pixels
from unblur.metrics.artefacts import GRID_PX, colour_shift, grid_pattern, overshoot
from unblur.metrics.niqe import natural_image_quality
from unblur.metrics.psnr import peak_signal_noise_ratio, psnr_gain
from unblur.metrics.ssim import structural_similarity

BLURRY = "blurry input"
"""The name of the row that no model made."""


@dataclass(frozen=True, slots=True)
class PictureScore:
    """What one candidate made of one picture; None where a figure cannot be had."""

    data: str
    model: str
    picture: str
    runtime: str = ""
    precision: str = ""
    psnr_db: float | None = None
    ssim: float | None = None
    lpips: float | None = None
    niqe: float | None = None
    gain_db: float | None = None
    """PSNR of the restored picture less that of the blurry one."""
    sharp_kept_psnr_db: float | None = None
    """PSNR of the restored *sharp* picture against itself: how little harm is done."""
    sharp_kept_ssim: float | None = None
    ssim_gain: float | None = None
    """SSIM of the restored picture less that of the blurry one; it and the next four on request."""
    colour_shift: float | None = None
    """Of the picture against the sharp one: see `metrics.artefacts`, as for the next three."""
    sharp_kept_colour_shift: float | None = None
    overshoot: float | None = None
    grid_pattern: float | None = None
    """Of what was added to the blurry picture."""
    seconds: float | None = None
    """For restoring the blurry picture once more after the first of its size, in memory."""
    error: str = ""


FIGURES = (
    *("psnr_db", "ssim", "lpips", "niqe", "gain_db"),
    *("sharp_kept_psnr_db", "sharp_kept_ssim"),
    *("colour_shift", "sharp_kept_colour_shift", "overshoot", "grid_pattern"),
)
"""The fields of a score of which the mean is taken."""
_BETWEEN_UNEQUAL = {"psnr_db", "gain_db"}
"""Those that say nothing of a pair of two equal pictures."""


@dataclass(frozen=True, slots=True)
class MoreMetrics:
    """What is measured beside PSNR and SSIM."""

    lpips: Callable[[Pixels, Pixels], float] | None = None
    has_niqe: bool = False
    """For all pictures; without it only for those that have no sharp version."""
    has_artefacts: bool = False
    """Colour shift, overshoot, grid pattern, and how much SSIM falls at worst."""


@dataclass(frozen=True, slots=True)
class Look:
    """A picture as it came, as a candidate restored it, and as it should be."""

    score: PictureScore
    blurry: Pixels
    restored: Pixels
    sharp: Pixels | None


Show = Callable[[Look], None]
"""Is called with every restored picture."""


@dataclass(slots=True)
class QualityRun:
    """Measures candidates on sets; `faults` grows with what went wrong."""

    candidates: Sequence[Candidate]
    metrics: MoreMetrics = field(default_factory=MoreMetrics)
    show: Show = lambda _: None
    faults: list[str] = field(default_factory=list[str])
    _warmed_up: set[tuple[str, ...]] = field(default_factory=set[tuple[str, ...]])

    def score(self, picture_set: PictureSet) -> Iterator[PictureScore]:
        """A score of the blurry input and of each candidate for every readable picture.

        Raises MissingExtraError when a metric's library is not installed.
        """
        self._note(*picture_set.faults)
        equal_count = 0
        for sample in picture_set.samples:
            try:
                blurry, sharp = sample.read()
                blank = PictureScore(picture_set.name, BLURRY, sample.name)
                before = self._compare(blank, sample, blurry, sharp)
            except MissingExtraError:
                raise
            except UnblurError as error:
                self._note(f"{picture_set.name}: {sample.name}: {error}")
                continue
            equal_count += before.psnr_db == math.inf
            yield before
            yield from self._score_candidates(before, sample, blurry, sharp)
        if equal_count:
            self._note(
                f"{picture_set.name}: {equal_count} of {len(picture_set.samples)} pairs are two "
                "equal pictures, left out of the mean PSNR and gain"
            )

    def _score_candidates(
        self, before: PictureScore, sample: Sample, blurry: Pixels, sharp: Pixels | None
    ) -> Iterator[PictureScore]:
        """Each candidate's score; `before` is that of the blurry input."""
        for candidate in self.candidates:
            blank = PictureScore(
                *(before.data, candidate.name, before.picture),
                *(candidate.runtime, candidate.precision),
            )
            try:
                look = self._restore(candidate, blank, sample, blurry, sharp)
            except UnblurError as error:
                prefix = "" if candidate.name in str(error) else f"{candidate.name}: "
                self._note(f"{before.data}: {before.picture}: {prefix}{error}")
                yield replace(blank, error=str(error))
                continue
            if look.score.psnr_db is not None and before.psnr_db is not None:
                gain_db = psnr_gain(look.score.psnr_db, before.psnr_db)
                look = replace(look, score=replace(look.score, gain_db=gain_db))
            if self.metrics.has_artefacts and sharp is not None:
                look = replace(look, score=_with_artefacts(look, before))
            self.show(look)
            yield look.score

    def _restore(
        self,
        candidate: Candidate,
        blank: PictureScore,
        sample: Sample,
        blurry: Pixels,
        sharp: Pixels | None,
    ) -> Look:
        """What a candidate makes of a picture, scored but for its gain."""
        self._warm_up(candidate, blurry)
        started = time.perf_counter()
        restored = candidate.restore(blurry)
        seconds = time.perf_counter() - started
        score = replace(self._compare(blank, sample, restored, sharp), seconds=seconds)
        if sharp is not None:
            kept = candidate.restore(sharp)
            score = replace(
                score,
                sharp_kept_psnr_db=peak_signal_noise_ratio(kept, sharp),
                sharp_kept_ssim=structural_similarity(kept, sharp),
                sharp_kept_colour_shift=(
                    colour_shift(kept, sharp) if self.metrics.has_artefacts else None
                ),
            )
        return Look(score, blurry, restored, sharp)

    def _warm_up(self, candidate: Candidate, pixels: Pixels) -> None:
        """Restore once untimed: a runtime prepares itself for each new size of picture."""
        key = (candidate.name, candidate.precision, *map(str, pixels.shape))
        if candidate.runtime != "command" and key not in self._warmed_up:
            self._warmed_up.add(key)
            candidate.restore(pixels)

    def _compare(
        self, score: PictureScore, sample: Sample, pixels: Pixels, sharp: Pixels | None
    ) -> PictureScore:
        """`score` with what can be said of `pixels`."""
        if sharp is not None:
            lpips = self.metrics.lpips
            score = replace(
                score,
                psnr_db=sample.psnr_db(pixels, sharp),
                ssim=structural_similarity(pixels, sharp),
                lpips=None if lpips is None else lpips(pixels, sharp),
            )
            if self.metrics.has_artefacts:
                shift, over = colour_shift(pixels, sharp), overshoot(pixels, sharp)
                score = replace(score, colour_shift=shift, overshoot=over)
        if sharp is None or self.metrics.has_niqe:
            score = replace(score, niqe=self._niqe(score, pixels))
        return score

    def _niqe(self, score: PictureScore, pixels: Pixels) -> float | None:
        """NIQE; None, with a fault, for a picture that is too small."""
        try:
            return natural_image_quality(pixels)
        except UnblurError as error:
            self._note(f"{score.data}: {score.picture}: {error}")
            return None

    def _note(self, *sentences: str) -> None:
        self.faults += [each for each in sentences if each not in self.faults]


@dataclass(frozen=True, slots=True)
class MeanScore:
    """The means of a candidate over a set, and the median of its times."""

    data: str
    model: str
    runtime: str
    precision: str
    picture_count: int
    """Pictures the means are over."""
    failed_count: int
    psnr_db: float | None = None
    ssim: float | None = None
    lpips: float | None = None
    niqe: float | None = None
    gain_db: float | None = None
    sharp_kept_psnr_db: float | None = None
    sharp_kept_ssim: float | None = None
    colour_shift: float | None = None
    sharp_kept_colour_shift: float | None = None
    overshoot: float | None = None
    grid_pattern: float | None = None
    least_gain_db: float | None = None
    """Of the picture that gained least, or lost most; so is the next."""
    least_ssim_gain: float | None = None
    median_s: float | None = None
    equal_count: int = 0
    """Pairs of two equal pictures, whose PSNR is infinite: PSNR and gain are without them."""


def mean_scores(scores: Sequence[PictureScore]) -> list[MeanScore]:
    """One row for each candidate on each set, in the order of their first scores.

    The gain is over the blurry versions of the very pictures that a candidate restored. Where a
    figure is finite for some pictures, its mean and least are over those.
    """
    equal = {
        (score.data, score.picture)
        for score in scores
        if score.model == BLURRY and score.psnr_db == math.inf
    }
    groups: dict[tuple[str, str, str, str], list[PictureScore]] = {}
    for score in scores:
        key = (score.data, score.model, score.runtime, score.precision)
        groups.setdefault(key, []).append(score)
    return [_mean_of(key, group, equal) for key, group in groups.items()]


def _mean_of(
    key: tuple[str, str, str, str], group: Sequence[PictureScore], equal: Container[tuple[str, str]]
) -> MeanScore:
    """The means of `group`; `equal` are the data and picture of pairs of two equal pictures."""
    good = [score for score in group if not score.error]
    unequal = [score for score in good if (score.data, score.picture) not in equal]
    times = [score.seconds for score in good if score.seconds is not None]
    means: dict[str, float | None] = {}
    for figure in FIGURES:
        counted = unequal if figure in _BETWEEN_UNEQUAL else good
        values = _finite(getattr(score, figure) for score in counted)
        has_no_mean = not values or {math.inf, -math.inf} <= set(values)
        means[figure] = None if has_no_mean else fmean(values)
    return MeanScore(
        *key,
        picture_count=len(good),
        failed_count=len(group) - len(good),
        equal_count=len(good) - len(unequal),
        median_s=median(times) if times else None,
        least_gain_db=min(_finite(score.gain_db for score in unequal), default=None),
        least_ssim_gain=min(_finite(score.ssim_gain for score in good), default=None),
        **means,
    )


def _finite(values: Iterable[float | None]) -> list[float]:
    """The finite ones; the infinite ones where there are no others."""
    there = [value for value in values if value is not None]
    return [value for value in there if math.isfinite(value)] or there


def _with_artefacts(look: Look, before: PictureScore) -> PictureScore:
    """The score of a look with what the restoration added; `before` is that of the blurry one."""
    after, earlier = look.score.ssim, before.ssim
    has_cells = min(look.blurry.shape[:2]) >= GRID_PX
    return replace(
        look.score,
        ssim_gain=None if after is None or earlier is None else after - earlier,
        grid_pattern=grid_pattern(look.restored, look.blurry) if has_cells else None,
    )
