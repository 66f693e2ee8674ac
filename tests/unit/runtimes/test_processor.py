"""What the processor can do is read from what Linux says of it."""

from pathlib import Path

import pytest

from unblur.runtimes.processor import name_processor, read_instruction_sets


def test_name_and_instruction_sets_are_read(tmp_path: Path) -> None:
    information = tmp_path / "cpuinfo"
    information.write_text("model name\t: X 7\nflags\t\t: fpu avx2 avx512_vnni\nflags: none\n")
    assert name_processor(information) == "X 7"
    found = read_instruction_sets(information)
    assert found is not None
    assert [name for name, is_there in found.items() if is_there] == ["avx2", "avx512_vnni"]


def test_elsewhere_they_cannot_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for known, name in (("arm", "arm"), ("", "unknown processor")):
        monkeypatch.setattr("platform.processor", lambda known=known: known)
        assert name_processor(tmp_path / "missing") == name
    assert read_instruction_sets(tmp_path / "missing") is None
