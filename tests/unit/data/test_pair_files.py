"""Folders of pairs: any names for the two, scenes as folders, and what is missing named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pair_trees import write_files
from unblur.data.pair_files import FOLDER_NAMES, PairFiles, find_folder_pairs, find_pictures
from unblur.errors import InputError


@pytest.mark.parametrize("names", FOLDER_NAMES)
def test_pairs_are_those_of_the_same_name_whatever_the_ending(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    blurry, sharp = (tmp_path / name for name in names)
    write_files(blurry, ["b.jpg", "a.png"])
    write_files(sharp, ["a.webp", "b.png"])
    assert find_folder_pairs(tmp_path) == [
        PairFiles("a", blurry / "a.png", sharp / "a.webp"),
        PairFiles("b", blurry / "b.jpg", sharp / "b.png"),
    ]


def test_folders_inside_are_scenes(tmp_path: Path) -> None:
    for part in ("blurry", "sharp"):
        write_files(tmp_path / part, ["a.png", "park/a.png", "street/a.png"])
    pairs = find_folder_pairs(tmp_path)
    assert [(pair.name, pair.scene) for pair in pairs] == [
        ("a", ""),
        ("park/a", "park"),
        ("street/a", "street"),
    ]


def test_a_table_says_what_pairs_are_of(tmp_path: Path) -> None:
    for part in ("blurry", "sharp"):
        write_files(tmp_path / part, ["0.png", "1.png", "2.png"])
    table = tmp_path / "pairs.csv"
    table.write_text("name,source,seed\n0.png,beach.jpg,4\n1.png,street.mp4,4\n2.png\n")
    scenes = [pair.scene for pair in find_folder_pairs(tmp_path)]
    assert scenes == ["beach.jpg", "street.mp4", ""]
    table.write_text("name,source\n0.png,beach.jpg\n", encoding="utf-8-sig")  # as Excel writes it
    assert find_folder_pairs(tmp_path)[0].scene == "beach.jpg"
    table.write_text("photo;weather\n0;rain\n")
    assert {pair.scene for pair in find_folder_pairs(tmp_path)} == {""}
    table.write_bytes(b"name,source\n\xff,x\n")
    with pytest.raises(InputError, match=r"cannot read .*pairs\.csv"):
        find_folder_pairs(tmp_path)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "holds no pairs; expected pictures in blurry/ and sharp/"),
        (["blurry/notes.txt", "sharp/notes.txt"], "holds no pairs"),
        (["blurry/a.png", "sharp/notes.txt"], r"blurry: 1 pictures have no partner in .*sharp: a;"),
        (
            ["blurry/a.png", "sharp/a.png", "sharp/b.png"],
            "sharp: 1 pictures have no partner in .*blurry: b;",
        ),
        (["blurry/x/a.png", "sharp/y/a.png"], "no partner in .*sharp/x, which is not there: a;"),
        (["blurry/a.png", "blurry/a.jpg", "sharp/a.png"], "holds both a.jpg and a.png; keep one"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, files: list[str], sentence: str) -> None:
    write_files(tmp_path, files)
    with pytest.raises(InputError, match=sentence):
        find_folder_pairs(tmp_path)


def test_many_missing_partners_are_counted_and_some_named(tmp_path: Path) -> None:
    write_files(tmp_path / "blurry", [f"{index}.png" for index in range(8)])
    write_files(tmp_path / "sharp", ["7.png"])
    with pytest.raises(InputError, match=r"7 pictures have .*: 0, 1, 2, 3, 4, \.\.\.;"):
        find_folder_pairs(tmp_path)


def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=r"cannot read the folder .*: Permission denied"):
        find_pictures(tmp_path)


def test_hidden_files_are_no_pictures(tmp_path: Path) -> None:
    write_files(tmp_path, [".a.png", "b.PNG"])
    assert list(find_pictures(tmp_path)) == ["b"]
