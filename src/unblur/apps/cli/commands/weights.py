"""`unblur weights`: model files from elsewhere, and what stands in them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unblur.apps.cli.output import SUCCESS, print_result
from unblur.errors import missing_extra

weights = typer.Typer(
    help="Model files from elsewhere, and how fast they are.",
    no_args_is_help=True,
)

Source = Annotated[
    Path, typer.Argument(metavar="FILE", help="fpn_inception.h5, fpn_mobilenet.h5 or resnet.")
]
ModelFile = Annotated[
    str, typer.Argument(metavar="MODEL", help="A bundled model, or a file of one.")
]
Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the model file goes.")
]


@weights.command("import")
def import_weights(source: Source, *, output: Folder = Path()) -> int:
    """Turn a checkpoint that the authors of DeblurGAN-v2 published into a model file.

    Restore with it: unblur photo.jpg --model NAME.safetensors
    """
    try:
        from unblur.weights.official import import_official
    except ModuleNotFoundError as missing:
        raise missing_extra("importing", missing.name, "train") from missing
    print_result(str(import_official(source, output)))
    return SUCCESS


@weights.command("measure")
def measure_weights(model: ModelFile) -> int:
    """Time a 1280x720 frame in fp32 and int8 and write the figures into the model's files.

    `unblur models` says them. Nothing else should compute on the machine meanwhile.
    """
    try:
        from unblur.export.timing import measure_files
    except ModuleNotFoundError as missing:
        raise missing_extra("measuring", missing.name, "export") from missing
    for path in measure_files(model).files.values():
        print_result(str(path))
    return SUCCESS
