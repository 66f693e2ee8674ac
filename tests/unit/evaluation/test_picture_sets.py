"""Finding what to measure on, and naming what is missing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation_tools import write_level
from tests.pair_trees import sharp_pixels
from unblur.errors import InputError
from unblur.evaluation.picture_sets import check_not_all_empty, open_data, open_picture_set


def test_missing_partners_are_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    for name in ("blurry/a.png", "blurry/b.png", "sharp/b.png", "sharp/c.png"):
        write_level(tmp_path / name, 1)
    found = open_picture_set("mine", tmp_path)
    assert [sample.name for sample in found.samples] == ["b"]
    assert found.faults == (
        f"{tmp_path / 'sharp'} lacks the partners of 1 pictures, left out here: a",
        f"{tmp_path / 'blurry'} lacks the partners of 1 pictures, left out here: c",
    )


@pytest.mark.parametrize("part", ["blurry", "."])
def test_pictures_without_sharp_ones_are_taken_alone(part: str, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_level(tmp_path / part / name, 1)
    found = open_picture_set("mine", tmp_path)
    assert [(sample.name, sample.sharp) for sample in found.samples] == [("a", None), ("b", None)]
    assert found.faults == ()
    assert len(open_picture_set("mine", tmp_path, limit=1).samples) == 1


def test_an_empty_set_is_a_fault_and_only_empty_sets_are_an_error(tmp_path: Path) -> None:
    write_level(tmp_path / "full" / "a.png", 1)
    empty, full = (open_picture_set(name, tmp_path / name) for name in ("empty", "full"))
    assert "empty holds no pairs; expected pictures in blurry/ and sharp/" in empty.faults[0]
    check_not_all_empty([empty, full])
    with pytest.raises(InputError, match="empty holds no pairs"):
        check_not_all_empty([empty])


def test_the_test_part_of_a_published_data_set_is_found(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for kind in ("blur", "sharp"):
            write_level(tmp_path / part / "GOPR0384_11_00" / kind / "000001.png", 1)
    found = open_data("gopro", tmp_path)
    (sample,) = found.samples
    assert "test" in sample.blurry.parts
    assert found.faults == ()
    (fault,) = open_data("gopro", tmp_path / "missing").faults
    assert "there is no folder" in fault


def test_scenes_and_other_names_of_folders_are_read(tmp_path: Path) -> None:
    for name in ("input/street/a.png", "target/street/a.png", "input/park/b.png"):
        write_level(tmp_path / name, 1)
    found = open_data("mine", tmp_path)
    assert [sample.name for sample in found.samples] == ["street/a"]
    assert "lacks the partners of 1 pictures" in found.faults[0]


def test_pairs_of_unequal_size_are_refused(tmp_path: Path) -> None:
    write_level(tmp_path / "blurry" / "a.png", 1)
    write_level(tmp_path / "sharp" / "a.png", 1, width=17)
    (sample,) = open_picture_set("mine", tmp_path).samples
    with pytest.raises(InputError, match="differ in size"):
        sample.read()


def test_kohlers_photos_are_measured_against_the_best_frame_of_their_trajectory(
    tmp_path: Path,
) -> None:
    frames = [sharp_pixels(seed, 16, 24) for seed in range(3)]
    for number, frame in enumerate(frames, start=1):
        path = tmp_path / "Image1" / "Kernel1" / f"GroundTruth1_1_{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(frame).save(path)
    Image.fromarray(frames[0]).save(tmp_path / "Blurry1_1.png")
    (sample,) = open_data("kohler", tmp_path).samples
    _, middle = sample.read()
    assert np.array_equal(middle, frames[1])
    assert [sample.psnr_db(frame, middle) for frame in frames] == [math.inf] * 3
    assert sample.psnr_db(255 - frames[0], middle) < 20
