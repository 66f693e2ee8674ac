"""`unblur models`: what is bundled, and what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unblur.apps.cli import options
from unblur.apps.cli.output import SUCCESS, print_json, print_result, print_table

if TYPE_CHECKING:
    from unblur.weights.store import StoredModel


def models(*, json: options.Json = False) -> int:
    """List the bundled models and what each is for."""
    from unblur.weights.store import list_models

    for model in list_models():
        (print_json if json else _print_model)(_describe(model))
    return SUCCESS


def _describe(model: StoredModel) -> dict[str, Any]:
    """The facts of `model` and the sizes of its files, in bytes by form."""
    return {**model.read_facts().as_dict(), "name": model.name, "size_bytes": model.size_bytes}


def _print_model(facts: dict[str, Any]) -> None:
    """Print one model as a block of lines."""
    sizes = ", ".join(f"{form} {size / 1e6:.1f} MB" for form, size in facts["size_bytes"].items())
    print_result(facts["name"])
    for label, text in (
        ("for", facts["summary"]),
        ("parameters", f"{facts['parameter_count'] / 1e6:.2f} million"),
        ("on disk", sizes),
        ("licence", facts["licence"]),
        ("trained on", facts["training"] or "not said"),
        ("measured", "" if facts["metrics"] else "not yet"),
    ):
        print_result(f"  {label + ':':12}{text}")
    rows = [(name, f"{value:g}") for name, value in sorted(facts["metrics"].items())]
    if rows:
        print_table(rows, indent="    ")
