"""`unblur ablation`: the six rows of the paper's Table 5, trained on a budget of one's own."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unblur.apps.cli import options
from unblur.apps.cli.commands.train import Changes, let_threads_sleep
from unblur.apps.cli.output import SUCCESS, print_json, print_result, print_table
from unblur.errors import missing_extra

if TYPE_CHECKING:
    from unblur.training.ablation import AblationResult

Folder = Annotated[
    Path, typer.Argument(metavar="[FOLDER]", help="The six configurations, as configs/ablation.")
]
Fpn = Annotated[
    str, typer.Option(metavar="NETWORK", help="The generator with a pyramid; the paper's first.")
]


def ablation(
    folder: Folder = Path("configs/ablation"),
    *,
    fpn: Fpn = "inception",
    changes: Changes = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Train the rows of the paper's ablation and print its table with figures of one's own.

    The budget is that of the configurations, or less: --set maximum_steps=2000. Rows that
    are done are not trained again.
    """
    let_threads_sleep()
    try:
        from unblur.training.ablation import Ablation
    except ModuleNotFoundError as missing:
        raise missing_extra("training", missing.name, "train,evaluate") from missing
    if not quiet:
        logging.getLogger("unblur").setLevel(logging.INFO)
    rows = Ablation.read(folder, changes or [], fpn=fpn)
    psnr_db, ssim = rows.score_blurry()
    table = [_HEADING, ("blurry", "", "", "", f"{psnr_db:.2f}", f"{ssim:.4f}", "", "")]
    for result in rows.run():
        if json:
            print_json(asdict(result))
        table.append(_cells(result))
    if not json:
        print_table(table)
        print_result(
            "PSNR and SSIM: means over the run's validation pairs; paper: GoPro, as printed"
        )
    return SUCCESS


_HEADING: tuple[str, ...] = (
    "row",
    "network",
    "steps",
    "minutes",
    "PSNR",
    "SSIM",
    "paper's PSNR",
    "paper's SSIM",
)


def _cells(result: AblationResult) -> tuple[str, ...]:
    """One row, as text."""
    return (
        result.title,
        result.network,
        str(result.steps),
        f"{result.minutes:.1f}",
        f"{result.psnr_db:.2f}",
        f"{result.ssim:.4f}",
        f"{result.paper_psnr_db:.2f}",
        f"{result.paper_ssim:.3f}",
    )
