"""Checkpoints of training runs: read back, or told what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from unblur.errors import ModelError  # noqa: E402
from unblur.weights.history import runs_of  # noqa: E402
from unblur.weights.run_state import read_options, read_state, save_state  # noqa: E402

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


@pytest.mark.parametrize("options", ["network = 1", "[]", "7", '{"network": "live"}', None])
def test_a_checkpoint_whose_options_cannot_be_read_is_named(tmp_path: Path, options: Any) -> None:
    path = tmp_path / "a.pt"
    save_state({"options": options, "network": {}, "averaged": {}, "step": 1}, path)
    with pytest.raises(ModelError, match=r"a\.pt does not say how it was trained; expected last"):
        read_options(read_state(path), path)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"photos": "mine", "pair_count": 9}, "9 synthetic pairs of 64 px from photos; "),
        ({"photos": "drawn", "pair_count": 9}, "9 synthetic pairs of 64 px from drawn scenes; "),
        (
            {"photos": "mine", "pair_count": 9, "frame_count": 6},
            "9 synthetic sequences of 6 frames of 64 px from photos; ",
        ),
        ({"photos": None, "pair_count": 26000}, "ready-made pairs of 64 px; "),
    ],
)
def test_a_run_tells_only_what_is_known_of_its_data(data: dict[str, Any], expected: str) -> None:
    options = {"data": {"pair_px": 64, **data}, "optimizer": "muon"}
    state = {"options": json.dumps(options), "step": 3, "elapsed_s": 60, "device": "a cpu device"}
    assert runs_of(state) == (f"{expected}3 steps of muon in 1 minute on a cpu device",)
