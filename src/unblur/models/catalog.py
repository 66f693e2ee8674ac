"""Every network by name, with what must be known to build and run it.

To add one: write its file, add its line here (CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from unblur.errors import UnknownNameError
from unblur.facts import SizeRule
from unblur.models.generator import Generator
from unblur.models.generators.live import LiveGenerator


@dataclass(frozen=True, slots=True)
class GeneratorCard:
    """How to build a generator, and the facts that follow from its layers alone."""

    build: Callable[[], Generator]
    summary: str
    size_rule: SizeRule
    halo_px: int | None
    paper: str


GENERATORS: dict[str, GeneratorCard] = {
    "live": GeneratorCard(
        build=lambda: LiveGenerator((32, 64, 128), (1, 2, 4)),
        summary="The fastest: photos and 720p video as it comes, on two CPU cores.",
        size_rule=SizeRule(multiple_of=16, minimum=16),
        halo_px=243,
        paper="arXiv:1908.03826",
    ),
    "live_large": GeneratorCard(
        build=lambda: LiveGenerator((48, 96, 160), (1, 2, 4)),
        summary="The same design, wider: sharper pictures at about 1.6 times the cost.",
        size_rule=SizeRule(multiple_of=16, minimum=16),
        halo_px=243,
        paper="arXiv:1908.03826",
    ),
}


def find_generator(name: str) -> GeneratorCard:
    """The card of the generator called `name`; raises UnknownNameError."""
    if name not in GENERATORS:
        raise UnknownNameError(
            f"no generator named {name!r}; known: {', '.join(sorted(GENERATORS))}"
        )
    return GENERATORS[name]
