"""The paper's ablation (arXiv:1908.03826, Table 5), on a budget of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch
from torch import nn

from unblur.data.pair_cache import PairCache
from unblur.errors import ConfigError
from unblur.metrics.ssim import structural_similarity
from unblur.training.config import TrainingOptions
from unblur.training.machine import make_fabric
from unblur.training.sources import open_pairs
from unblur.training.trainer import Trainer
from unblur.training.validation import restored_pixels, validate

Figures = tuple[float, float]
"""PSNR in dB, and SSIM."""


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One row of Table 5: GoPro, PSNR in dB and SSIM as printed."""

    title: str
    psnr_db: float
    ssim: float


PAPER_ROWS: dict[str, PaperRow] = {
    "1_deblurgan": PaperRow("DeblurGAN", 28.70, 0.927),
    "2_fpn": PaperRow("+ FPN", 29.26, 0.931),
    "3_global_discriminator": PaperRow("+ global discriminator", 29.29, 0.932),
    "4_ragan_ls": PaperRow("+ RaGAN-LS", 29.37, 0.933),
    "5_mse": PaperRow("+ MSE = DeblurGAN-v2", 29.55, 0.934),
    "6_no_perceptual": PaperRow("- perceptual loss", 28.81, 0.924),
}
"""By the name of the configuration file."""


@dataclass(frozen=True, slots=True)
class AblationResult:
    """One row, trained here; means over the validation pairs."""

    title: str
    network: str
    steps: int
    minutes: float
    psnr_db: float
    ssim: float
    paper_psnr_db: float
    paper_ssim: float


@dataclass(frozen=True, slots=True)
class Ablation:
    """The six runs: their configurations, with the same changes to all."""

    options: dict[str, TrainingOptions]

    @classmethod
    def read(cls, folder: Path, changes: Sequence[str] = (), *, fpn: str = "inception") -> Ablation:
        """Read the six configurations in `folder`; `fpn` is the generator with a pyramid.

        `changes` are words as those of `unblur train --set`. Raises ConfigError.
        """
        if {change.partition("=")[0].strip() for change in changes} & {"network", "output"}:
            raise ConfigError("each row has a network and an output of its own; see --fpn")
        options: dict[str, TrainingOptions] = {}
        for name in PAPER_ROWS:
            row = TrainingOptions.from_toml(folder / f"{name}.toml", changes)
            if row.network == "inception":
                row = TrainingOptions.model_validate({**row.model_dump(), "network": fpn})
            if row.machine.devices * row.machine.nodes > 1:
                raise ConfigError(
                    "the rows are trained one after the other by one process; leave "
                    "machine.devices and machine.nodes at 1, or train each row by unblur train"
                )
            options[name] = row
        return cls(options)

    def score_blurry(self) -> Figures:
        """PSNR in dB and SSIM of the blurry pictures of the validation pairs."""
        validation = open_pairs(next(iter(self.options.values())), "held_out")
        return _score(nn.Identity(), validation, torch.device("cpu"))

    def run(self) -> Iterator[AblationResult]:
        """Train the rows one after the other; gives each when it is done."""
        for name, options in self.options.items():
            fabric = make_fabric(options)
            fabric.launch()
            trainer = Trainer(options, fabric)
            trainer.run()
            validation = open_pairs(options, "held_out")
            generator = trainer.averaged.module.generator
            psnr_db, ssim = _score(generator, validation, fabric.device)
            paper = PAPER_ROWS[name]
            yield AblationResult(
                title=paper.title,
                network=options.network,
                steps=trainer.step,
                minutes=trainer.elapsed_s / 60,
                psnr_db=psnr_db,
                ssim=ssim,
                paper_psnr_db=paper.psnr_db,
                paper_ssim=paper.ssim,
            )


def _score(generator: nn.Module, validation: PairCache, device: torch.device) -> Figures:
    """PSNR in dB and SSIM of what `generator` makes of the validation pairs."""
    pairs = list(restored_pixels(generator, validation, device))
    psnr_db = validate(generator, validation, device).restored_psnr_db
    return psnr_db, fmean(structural_similarity(*pair) for pair in pairs)
