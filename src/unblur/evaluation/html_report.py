"""A record as one HTML file, to look at: the table, and before and after with a slider.

Everything is inside the file: nothing is fetched. The slider is a range input, so it
takes the arrow keys.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from unblur.evaluation.records import Record
from unblur.evaluation.tables import NOTHING, Table, number, table_of, table_of_each
from unblur.evaluation.worst_pictures import Shown

_PAGE = Path(__file__).with_name("report_page.html")


def html_report(record: Record, worst: Mapping[str, Sequence[Shown]]) -> str:
    """The whole page; `worst` are the pictures to show of each candidate."""
    parts = ['<div class="wide">', _table(table_of(record)), "</div>"]
    parts += [f"<p>{escape(sentence)}.</p>" for sentence in record.notes]
    if record.faults:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in record.faults)
        parts.append(f"<h2>Could not be measured: {len(record.faults)}</h2><ul>{items}</ul>")
    for name, pictures in worst.items():
        parts.append(f"<h2>The worst {len(pictures)} of {escape(name)}</h2>")
        parts += [_figure(shown) for shown in pictures]
    if record.each:
        each = _table(table_of_each(record))
        parts.append(
            f'<details><summary>Every one of them</summary><div class="wide">{each}</div></details>'
        )
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(record.title),
        command=escape(record.command),
        made=escape(f"{record.date}; {record.machine}; commit {record.commit}"),
        body="\n".join(parts),
    )


def _table(table: Table) -> str:
    """A table of text as HTML."""
    heading, *lines = [[escape(cell) for cell in row] for row in table]
    head = "".join(f"<th>{cell}</th>" for cell in heading)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>\n" for row in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"


def _cell(cell: str) -> str:
    """A cell; figures stand to the right."""
    is_figure = cell.lstrip("+-")[:1].isdecimal() or cell in {NOTHING, "inf"}
    return f'<td class="figure">{cell}</td>' if is_figure else f"<td>{cell}</td>"


def _figure(shown: Shown) -> str:
    """Before and after on top of one another, a slider and the figures below."""
    score = shown.score
    row = {"gain_db": score.gain_db, "psnr_db": score.psnr_db, "niqe": score.niqe}
    words = [
        f"{label} {number(key, form)(row)}"
        for label, key, form in (
            ("gain dB", "gain_db", "+.2f"),
            ("PSNR dB", "psnr_db", ".2f"),
            ("NIQE", "niqe", ".2f"),
        )
        if row[key] is not None
    ]
    name = escape(f"{score.data}: {score.picture}")
    restored = _as_source(shown.restored)
    choice = ""
    if shown.sharp is not None:
        choice = (
            f'<label>on the right: <select aria-label="on the right of {name}">'
            f'<option data-src="{restored}">restored</option>'
            f'<option data-src="{_as_source(shown.sharp)}">sharp</option></select></label>'
        )
    return (
        f'<figure><div class="compare"><img class="after" src="{restored}" alt="restored {name}">'
        f'<img class="before" src="{_as_source(shown.blurry)}" alt="blurry {name}">'
        "<b>blurry</b><b>restored</b></div>"
        f'<input type="range" min="0" max="100" value="50" aria-label="divide {name}">'
        f"<figcaption>{name}: {', '.join(words)} {choice}</figcaption></figure>"
    )


def _as_source(file: bytes) -> str:
    """A WebP file as the address of an image."""
    return f"data:image/webp;base64,{base64.b64encode(file).decode('ascii')}"
