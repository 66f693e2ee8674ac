"""Files appear when they are complete, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from unblur.errors import OutputError
from unblur.media.atomic import filling, make_folder, replacing


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    with replacing(target) as temporary:
        temporary.write_bytes(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_is_made_with_those_above_it_or_refused_in_a_sentence(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot make the folder .*file/c: .*; choose another"):
        make_folder(tmp_path / "file" / "c")


def test_the_temporary_name_is_hidden_beside_the_target_with_its_ending(tmp_path: Path) -> None:
    with replacing(tmp_path / "holiday.final.mp4") as temporary:
        temporary.touch()
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".mp4"
        assert temporary.name.startswith(".")


def test_a_name_at_the_length_limit_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / f"{'n' * 251}.png"
    with replacing(target) as temporary:
        temporary.touch()
    assert target.exists()


def test_two_writers_of_one_target_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    with replacing(target) as first, replacing(target) as second:
        assert first != second
        first.touch()
        second.touch()


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit, ValueError])
def test_whatever_ends_the_block_early_leaves_the_old_file_alone(
    tmp_path: Path, ending: type[BaseException]
) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def write_half() -> None:
        with replacing(target) as temporary:
            temporary.write_bytes(b"half")
            raise ending

    with pytest.raises(ending):
        write_half()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EACCES, "not allowed"),
        (errno.EROFS, "not allowed"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_what_the_system_refuses_is_said_in_one_sentence(
    tmp_path: Path, number: int, words: str
) -> None:
    target = tmp_path / "a.png"

    def fail() -> None:
        with replacing(target) as temporary:
            temporary.write_bytes(b"half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(OutputError, match=words) as raised:
        fail()
    assert str(target) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def _write(target: Path) -> None:
    with replacing(target) as temporary:
        temporary.write_bytes(b"new")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"there is no folder {tmp_path / 'gone'}"):
        _write(tmp_path / "gone" / "a.png")


def test_a_folder_of_that_name_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="a folder has that name"):
        _write(tmp_path / "a.png")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_too_long_a_name_is_refused_before_the_work_is_done(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="too long"),
        replacing(tmp_path / f"{'n' * 300}.png"),
    ):
        pytest.fail("the work was begun")


def test_a_folder_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "pairs"
    target.mkdir()
    with filling(target) as temporary:
        (temporary / "a.npy").touch()
        assert temporary.name.startswith(".")
        assert not any(target.iterdir())
    assert [path.name for path in target.iterdir()] == ["a.npy"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("ending", [KeyboardInterrupt, ValueError])
def test_whatever_ends_the_block_early_leaves_no_folder(
    tmp_path: Path, ending: type[BaseException]
) -> None:
    def write_half() -> None:
        with filling(tmp_path / "pairs") as temporary:
            (temporary / "a.npy").touch()
            raise ending

    with pytest.raises(ending):
        write_half()
    assert not any(tmp_path.iterdir())


def test_a_folder_with_something_in_it_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with pytest.raises(OutputError, match="is there already"), filling(tmp_path):
        pass
    assert (tmp_path / "kept").exists()


def test_a_full_disk_leaves_no_folder_and_says_so(tmp_path: Path) -> None:
    def run_out() -> None:
        with filling(tmp_path / "pairs"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="the disk is full"):
        run_out()
    assert not any(tmp_path.iterdir())
