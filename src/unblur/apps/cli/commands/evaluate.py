"""`unblur evaluate`: what a model gains over the blurry input, on pairs of pictures."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import SUCCESS, print_json, print_table, use_errors

if TYPE_CHECKING:
    from unblur.evaluation.pairs import PairScore

Models = Annotated[
    list[str] | None, typer.Argument(metavar="[MODEL]...", help="Names or files; else all bundled.")
]
Each = Annotated[bool, typer.Option("--each", help="A row for every pair, not just the mean.")]


def evaluate(
    models: Models = None,
    *,
    data: options.Data,
    runtime: options.Runtime = "auto",
    precision: options.Precision = "auto",
    each: Each = False,
    json: options.Json = False,
) -> int:
    """Measure models on folders of pairs: blurry/ and sharp/ with the same names.

    PSNR in dB and SSIM as scikit-image defines it; "sharp kept" is the PSNR of a
    restored sharp picture against itself.
    """
    from unblur.data.pair_files import find_folder_pairs
    from unblur.evaluation.pairs import mean_score, score_pairs
    from unblur.restoration.restorer import Restorer
    from unblur.weights.store import list_models

    folders = options.parse_data(data or [])
    with use_errors():
        for folder in folders.values():
            find_folder_pairs(folder)
    table = [_HEADING]
    for model in models or [stored.name for stored in list_models()]:
        with Restorer(model, runtime=runtime, precision=precision) as restorer:
            for name, folder in folders.items():
                scores = list(score_pairs(restorer, folder))
                mean = mean_score(scores, f"{len(scores)} pairs")
                for score in [*scores, mean] if each else [mean]:
                    table.append((model, restorer.precision, name, *_cells(score)))
                    if json:
                        print_json(
                            {"model": model, "data": name, "precision": restorer.precision}
                            | {"runtime": restorer.runtime_name, "gain_db": score.gain_db}
                            | asdict(score)
                        )
    if not json:
        print_table(table)
    return SUCCESS


_HEADING: tuple[str, ...] = (
    "model",
    "precision",
    "data",
    "pair",
    "PSNR blurry",
    "PSNR restored",
    "gain dB",
    "SSIM blurry",
    "SSIM restored",
    "sharp kept dB",
)


def _cells(score: PairScore) -> tuple[str, ...]:
    """The figures of one row, as text."""
    return (
        score.name,
        f"{score.blurry_psnr_db:.2f}",
        f"{score.restored_psnr_db:.2f}",
        f"{score.gain_db:+.3f}",
        f"{score.blurry_ssim:.4f}",
        f"{score.restored_ssim:.4f}",
        f"{score.sharp_kept_psnr_db:.1f}",
    )
