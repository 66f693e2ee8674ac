"""The original network to compare times with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("timm")
pytest.importorskip("onnx")

from unblur.export.reference import make_reference
from unblur.restoration.restorer import Restorer

pytestmark = pytest.mark.torch


def test_the_reference_is_made_once_and_runs_through_both_kinds_of_file(tmp_path: Path) -> None:
    model = make_reference(tmp_path)
    moments = {path: path.stat().st_mtime_ns for path in model.files.values()}
    assert make_reference(tmp_path) == model
    assert moments == {path: path.stat().st_mtime_ns for path in model.files.values()}
    pixels = np.random.default_rng(1).integers(0, 256, (70, 90, 3), np.uint8)
    by_onnx, by_torch = (Restorer(model.find(form)) for form in ("onnx", "safetensors"))
    difference = by_onnx.restore(pixels).astype(int) - by_torch.restore(pixels)
    assert np.abs(difference).max() <= 1
