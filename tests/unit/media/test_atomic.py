"""Files appear when they are complete, or not at all."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from unblur.errors import OutputError
from unblur.media import atomic
from unblur.media.atomic import filling, make_folder, replacing


def run_apart(target: Path, words: str) -> int:
    """The exit code of a process of its own that says `words` while it writes `target`."""
    code = (
        "import os, sys; from pathlib import Path; from unblur.media.atomic import replacing\n"
        f"with replacing(Path(sys.argv[1])) as temporary: {words}"
    )
    return subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode


def die_while_writing(target: Path) -> None:
    """Write half of `target` in a process that ends without any tidying."""
    assert run_apart(target, "temporary.write_bytes(b'half'); os._exit(9)") == 9


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


def test_what_a_killed_writer_left_is_gone_after_the_next_one(tmp_path: Path) -> None:
    target = tmp_path / f"{'n' * 251}.png"
    for _ in range(2):
        die_while_writing(target)
        (left,) = tmp_path.iterdir()
        assert left.name.startswith(".")
        assert left.read_bytes() == b"half"
    with replacing(target) as temporary:
        assert temporary == left
        assert temporary.read_bytes() == b""
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_second_writer_left_is_gone_after_the_next_one(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    with replacing(target) as first, replacing(target) as second:
        die_while_writing(target)
        (left,) = set(tmp_path.iterdir()) - {first, second}
        run_apart(target, "temporary.write_bytes(b'theirs')")
        assert set(tmp_path.iterdir()) == {first, second, target}
        first.write_bytes(b"first")
        second.write_bytes(b"second")
        die_while_writing(target)
        assert left.exists()
    _write(target)
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_writer_left_is_gone_after_a_failure_too(tmp_path: Path) -> None:
    die_while_writing(tmp_path / "a.png")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.png"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_another_process_at_work_keeps_its_file(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    with replacing(target) as temporary:
        temporary.write_bytes(b"ours")
        run_apart(target, "temporary.write_bytes(b'theirs')")
        assert target.read_bytes() == b"theirs"
        assert temporary.read_bytes() == b"ours"
    assert target.read_bytes() == b"ours"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_of_another_target_is_not_taken_for_left(tmp_path: Path) -> None:
    die_while_writing(tmp_path / "a.png")
    (left,) = tmp_path.iterdir()
    _write(tmp_path / "b.png")
    assert left.exists()


def test_a_link_in_place_of_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    target, other = tmp_path / "a.png", tmp_path / "other"
    other.write_bytes(b"of another")
    with replacing(target) as usual:
        usual.write_bytes(b"old")
    usual.symlink_to(other)
    _write(target)
    assert target.read_bytes() == b"new"
    assert not target.is_symlink()
    assert other.read_bytes() == b"of another"


@pytest.mark.skipif(sys.platform == "win32", reason="locks are not used there")
def test_a_file_system_without_locks_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(atomic, "lock", refuse)
    target = tmp_path / "a.png"
    with replacing(target) as first, replacing(target) as second:
        assert first != second
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert target.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [target]


def test_many_writers_of_one_target_leave_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "a.png"

    def write_often(letter: bytes) -> None:
        for length in range(1, 200):
            with replacing(target) as temporary:
                temporary.write_bytes(letter * length)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write_often, [b"a", b"b", b"c", b"d"]))
    assert target.read_bytes() in {letter * 199 for letter in (b"a", b"b", b"c", b"d")}
    assert list(tmp_path.iterdir()) == [target]


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
