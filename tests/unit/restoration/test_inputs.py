"""Finding what to restore: files, folders, patterns, and names that try to trip us."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from unblur.restoration.inputs import find_files, name_target


def make(folder: Path, *names: str) -> list[Path]:
    """Empty files called `names` in `folder`, with the folders they lie in."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def names_found(*inputs: str | Path, is_recursive: bool = False) -> list[str]:
    """The names of the files that are found."""
    return [file.path.name for file in find_files(inputs, is_recursive=is_recursive).files]


def test_a_folder_gives_its_pictures_and_videos_by_name_and_not_those_further_down(
    tmp_path: Path,
) -> None:
    make(tmp_path, "b.JPG", "a.png", "c.mp4", "inner/d.jpg")
    assert names_found(tmp_path) == ["a.png", "b.JPG", "c.mp4"]


def test_a_recursive_search_reaches_every_folder(tmp_path: Path) -> None:
    make(tmp_path, "b.jpg", "inner/a.jpg", "inner/deeper/c.jpg")
    assert names_found(tmp_path, is_recursive=True) == ["b.jpg", "a.jpg", "c.jpg"]


def test_files_that_are_neither_are_counted_and_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "notes.txt", "archive.zip")
    findings = find_files([tmp_path])
    assert [file.path.name for file in findings.files] == ["a.jpg"]
    assert len(findings.others) == 2
    assert findings.refusals == []


def test_hidden_files_and_folders_are_not_touched(tmp_path: Path) -> None:
    make(tmp_path, "._a.jpg", ".unblur-1234.jpg", ".thumbnails/b.jpg", "a.jpg")
    findings = find_files([tmp_path], is_recursive=True)
    assert [file.path.name for file in findings.files] == ["a.jpg"]
    assert len(findings.others) == 0


def test_results_in_folders_are_skipped_but_named_ones_are_taken(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "a_unblurred.jpg", "a_compare.jpg")
    findings = find_files([tmp_path])
    assert [file.path.name for file in findings.files] == ["a.jpg"]
    assert len(findings.results) == 2
    assert names_found(tmp_path / "a_unblurred.jpg") == ["a_unblurred.jpg"]


def test_a_picture_called_compare_of_the_user_is_not_a_result(tmp_path: Path) -> None:
    make(tmp_path, "price_compare.jpg")
    assert names_found(tmp_path) == ["price_compare.jpg"]


def test_what_the_shell_made_of_a_pattern_does_not_restore_results_again(tmp_path: Path) -> None:
    findings = find_files(make(tmp_path, "a.jpg", "a_unblurred.jpg"))
    assert [file.path.name for file in findings.files] == ["a.jpg"]
    assert len(findings.results) == 1


def test_comparisons_and_stills_are_not_restored_again_either(tmp_path: Path) -> None:
    inputs = ["a.jpg", "b.mp4", "c.avi", "own_compare.jpg", "own.jpg"]
    stills = ["b_preview1_unblurred.png", "c.avi_preview12_unblurred.png"]
    made = ["a_compare.jpg", "a_unblurred.jpg", *stills]
    findings = find_files(make(tmp_path, *inputs, *made))
    assert [file.path.name for file in findings.files] == inputs
    assert [path.name for path in findings.results] == made


@pytest.mark.parametrize("result", ["a_unblurred.mkv", "a.avi_unblurred.mkv"])
def test_results_in_another_container_are_known_too(tmp_path: Path, result: str) -> None:
    findings = find_files(make(tmp_path, "a.avi", result))
    assert [file.path.name for file in findings.files] == ["a.avi"]
    assert [path.name for path in findings.results] == [result]


def test_a_pattern_is_expanded_and_skips_folders(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "c.png", "folder.jpg/d.jpg")
    assert names_found(str(tmp_path / "*.jpg")) == ["a.jpg", "b.jpg"]


def test_a_double_star_reaches_every_folder_and_keeps_their_place(tmp_path: Path) -> None:
    make(tmp_path, "photos/a.jpg", "photos/inner/b.jpg")
    files = find_files([str(tmp_path / "photos" / "**" / "*.jpg")]).files
    assert [file.path.relative_to(file.root).as_posix() for file in files] == [
        "a.jpg",
        "inner/b.jpg",
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_taken_literally(tmp_path: Path) -> None:
    make(tmp_path, "[1].jpg", "1.jpg")
    assert names_found(tmp_path / "[1].jpg") == ["[1].jpg"]


def test_a_pattern_that_fits_nothing_is_refused(tmp_path: Path) -> None:
    findings = find_files([str(tmp_path / "*.jpg")])
    assert "no file fits the pattern" in findings.refusals[0].reason


@pytest.mark.parametrize("name", ["missing.jpg", "", "a\0b.jpg", "x" * 5000 + ".jpg"])
def test_a_file_that_is_not_there_is_refused(name: str) -> None:
    findings = find_files([name])
    assert findings.files == []
    assert "there is no file or folder" in findings.refusals[0].reason


def test_a_named_file_of_another_kind_is_refused_with_the_known_endings(tmp_path: Path) -> None:
    findings = find_files(make(tmp_path, "notes.txt", "README"))
    assert ".txt" in findings.refusals[0].reason
    assert ".jpg" in findings.refusals[0].reason
    assert ".mp4" in findings.refusals[0].reason
    assert "no ending" in findings.refusals[1].reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "neither a file nor a folder" in find_files([tmp_path / "pipe.jpg"]).refusals[0].reason
    assert find_files([tmp_path]).files == []


def test_a_file_that_is_given_twice_is_restored_once(tmp_path: Path) -> None:
    (picture,) = make(tmp_path, "a.jpg")
    (tmp_path / "link.jpg").symlink_to(picture)
    assert names_found(picture, tmp_path, tmp_path / "link.jpg") == ["a.jpg"]


def test_a_loop_of_folder_links_ends(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "inner/b.jpg")
    (tmp_path / "inner" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "itself").symlink_to(tmp_path / "itself", target_is_directory=True)
    assert names_found(tmp_path, is_recursive=True) == ["a.jpg", "b.jpg"]


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="everything may be read here"
)
def test_a_folder_that_may_not_be_read_is_noted(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "closed/b.jpg")
    (tmp_path / "closed").chmod(0)
    findings = find_files([tmp_path], is_recursive=True)
    (tmp_path / "closed").chmod(0o700)
    assert "cannot look into" in findings.notes[0]


@pytest.mark.parametrize(
    "name", ["two words.jpg", 'it\'s "so".jpg', "new\nline.jpg", "\U0001f3de\ufe0f.jpg", "-o.jpg"]
)
def test_any_name_is_found_and_keeps_its_name(tmp_path: Path, name: str) -> None:
    make(tmp_path, name)
    assert names_found(tmp_path) == [name]
    assert name_target(tmp_path / name).name == f"{name[:-4]}_unblurred.jpg"


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_a_name_that_is_not_utf_8_is_found(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    path.touch()
    assert names_found(tmp_path) == ["caf\udce9.jpg"]
