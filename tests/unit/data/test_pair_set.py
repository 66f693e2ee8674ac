"""Folders of synthetic pairs."""

import csv
from pathlib import Path

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from tests.blur_tools import scene  # noqa: E402
from unblur.data.blur_synthesis import BlurPair  # noqa: E402
from unblur.data.pair_files import find_folder_pairs, read_pair  # noqa: E402
from unblur.data.pair_set import SourcedPair, check_target, write_pair_set  # noqa: E402
from unblur.errors import OutputError  # noqa: E402

pytestmark = pytest.mark.torch


def pairs(count):
    for index in range(count):
        pair = BlurPair(scene(48, index), scene(48, 100 + index), 1.5 * index, index == 1)
        yield SourcedPair(pair, f"photo {index}.jpg", None if index else 2.5)


def test_a_set_is_a_folder_of_pairs_with_a_table_and_a_contact_sheet(tmp_path):
    told = []
    target = tmp_path / "pairs"
    written = write_pair_set(
        pairs(3), target, pair_count=3, seed=7, report_progress=lambda *done: told.append(done)
    )
    assert written == 3
    assert told == [(1, 3), (2, 3), (3, 3)]
    found = find_folder_pairs(target)
    for index, files in enumerate(found):
        blurry, sharp = read_pair(files)
        assert np.array_equal(blurry, scene(48, index))
        assert np.array_equal(sharp, scene(48, 100 + index))
    rows = list(csv.reader((target / "pairs.csv").read_text().splitlines()))
    assert rows[0] == ["name", "source", "at_s", "seed", "kind", "path_px", "is_straight"]
    assert rows[1] == ["00000.png", "photo 0.jpg", "2.500", "7", "path", "0.00", "0"]
    assert rows[2] == ["00001.png", "photo 1.jpg", "", "7", "path", "1.50", "1"]
    sheet = cv2.imread(str(target / "contact_sheet.jpg"))
    assert sheet.shape == (2 * 48 + 8, 2 * (2 * 48 + 8) + 24, 3)


@pytest.mark.parametrize("ending", [KeyboardInterrupt, ValueError])
def test_whatever_stops_the_work_leaves_nothing(tmp_path, ending):
    def failing():
        yield from pairs(2)
        raise ending

    with pytest.raises(ending):
        write_pair_set(failing(), tmp_path / "pairs", pair_count=4, seed=0)
    assert not any(tmp_path.iterdir())


def test_a_set_that_is_there_is_replaced_only_when_asked(tmp_path):
    target = tmp_path / "pairs"
    write_pair_set(pairs(3), target, pair_count=3, seed=0)
    with pytest.raises(OutputError, match=r"is there already; .* replace it with --overwrite"):
        write_pair_set(pairs(1), target, pair_count=1, seed=0)
    assert len(find_folder_pairs(target)) == 3
    write_pair_set(pairs(1), target, pair_count=1, seed=0, overwrite=True)
    assert len(find_folder_pairs(target)) == 1
    assert list(tmp_path.iterdir()) == [target]


def test_a_stop_while_replacing_keeps_the_old_set(tmp_path):
    def failing():
        yield from pairs(1)
        raise KeyboardInterrupt

    target = tmp_path / "pairs"
    write_pair_set(pairs(3), target, pair_count=3, seed=0)
    with pytest.raises(KeyboardInterrupt):
        write_pair_set(failing(), target, pair_count=2, seed=0, overwrite=True)
    assert len(find_folder_pairs(target)) == 3
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_of_other_things_is_never_overwritten(tmp_path):
    (tmp_path / "letter.txt").touch()
    with pytest.raises(OutputError, match="something else than a set of pairs"):
        check_target(tmp_path, overwrite=True)


@pytest.mark.parametrize("name", ["letter.txt", "blurry/mine.png", "sharp/more/00000.png"])
def test_a_set_with_files_of_the_user_in_it_is_never_overwritten(tmp_path, name):
    target = tmp_path / "pairs"
    write_pair_set(pairs(1), target, pair_count=1, seed=0)
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).touch()
    with pytest.raises(OutputError, match=r"something else than a set of pairs, .* move that away"):
        write_pair_set(pairs(1), target, pair_count=1, seed=0, overwrite=True)
    assert (target / name).exists()


def test_what_is_put_into_a_set_while_its_successor_is_made_is_kept(tmp_path):
    target = tmp_path / "pairs"
    write_pair_set(pairs(1), target, pair_count=1, seed=0)
    (target / ".DS_Store").touch()

    def interrupted():
        yield from pairs(1)
        (target / "letter.txt").touch()

    with pytest.raises(OutputError, match=r"letter\.txt, .*; the new set is in .*-new") as told:
        write_pair_set(interrupted(), target, pair_count=1, seed=0, overwrite=True)
    assert (target / "letter.txt").exists()
    assert (Path(str(told.value).rpartition(" ")[2]) / "pairs.csv").exists()


def test_a_table_of_that_name_makes_no_set_of_pairs(tmp_path):
    (tmp_path / "pairs.csv").write_text("name,source\n00000.png,holiday\n")
    with pytest.raises(OutputError, match=r"something else than a set of pairs, .*pairs\.csv"):
        check_target(tmp_path, overwrite=True)


def test_a_missing_parent_is_named_before_the_work(tmp_path):
    with pytest.raises(OutputError, match=r"there is no folder .*missing; make it first"):
        check_target(tmp_path / "missing" / "pairs", overwrite=False)
