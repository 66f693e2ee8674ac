"""A record as Markdown: how it was made above the table, what went wrong below."""

from __future__ import annotations

from unblur.evaluation.records import Record
from unblur.evaluation.tables import table_of, to_markdown


def markdown_report(record: Record, level: int = 1) -> str:
    """The record under a heading of `level`."""
    parts = [
        f"{'#' * level} {record.title}\n",
        f"`{record.command}`\n",
        f"{record.date}; {record.machine}; commit {record.commit}.\n",
        to_markdown(table_of(record)),
    ]
    parts += [f"{sentence.rstrip('.')}.\n" for sentence in record.notes]
    if record.faults:
        parts.append(f"Could not be measured ({len(record.faults)}):\n")
        parts.append("".join(f"- {sentence}\n" for sentence in record.faults))
    return "\n".join(parts)
