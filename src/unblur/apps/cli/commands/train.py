"""`unblur train`: a training run as a TOML file describes it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import SUCCESS, print_result
from unblur.errors import MissingExtraError

Config = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="A TOML file, as in configs/ of the repository.")
]


def train(config: Config, *, quiet: options.Quiet = False) -> int:
    """Train a network as a TOML file says.

    A run that was stopped goes on where it stood.
    """
    from unblur.training.config import TrainingOptions

    training_options = TrainingOptions.from_toml(config)
    try:
        from unblur.training.trainer import Trainer
    except ModuleNotFoundError as missing:
        raise MissingExtraError(
            f"training needs {missing.name}; install it with: pip install 'unblur[train]'"
        ) from missing
    if not quiet:
        logging.getLogger("unblur").setLevel(logging.INFO)
    print_result(f"trained: {Trainer(training_options).run()}")
    return SUCCESS
