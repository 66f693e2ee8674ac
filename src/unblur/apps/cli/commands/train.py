"""`unblur train`: a training run as a TOML file describes it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import SUCCESS, print_result
from unblur.errors import missing_extra

Config = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="A TOML file, as in configs/ of the repository.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="A value that counts more than the file's; repeatable."
    ),
]
Devices = Annotated[
    int | None, typer.Option(min=1, help="GPUs, or processes of a CPU, that train together.")
]
Measure = Annotated[
    bool, typer.Option("--measure", help="Only time the data, the network, and both together.")
]


def let_threads_sleep() -> None:
    """Make PyTorch's threads, once it is imported, sleep while they wait for one another.

    On a machine that does something else too, threads that spin take the time of those they
    wait for: training on two busy cores was five times faster so.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def train(
    config: Config,
    *,
    changes: Changes = None,
    devices: Devices = None,
    measure: Measure = False,
    quiet: options.Quiet = False,
) -> int:
    """Train a network as a TOML file says.

    A run that was stopped goes on where it stood: give the same command again.
    """
    from unblur.config import read_toml

    read_toml(config)  # a file that is not there is told before what is not installed
    let_threads_sleep()
    try:
        from unblur.training.config import TrainingOptions
        from unblur.training.throughput import measure_throughput
        from unblur.training.trainer import train as run
    except ModuleNotFoundError as missing:
        raise missing_extra("training", missing.name, "train") from missing
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    words = [*(changes or []), *([f"machine.devices={devices}"] if devices else [])]
    training_options = TrainingOptions.from_toml(config, words)
    if measure:
        print_result(str(measure_throughput(training_options)))
        return SUCCESS
    if not quiet:
        logging.getLogger("unblur").setLevel(logging.INFO)
    last = run(training_options)
    if last is not None:
        print_result(f"trained: {last}")
    return SUCCESS
