"""Scores of pictures: by hand, and when things go wrong."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SHARED_DATA
from tests.evaluation_tools import write_level
from tests.fakes import ADDED, FakeRestorer
from unblur.errors import ComputationError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.picture_sets import open_picture_set
from unblur.evaluation.quality import (
    BLURRY,
    Look,
    MoreMetrics,
    PictureScore,
    QualityRun,
    mean_scores,
)
from unblur.evaluation.quality_record import QualityRequest, measure_quality

FAKE = Candidate("fake", FakeRestorer().restore, "fake", "fp32")
PSNR_OF_ADDED = 10 * np.log10(255**2 / ADDED**2)


def score_folder(folder: Path, *candidates: Candidate) -> tuple[list[PictureScore], list[str]]:
    run = QualityRun(candidates or [FAKE])
    return list(run.score(open_picture_set("mine", folder))), run.faults


def test_a_perfect_restorer_gains_without_end_and_harms_what_is_sharp(tmp_path: Path) -> None:
    write_level(tmp_path / "blurry" / "a.png", 100)
    write_level(tmp_path / "sharp" / "a.png", 100 + ADDED)
    (blurry, restored), faults = score_folder(tmp_path)
    assert (blurry.model, blurry.picture) == (BLURRY, "a")
    assert blurry.psnr_db == pytest.approx(PSNR_OF_ADDED)
    assert restored.psnr_db == restored.gain_db == float("inf")
    assert restored.ssim == 1
    assert restored.sharp_kept_psnr_db == pytest.approx(PSNR_OF_ADDED)
    assert restored.seconds is not None
    assert restored.seconds > 0
    assert faults == []


def test_means_are_over_what_succeeded_and_failures_are_counted(tmp_path: Path) -> None:
    for name, level in (("a", 60), ("b", 80), ("c", 100)):
        write_level(tmp_path / "blurry" / f"{name}.png", level)
        write_level(tmp_path / "sharp" / f"{name}.png", 160)

    def restore(pixels: np.ndarray) -> np.ndarray:
        if pixels[0, 0, 0] == 80:
            raise ComputationError("moody does not like it")
        return FakeRestorer().restore(pixels)

    scores, faults = score_folder(tmp_path, Candidate("moody", restore), FAKE)
    blurry, moody, fake = mean_scores(scores)
    assert (blurry.picture_count, moody.picture_count, moody.failed_count) == (3, 2, 1)
    assert faults == ["mine: b: moody does not like it"]
    assert fake.failed_count == 0
    gains = {level: 20 * np.log10((160 - level) / (160 - level - ADDED)) for level in (60, 80, 100)}
    assert moody.gain_db == pytest.approx((gains[60] + gains[100]) / 2)
    assert fake.gain_db == pytest.approx(sum(gains.values()) / 3)


def test_a_pair_that_cannot_be_used_is_named_and_the_rest_measured(tmp_path: Path) -> None:
    for name, width in (("a", 16), ("b", 17)):
        write_level(tmp_path / "blurry" / f"{name}.png", 100, width)
        write_level(tmp_path / "sharp" / f"{name}.png", 110)
    (tmp_path / "blurry" / "c.png").write_bytes(b"rubbish")
    write_level(tmp_path / "sharp" / "c.png", 110)
    for part in ("blurry", "sharp"):
        write_level(tmp_path / part / "d.png", 100, 6, 6)
    scores, faults = score_folder(tmp_path)
    assert {score.picture for score in scores} == {"a"}
    assert len(faults) == 3
    assert "differ in size" in faults[0]
    assert "c.png" in faults[1]
    assert faults[2].startswith("mine: d: SSIM needs two pictures of one size, at least 7x7")


def test_pictures_without_sharp_ones_get_niqe_alone(tmp_path: Path) -> None:
    write_level(tmp_path / "small.png", 100)
    rng = np.random.default_rng(1)
    from tests.pictures import picture_of
    from unblur.media.image_files import write_picture

    large = rng.integers(0, 200, (96, 192, 3), np.uint8)
    write_picture(picture_of(large), tmp_path / "large.png")
    scores, faults = score_folder(tmp_path)
    assert [score.niqe is None for score in scores] == [False, False, True, True]
    assert {score.psnr_db for score in scores} == {None}
    assert faults == [
        "mine: small: NIQE needs at least two blocks of 96x96 pixels, got a picture of 16x12"
    ]


def test_more_metrics_and_the_pictures_are_handed_out(tmp_path: Path) -> None:
    write_level(tmp_path / "blurry" / "a.png", 100, 192, 96)
    write_level(tmp_path / "sharp" / "a.png", 110, 192, 96)
    looks: list[Look] = []
    metrics = MoreMetrics(lpips=lambda one, two: float(one.mean() - two.mean()))
    run = QualityRun([FAKE], metrics, looks.append)
    blurry, restored = run.score(open_picture_set("mine", tmp_path))
    assert (blurry.lpips, restored.lpips) == (-10, ADDED - 10)
    (look,) = looks
    assert (look.blurry.mean(), look.restored.mean()) == (100, 100 + ADDED)


def test_progress_is_told_and_a_record_made(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_level(tmp_path / "blurry" / f"{name}.png", 100)
        write_level(tmp_path / "sharp" / f"{name}.png", 110)
    told: list[tuple[int, int | None]] = []
    request = QualityRequest(
        [open_picture_set("mine", tmp_path)],
        [FAKE],
        "unblur evaluate",
        report=lambda done, total: told.append((done, total)),
    )
    record = measure_quality(request)
    assert told == [(1, 2), (1, 2), (2, 2), (2, 2)]
    assert [row["model"] for row in record.rows] == [BLURRY, "fake"]
    assert len(record.each) == 4


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("model", "name", "least_db"),
    [
        ("live", "reds_020", 2.1),
        ("live", "gopro", 2.9),
        ("live_fast", "reds_020", 2.1),
        ("live_fast", "gopro", 2.1),
        ("live_large", "reds_020", 2.2),
        ("live_large", "gopro", 3.0),
        ("mobilenet", "reds_020", 1.2),
        ("mobilenet", "gopro", 1.2),
        ("mobilenet_dsc", "reds_020", 1.1),
        ("mobilenet_dsc", "gopro", 1.3),
    ],
)
def test_the_bundled_weights_hold_their_bars(model: str, name: str, least_db: float) -> None:
    found = open_picture_set(name, SHARED_DATA / "eval" / name)
    exact, coarse = (Candidate.of_model(model, precision=it) for it in ("fp32", "int8"))
    run = QualityRun([exact, coarse])
    blurry, fp32, int8 = mean_scores(list(run.score(found)))
    assert run.faults == []
    assert fp32.gain_db >= least_db
    assert fp32.ssim > blurry.ssim
    assert min(fp32.sharp_kept_psnr_db, int8.sharp_kept_psnr_db) >= 49.24
    assert int8.gain_db >= fp32.gain_db - 0.1


@pytest.mark.shared
@pytest.mark.slow
def test_the_perceptual_weights_look_sharper_and_keep_sharp_pictures() -> None:
    found = open_picture_set("gopro", SHARED_DATA / "eval" / "gopro")
    names = ("mobilenet", "mobilenet_perceptual")
    metrics = MoreMetrics(None, has_niqe=True, has_artefacts=True)
    run = QualityRun([Candidate.of_model(name) for name in names], metrics)
    _, usual, perceptual = mean_scores(list(run.score(found)))
    assert perceptual.niqe < usual.niqe - 0.8
    assert perceptual.gain_db > 1.8
    assert perceptual.sharp_kept_psnr_db >= 49.24
    assert perceptual.grid_pattern < usual.grid_pattern + 0.05


def test_gains_that_are_infinite_both_ways_have_no_mean() -> None:
    """A picture restored to the last bit, and one that was sharp and is no more."""
    scores = [PictureScore("mine", "live", "a", gain_db=it) for it in (math.inf, -math.inf)]
    (mean,) = mean_scores(scores)
    assert mean.gain_db is None
    assert mean.least_gain_db == -math.inf


def test_pairs_of_two_equal_pictures_are_left_out_of_psnr_and_gain_and_counted(
    tmp_path: Path,
) -> None:
    for name, level in (("a", 60), ("b", 80), ("equal", 160)):
        write_level(tmp_path / "blurry" / f"{name}.png", level)
        write_level(tmp_path / "sharp" / f"{name}.png", 160)
    keeping = Candidate("keeping", lambda pixels: pixels, "fake", "fp32")
    scores, faults = score_folder(tmp_path, FAKE, keeping)
    blurry, fake, kept = mean_scores(scores)
    before = [20 * np.log10(255 / (160 - level)) for level in (60, 80)]
    gains = [20 * np.log10((160 - level) / (160 - level - ADDED)) for level in (60, 80)]
    assert blurry.psnr_db == kept.psnr_db == pytest.approx(sum(before) / 2)
    assert (blurry.gain_db, kept.gain_db) == (None, 0)
    assert fake.gain_db == pytest.approx(sum(gains) / 2)
    assert fake.psnr_db == pytest.approx(blurry.psnr_db + fake.gain_db)
    assert fake.least_gain_db == pytest.approx(min(gains))
    assert fake.sharp_kept_psnr_db == pytest.approx(PSNR_OF_ADDED)
    assert fake.ssim == pytest.approx(np.mean([it.ssim for it in scores if it.model == "fake"]))
    assert {(it.picture_count, it.equal_count) for it in (blurry, fake, kept)} == {(3, 1)}
    assert faults == [
        "mine: 1 of 3 pairs are two equal pictures, left out of the mean PSNR and gain"
    ]


def test_a_mean_is_over_what_is_finite() -> None:
    figures = (math.inf, 50.0, 40.0)
    scores = [PictureScore("mine", "live", "a", sharp_kept_psnr_db=it) for it in figures]
    assert mean_scores(scores)[0].sharp_kept_psnr_db == 45
    assert mean_scores(scores[:1])[0].sharp_kept_psnr_db == math.inf
