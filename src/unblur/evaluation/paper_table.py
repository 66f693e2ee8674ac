"""Table 1 of DeblurGAN-v2's paper (arXiv:1908.03826), and ours beside it, measured."""

from __future__ import annotations

from dataclasses import dataclass

from unblur.errors import UnknownNameError
from unblur.evaluation.candidates import Candidate
from unblur.evaluation.quality_record import QualityRequest, measure_quality
from unblur.evaluation.records import Record, Row, as_row

PAPER_DATA = "GoPro test, linear subset"
"""What the paper measured on: 1111 pairs."""


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A row of Table 1, or one like it; None where the paper gives no figure."""

    model: str
    source: str
    data: str
    picture_count: int | None
    psnr_db: float | None
    ssim: float | None
    seconds: float | None
    """For one picture of 1280x720, on whatever machine the source used."""
    giga_macs: float | None
    """For one picture of 1280x720."""


def _row(
    model: str, psnr_db: float, ssim: float, seconds: float, giga_macs: float | None = None
) -> PaperRow:
    return PaperRow(model, "paper", PAPER_DATA, None, psnr_db, ssim, seconds, giga_macs)


PAPER_ROWS = (
    _row("Sun et al.", 24.64, 0.842, 1200),
    _row("Xu et al.", 25.10, 0.890, 13.41),
    _row("DeepDeblur", 29.23, 0.916, 4.33, 1760.04),
    _row("SRN", 30.10, 0.932, 1.6, 1434.82),
    _row("DeblurGAN", 28.70, 0.927, 0.85, 678.29),
    _row("DeblurGAN-v2 Inception-ResNet-v2", 29.55, 0.934, 0.35, 411.34),
    _row("DeblurGAN-v2 MobileNet", 28.17, 0.925, 0.06, 43.75),
    _row("DeblurGAN-v2 MobileNet-DSC", 28.03, 0.922, 0.04, 14.83),
)
NOTES = (
    'Rows of the source "paper" are Table 1 of arXiv:1908.03826 as printed, timed on its authors\' '
    "GPU; the others were measured here, on this machine's CPU",
    "Ours are over the pictures named, not over the 1111 pairs of the paper, unless they are those",
    "G MACs: multiplications with additions for 1280x720, counted as docs/decisions/macs.md says",
)


def measure_paper_table(request: QualityRequest) -> Record:
    """The paper's rows, then the blurry input's and each candidate's on each set, measured.

    Raises what `measure_quality` raises.
    """
    measured = measure_quality(request)
    candidates = {candidate.name: candidate for candidate in request.candidates}
    rows = [as_row(row) for row in PAPER_ROWS]
    rows += [_measured_row(row, candidates.get(row["model"])) for row in measured.rows]
    return Record(
        "paper",
        title="Table 1 of the paper, and ours beside it",
        command=request.command,
        rows=rows,
        each=measured.each,
        faults=measured.faults,
        notes=list(NOTES),
    )


def _measured_row(mean: Row, candidate: Candidate | None) -> Row:
    """A row of ours from a row of `MeanScore`; without a candidate that of the blurry input."""
    giga_macs = count_giga_macs(candidate.network) if candidate else None
    if giga_macs is not None and candidate is not None:
        giga_macs *= candidate.self_ensemble
    row = PaperRow(
        mean["model"],
        "measured here",
        mean["data"],
        *(mean[key] for key in ("picture_count", "psnr_db", "ssim", "median_s")),
        giga_macs=giga_macs,
    )
    return as_row(row)


def count_giga_macs(network: str) -> float | None:
    """G MACs of the network of that name for 1280x720; None where they cannot be counted.

    That is without PyTorch, and for what is no network of ours.
    """
    try:
        from unblur.models.catalog import find_generator
        from unblur.models.cost import count_cost

        return count_cost(find_generator(network)).giga_macs
    except (ModuleNotFoundError, UnknownNameError):
        return None
