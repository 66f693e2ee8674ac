"""How alike two pictures look to a network: LPIPS.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
CVPR 2018: version 0.1 on AlexNet, by torchmetrics. Its own weights come with torchmetrics;
those of AlexNet come from torchvision's server, or from a file of the user's.
"""

from __future__ import annotations

import hashlib
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from unblur.errors import ModelError, missing_extra
from unblur.images.arrays import Pixels

ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
"""As torchvision calls it; the name ends with the beginning of its SHA-256."""

Lpips = Callable[[Pixels, Pixels], float]


def open_lpips(weights: Path | None = None, hash_start: str = "7be5be79") -> Lpips:
    """A function that gives LPIPS of two (H, W, 3) uint8 pictures: 0 for equal ones.

    `weights` is torchvision's AlexNet, a file whose SHA-256 begins with `hash_start`;
    without it torchvision's cache is looked into, and its server asked.
    Raises ModelError when they cannot be had or are others, MissingExtraError when
    torchmetrics or torchvision is not installed.
    """
    try:
        import torch
        import torchvision  # noqa: F401 # pyright: ignore[reportUnusedImport]
        from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity
    except ModuleNotFoundError as missing:
        raise missing_extra("LPIPS", missing.name, "lpips") from missing
    if weights is None:
        weights = _find_alexnet(torch.hub)
    found = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else "no file"
    if not found.startswith(hash_start):
        raise ModelError(
            f"{weights} is not the AlexNet that LPIPS is defined with: expected a SHA-256 that "
            f"begins with {hash_start}, got {found[:16]}; take torchvision's {ALEXNET_FILE}"
        )
    metric = _build(torch.hub, weights, LearnedPerceptualImagePatchSimilarity)

    def lpips(restored: Pixels, sharp: Pixels) -> float:
        pair = [torch.from_numpy(each.copy()).permute(2, 0, 1)[None] for each in (restored, sharp)]
        with torch.no_grad():
            return float(metric(*(each.float() / 255 for each in pair)))

    return lpips


def _find_alexnet(hub: Any) -> Path:
    """Torchvision's file in its cache, fetched if it is not there; raises ModelError."""
    path = Path(hub.get_dir()) / "checkpoints" / ALEXNET_FILE
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            hub.download_url_to_file(
                f"https://download.pytorch.org/models/{ALEXNET_FILE}",
                str(path),
                hash_prefix="7be5be79",
                progress=False,
            )
        except (OSError, RuntimeError) as error:
            raise ModelError(
                f"LPIPS needs torchvision's AlexNet weights, which cannot be fetched ({error}); "
                f"give the file {ALEXNET_FILE} with --lpips-weights, or leave --lpips out"
            ) from error
    return path


def _build(hub: Any, weights: Path, kind: Any) -> Any:
    """The metric on the network in the file: torchvision reads it where its cache is."""
    cache = hub.get_dir()
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchmetrics calls torchvision in its older way
        (Path(folder) / "checkpoints").mkdir()
        shutil.copyfile(weights, Path(folder) / "checkpoints" / ALEXNET_FILE)
        hub.set_dir(folder)
        try:
            return kind(net_type="alex", normalize=True)
        finally:
            hub.set_dir(cache)
