"""A log of packets, and every way in which it can be cut short."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unblur.errors import OutputError
from unblur.media.packet_log import EncodedPacket, open_log

PURPOSE = {"model": "live", "options": ["a", 1]}


def packet(number: int) -> EncodedPacket:
    return EncodedPacket(bytes([number] * 40), number * 10, number * 10 - 1, 10, number == 0)


def write_two_segments(path: Path) -> bytes:
    """Three packets, a commit, two packets, a commit, and one packet that is lost."""
    with open_log(path, PURPOSE) as log:
        for number in range(6):
            if number in {3, 5}:
                log.commit({"frame_count": number})
            log.append(packet(number))
    return path.read_bytes()


def test_what_is_committed_is_there_again(tmp_path: Path) -> None:
    write_two_segments(tmp_path / "log")
    with open_log(tmp_path / "log", PURPOSE) as log:
        assert log.summary == {"frame_count": 5}
        assert list(log.packets()) == [packet(number) for number in range(5)]
        log.append(packet(7))
        log.commit({"frame_count": 6})
        assert list(log.packets())[5:] == [packet(7)]


@given(data=st.data())
def test_a_file_cut_off_anywhere_gives_its_whole_segments(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "log"
    whole = write_two_segments(path)
    size = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:size] + data.draw(st.binary(max_size=60)))
    with open_log(path, PURPOSE) as log:
        count = log.summary.get("frame_count", 0)
        assert count in {0, 3, 5}
        assert list(log.packets()) == [packet(number) for number in range(count)]
        expected = [
            count for count in (3, 5) if whole.index(b'{"frame_count": %d}' % count) < size - 17
        ]
        assert count >= max(expected, default=0)


def test_a_log_of_something_else_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write_two_segments(path)
    with open_log(path, {"model": "another"}) as log:
        assert log.is_empty
        assert list(log.packets()) == []
    assert not path.exists(), "nothing was committed"
    path.write_bytes(b"some other file")
    with open_log(path, PURPOSE) as log:
        log.commit({"frame_count": 1})
        assert list(log.packets()) == []


def test_a_log_that_is_to_be_kept_stays_without_a_commit_until_it_is_discarded(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        with open_log(tmp_path / "log", PURPOSE) as log:
            assert log.is_empty
            log.append(packet(0))
            log.keep()
        assert (tmp_path / "log").exists()
    with open_log(tmp_path / "log", PURPOSE) as log:
        log.keep()
        log.discard()
    assert not (tmp_path / "log").exists()


def test_a_log_that_is_in_use_is_refused(tmp_path: Path) -> None:
    with (
        open_log(tmp_path / "log", PURPOSE),
        pytest.raises(OutputError, match="another process is at work on the same video"),
        open_log(tmp_path / "log", PURPOSE),
    ):
        pytest.fail("two writers would spoil it")
