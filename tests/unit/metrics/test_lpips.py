"""LPIPS against the authors' package, on an AlexNet made from a seed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from unblur.errors import ModelError
from unblur.metrics.lpips import open_lpips

torch = pytest.importorskip("torch")
pytest.importorskip("torchmetrics")
pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def alexnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torchvision

    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    with torch.random.fork_rng():
        torch.manual_seed(3)
        torch.save(torchvision.models.alexnet().state_dict(), path)
    return path


def start_of_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def test_lpips_is_that_of_its_authors(alexnet: Path) -> None:
    # lpips 0.1.4: metric = lpips.LPIPS(net="alex", pnet_rand=True), the parameters of
    # metric.net replaced by those of the AlexNet above, then
    # metric(noisy / 127.5 - 1, sharp / 127.5 - 1), both (1, 3, 64, 80)
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (64, 80, 3), np.uint8)
    noisy = np.clip(sharp + rng.normal(0, 20, sharp.shape), 0, 255).astype(np.uint8)
    lpips = open_lpips(alexnet, start_of_hash(alexnet))
    assert lpips(noisy, sharp) == pytest.approx(0.007985217496752739, rel=1e-4)
    assert lpips(sharp, sharp) == 0


def test_other_weights_are_refused(alexnet: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is not the AlexNet .* begins with 7be5be79, got "):
        open_lpips(alexnet)
    with pytest.raises(ModelError, match="got no file"):
        open_lpips(tmp_path / "missing.pth")


def test_what_cannot_be_fetched_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*arguments: object, **keywords: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    with pytest.raises(ModelError, match=r"cannot be fetched \(no route to host\); give the file"):
        open_lpips()
