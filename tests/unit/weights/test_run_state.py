"""Checkpoints of training runs: read back, or told what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from unblur.errors import ModelError  # noqa: E402
from unblur.weights.run_state import read_state  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("content", [b"", b"\x08onnx", b"network = 1", b"PK\x03\x04 cut off"])
def test_another_file_is_named_without_advice_to_run_what_it_holds(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"a\.pt is not a readable checkpoint: damaged") as told:
        read_state(path)
    assert "weights_only" not in str(told.value)
    assert len(str(told.value)) < 200 + len(str(path))


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read the checkpoint .*: Is a directory"):
        read_state(tmp_path)
