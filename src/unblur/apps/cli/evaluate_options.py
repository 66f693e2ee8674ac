"""The options of `unblur evaluate`, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Models = Annotated[
    list[str] | None, typer.Argument(metavar="[MODEL]...", help="Names or files; else all bundled.")
]
Commands = Annotated[
    list[str] | None,
    typer.Option("--command", metavar="'PROG {in} {out}'", help="Another program as a model."),
]
TimeoutS = Annotated[float, typer.Option(min=0.001, help="Seconds a --command may take.")]
Limit = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Only the first N pictures of each set.")
]
Lpips = Annotated[bool, typer.Option("--lpips", help="Measure LPIPS too.")]
LpipsWeights = Annotated[
    Path | None, typer.Option(metavar="FILE", help="AlexNet for --lpips, where it is not fetched.")
]
Niqe = Annotated[bool, typer.Option("--niqe", help="NIQE of all, not only of what has no sharp.")]
Artefacts = Annotated[
    bool,
    typer.Option("--artefacts", help="Colour shift, overshoot, grid pattern, least gain in SSIM."),
]
Table = Annotated[
    Literal["paper"] | None,
    typer.Option("--table", help="paper: Table 1 of the paper, and ours beside it."),
]
TaskOption = Annotated[
    Literal["detection", "segmentation", "text", "faces"] | None,
    typer.Option("--task", help="Measure what deblurring does for machines that look."),
]
With = Annotated[
    str | None,
    typer.Option("--with", metavar="FILE|LIBRARY:NAME", help="What looks, for --task."),
]
Pictures = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Where --task draws what was seen.")
]
Video = Annotated[
    Path | None,
    typer.Option(metavar="FILE|FOLDER", help="Measure steadiness on a video, or on its frames."),
]
SharpVideo = Annotated[
    Path | None, typer.Option("--sharp", metavar="FILE|FOLDER", help="The sharp one of --video.")
]
Plot = Annotated[
    Path | None, typer.Option(metavar="FILE.svg", help="Draw --video's figures over time.")
]
Each = Annotated[bool, typer.Option("--each", help="A row for every picture, not just the mean.")]
Markdown = Annotated[Path | None, typer.Option(metavar="FILE", help="Also write Markdown.")]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also write a page with the worst pictures.")
]
Save = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also keep the figures as JSON, with machine.")
]
