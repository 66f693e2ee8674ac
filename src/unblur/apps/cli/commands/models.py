"""`unblur models`: what is bundled, and what each is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unblur.apps.cli import options
from unblur.apps.cli.output import (
    SUCCESS,
    UseError,
    print_json,
    print_result,
    print_table,
    use_errors,
)
from unblur.errors import missing_extra

if TYPE_CHECKING:
    from unblur.weights.store import StoredModel


Macs = Annotated[
    bool, typer.Option("--macs", help="Count parameters and MACs of every network instead.")
]


Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="MODEL", help="Only these: bundled ones, or files of `unblur export`."),
]


def models(files: Files = None, *, json: options.Json = False, macs: Macs = False) -> int:
    """List the bundled models and what each is for, or those that are named."""
    if macs and files:
        raise UseError("--macs counts every network; it takes no MODEL")
    if macs:
        return _count(is_json=json)
    from unblur.weights.store import find_whole_model, list_models

    with use_errors():
        found = [find_whole_model(each) for each in files or ()]
    for model in found or list_models():
        (print_json if json else _print_model)(_describe(model))
    return SUCCESS


def _count(*, is_json: bool) -> int:
    """Print what each network of the catalog costs."""
    try:
        from unblur.models.catalog import GENERATORS, OFFICIAL_GENERATORS
        from unblur.models.cost import HEIGHT, WIDTH, count_cost
    except ModuleNotFoundError as missing:
        raise missing_extra("counting", missing.name, "train") from missing
    rows = [("network", "million parameters", f"G MACs at {WIDTH}x{HEIGHT}")]
    for name, card in {**GENERATORS, **OFFICIAL_GENERATORS}.items():
        cost = count_cost(card)
        if is_json:
            print_json({"name": name, **asdict(cost)})
        rows.append((name, f"{cost.parameter_count / 1e6:.2f}", f"{cost.giga_macs:.2f}"))
    if not is_json:
        print_table(rows)
    return SUCCESS


def _describe(model: StoredModel) -> dict[str, Any]:
    """The facts of `model` and the sizes of its files, in bytes by form."""
    return {**model.read_facts().as_dict(), "name": model.name, "size_bytes": model.size_bytes}


def _tell_runs(runs: Sequence[str]) -> str:
    """The last run, and how many there were before it."""
    if not runs:
        return "not said"
    last, *earlier = runs
    return f"{last}; runs before that: {len(earlier)} (--json has them)" if earlier else last


def _print_model(facts: dict[str, Any]) -> None:
    """Print one model as a block of lines."""
    sizes = ", ".join(f"{form} {size / 1e6:.1f} MB" for form, size in facts["size_bytes"].items())
    print_result(facts["name"])
    for label, text in (
        ("for", facts["summary"]),
        ("parameters", f"{facts['parameter_count'] / 1e6:.2f} million"),
        ("on disk", sizes),
        ("licence", facts["licence"]),
        ("trained on", _tell_runs(facts["training_runs"])),
        ("timed on", facts["measured_on"] or "not timed; unblur benchmark does it here"),
        ("measured", "" if facts["metrics"] else "not yet"),
    ):
        print_result(f"  {label + ':':12}{text}")
    rows = [(name, f"{value:g}") for name, value in sorted(facts["metrics"].items())]
    if rows:
        print_table(rows, indent="    ")
