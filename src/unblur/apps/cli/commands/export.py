"""`unblur export`: a training checkpoint, or weights, to the model files that restoring uses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import SUCCESS, print_result
from unblur.errors import missing_extra

Checkpoint = Annotated[
    Path,
    typer.Argument(
        metavar="CHECKPOINT", help="What `unblur train` saved: last.pt; or .safetensors."
    ),
]
Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the model files go.")
]


Licence = Annotated[
    str | None,
    typer.Option(
        "--licence",
        metavar="SPDX",
        help="Licence of the weights, such as CC-BY-4.0; else Apache-2.0.",
    ),
]


Network = Annotated[
    str | None,
    typer.Option(
        "--network",
        metavar="NAME",
        help="Another network with the same weights: live_fast for what was trained as live.",
    ),
]


Calibrate = Annotated[
    Path | None,
    typer.Option(
        "--calibrate",
        metavar="FOLDER",
        help="Blurred pictures, or pairs, to make int8 of a .safetensors model with.",
    ),
]


Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace model files that are there.")]


def export(
    checkpoint: Checkpoint,
    *,
    overwrite: Overwrite = False,
    output: Folder = Path(),
    data: options.Data = None,
    calibrate: Calibrate = None,
    licence: Licence = None,
    network: Network = None,
) -> int:
    """Turn a training checkpoint, or weights, into model files.

    They are NAME.safetensors (for PyTorch), NAME.onnx and NAME.int8.onnx. What they do
    to the pairs of --data, and how fast, is measured and written into them. A .safetensors
    model, such as `unblur weights import` makes, gives NAME.onnx alone, or with --calibrate
    all three.
    """
    try:
        from unblur.export.bundle import export_bundle, export_weights
    except ModuleNotFoundError as missing:
        raise missing_extra("exporting", missing.name, "export") from missing
    from unblur.facts import DEFAULT_LICENCE

    pairs = options.parse_data(data or [])
    if checkpoint.suffix == ".safetensors":
        if licence or network:
            raise typer.BadParameter(
                "--licence and --network go with a checkpoint; a model says its own"
            )
        if pairs and calibrate is None:
            raise typer.BadParameter(
                "--data measures int8 too; give --calibrate FOLDER, to make int8 of a model"
            )
        paths = export_weights(
            checkpoint, output, calibrate=calibrate, data=pairs, overwrites=overwrite
        )
    else:
        if calibrate is not None:
            raise typer.BadParameter(
                "--calibrate goes with a .safetensors model; a checkpoint takes its run's pictures"
            )
        licence = licence or DEFAULT_LICENCE
        paths = export_bundle(
            checkpoint, output, data=pairs, licence=licence, network=network, overwrites=overwrite
        )
    for path in paths:
        print_result(str(path))
    return SUCCESS
