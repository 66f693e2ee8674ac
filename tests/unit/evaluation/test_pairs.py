"""Scores of pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SHARED_DATA
from tests.fakes import ADDED, FakeRestorer
from tests.pictures import picture_of
from unblur.data.pair_files import find_folder_pairs
from unblur.errors import InputError
from unblur.evaluation.pairs import mean_score, score_pairs
from unblur.media.image_files import write_picture
from unblur.restoration.restorer import Restorer


def write(path: Path, level: int, width: int = 16) -> None:
    path.parent.mkdir(exist_ok=True)
    write_picture(picture_of(np.full((12, width, 3), level, np.uint8)), path)


def test_a_perfect_restorer_gains_without_end_and_harms_what_is_sharp(tmp_path: Path) -> None:
    write(tmp_path / "blurry" / "a.png", 100)
    write(tmp_path / "sharp" / "a.png", 100 + ADDED)
    (score,) = score_pairs(FakeRestorer(), tmp_path)
    assert score.name == "a"
    assert score.blurry_psnr_db == pytest.approx(10 * np.log10(255**2 / ADDED**2))
    assert score.restored_psnr_db == score.gain_db == float("inf")
    assert score.restored_ssim == 1
    assert score.sharp_kept_psnr_db == pytest.approx(score.blurry_psnr_db)


def test_the_mean_is_over_the_pairs(tmp_path: Path) -> None:
    for name, level in (("a.png", 90), ("b.png", 80)):
        write(tmp_path / "blurry" / name, level)
        write(tmp_path / "sharp" / name, 150)
    scores = list(score_pairs(FakeRestorer(), tmp_path))
    mean = mean_score(scores, "both")
    assert mean.gain_db == pytest.approx((scores[0].gain_db + scores[1].gain_db) / 2)
    assert scores[0].gain_db > scores[1].gain_db > 0


def test_missing_partners_and_unequal_sizes_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pairs; expected pictures in blurry/ and sharp/"):
        find_folder_pairs(tmp_path)
    write(tmp_path / "blurry" / "a.png", 1)
    with pytest.raises(InputError, match=r"1 pictures have no partner .*: a"):
        find_folder_pairs(tmp_path)
    write(tmp_path / "sharp" / "a.png", 1, width=17)
    with pytest.raises(InputError, match="differ in size"):
        list(score_pairs(FakeRestorer(), tmp_path))


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(("name", "least_db"), [("reds_020", 0.8), ("gopro", 1.0)])
def test_the_bundled_weights_hold_their_bars(name: str, least_db: float) -> None:
    folder = SHARED_DATA / "eval" / name
    means = {}
    for precision in ("fp32", "int8"):
        with Restorer("live", precision=precision) as restorer:
            means[precision] = mean_score(list(score_pairs(restorer, folder)), name)
    mean = means["fp32"]
    assert mean.gain_db >= least_db
    assert mean.restored_ssim > mean.blurry_ssim
    assert mean.sharp_kept_psnr_db >= 45
    assert means["int8"].gain_db >= mean.gain_db - 0.1
