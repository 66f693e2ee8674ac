"""Tables with lines and columns that wrap, on stdout."""

from __future__ import annotations

import sys

from unblur.apps.cli.output import printable

_WIDEST = 400


def print_rich_table(rows: list[tuple[str, ...]]) -> None:
    """Print a heading and rows; where stdout is no terminal, a row is never broken."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, *cells in zip(*rows, strict=True):
        is_text = any(cell[:1].isalpha() for cell in cells)
        table.add_column(printable(name), justify="left" if is_text else "right")
    for row in rows[1:]:
        table.add_row(*(printable(cell).replace("[", r"\[") for cell in row))
    width = None if sys.stdout.isatty() else _WIDEST
    Console(width=width, highlight=False).print(table)
