"""Records on the screen and in files, the same for every command that measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from unblur.apps.cli.output import print_json, print_note, print_result

if TYPE_CHECKING:
    from unblur.evaluation.records import Record
    from unblur.evaluation.worst_pictures import Shown


class Reports(NamedTuple):
    """The files to write; None: not wanted."""

    markdown: Path | None = None
    html: Path | None = None
    save: Path | None = None


def write_reports(record: Record, worst: Mapping[str, Sequence[Shown]], reports: Reports) -> None:
    """Write the files that are wanted; raises OutputError."""
    from unblur.evaluation.html_report import html_report
    from unblur.evaluation.markdown_report import markdown_report
    from unblur.evaluation.records import write_text

    if reports.save:
        record.save(reports.save)
    if reports.markdown:
        write_text(reports.markdown, markdown_report(record))
    if reports.html:
        write_text(reports.html, html_report(record, worst))


def print_record(
    record: Record, *, has_each: bool = False, has_notes: bool = False, is_json: bool = False
) -> None:
    """Print the rows, and on stderr what could not be measured."""
    from unblur.apps.cli.rich_tables import print_rich_table
    from unblur.evaluation.tables import table_of, table_of_each

    if is_json:
        for row in [*record.each, *record.rows] if has_each else record.rows:
            print_json(row)
    else:
        if has_each:
            print_rich_table(table_of_each(record))
        print_rich_table(table_of(record))
        for sentence in record.notes if has_notes else ():
            print_result(f"{sentence}.")
    for sentence in record.faults:
        print_note(f"not measured: {sentence}")
