"""docs/results.md, its drawings and the README's table, written from stored records.

`python -m unblur.evaluation.results_page ROOT` writes them for the checkout at ROOT from
the JSON files in benchmarks/results.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from unblur.errors import InputError
from unblur.evaluation.markdown_report import markdown_report
from unblur.evaluation.quality import BLURRY
from unblur.evaluation.records import Kind, Record, Row, write_text
from unblur.evaluation.speed_record import growth_chart
from unblur.evaluation.tables import NOTHING, number, to_markdown
from unblur.evaluation.video_record import video_charts
from unblur.restoration.file_options import PICTURE_MODEL, VIDEO_MODEL
from unblur.restoration.self_ensemble import PICTURE_SELF_ENSEMBLE

STORED = Path("benchmarks") / "results"
PAGE = Path("docs") / "results.md"
_README = "quality"
"""The record whose data sets stand in the README."""
BEGIN, END = "<!-- results: written by scripts/results -->", "<!-- end of results -->"
"""Between these lines the README's table stands."""

_INTRODUCTION = """# Results

Every figure here was measured by the command above its table, and this page is written from
the records of those runs ([benchmarks/results](../benchmarks/results)) by `scripts/results`;
a test compares the two. Times of a machine that does other things too are to be read as ratios:
those that are compared took turns, so that whatever slowed one slowed the others. Sections whose
machine names no instruction sets are of processors with VNNI, and of int8 files of eight bits
([which changed since](decisions/int8.md)). Sections from before 2026-11-27 are of the weights of
before ([runs 20 and 22](weights.md)), in networks of the same form; all of `mobilenet_perceptual`
is of before [run 29](weights.md), where its present figures are.
"""
_WITHOUT_LPIPS = """LPIPS (`unblur evaluate --lpips`) is not among the figures: the weights that it
is defined with could not be had on the machine that measured.
"""
_ORDER: tuple[Kind, ...] = ("quality", "paper", "speed", "task", "video", "video_speed", "live")


def load_records(folder: Path) -> dict[str, Record]:
    """The records in `folder` by the names of their files; raises InputError for no record."""
    records = {path.stem: Record.load(path) for path in sorted(folder.glob("*.json"))}
    if not records:
        raise InputError(f"{folder} holds no records; make some with --save")
    return dict(sorted(records.items(), key=lambda item: _ORDER.index(item[1].kind)))


def results_page(records: Mapping[str, Record]) -> str:
    """The page: every record with its command, table, notes and drawing."""
    parts = [_INTRODUCTION]
    if not any(row.get("lpips") for record in records.values() for row in record.rows):
        parts.append(_WITHOUT_LPIPS)
    for name, record in records.items():
        parts.append(markdown_report(record, level=2))
        if _draw(record):
            parts.append(f"![{record.title}, drawn]({_drawing_name(name)})\n")
    return "\n".join(parts)


def drawings(records: Mapping[str, Record]) -> dict[str, str]:
    """The page's SVG pictures by the names of their files."""
    drawn = {_drawing_name(name): _draw(record) for name, record in records.items()}
    return {name: picture for name, picture in drawn.items() if picture}


def readme_table(records: Mapping[str, Record]) -> str:
    """What the README says of the models: quality on each set, harm, and speed at 720p."""
    rows = records[_README].rows if _README in records else []
    models = list(dict.fromkeys(row["model"] for row in rows if _is_usual(row)))
    table: list[tuple[str, ...]] = [("", BLURRY, *models)]
    for data in dict.fromkeys(row["data"] for row in rows):
        here = {row["model"]: row for row in rows if row["data"] == data}
        if here[BLURRY]["psnr_db"] is None:
            continue
        count = here[BLURRY]["picture_count"]
        label = f"{data}, {count} pair{'s' * (count != 1)}: PSNR dB / SSIM"
        table.append((label, *(_fidelity(here, name) for name in table[0][1:])))
        kept = [number("sharp_kept_psnr_db", ".1f")(here.get(model, {})) for model in models]
        table.append((f"{data}: sharp kept, dB", NOTHING, *kept))
    table += _speed_rows(records, models)
    return to_markdown(table)


def _is_usual(row: Row) -> bool:
    """Whether pictures or videos are restored so unless something else is asked for."""
    return row["model"] in {
        f"{PICTURE_MODEL} fp32, self-ensemble {PICTURE_SELF_ENSEMBLE}",
        f"{VIDEO_MODEL} int8",
    }


def _fidelity(rows: Mapping[str, Row], model: str) -> str:
    row = rows.get(model, {})
    return f"{number('psnr_db', '.2f')(row)} / {number('ssim', '.3f')(row)}"


def _speed_rows(records: Mapping[str, Record], models: list[str]) -> list[tuple[str, ...]]:
    """How many times faster than the original each model is at 720p on OpenVINO."""
    found: dict[str, Row] = {}
    for record in records.values():
        for row in record.rows if record.kind == "speed" else ():
            if row["height"] == 720 and row["runtime"] == "openvino" and row["times_faster"]:
                found[f"{row['model']} {row['precision']}"] = row
    if not found:
        return []
    cells: list[str] = []
    for model in models:
        name, _, count = model.partition(", self-ensemble ")
        times = found.get(name, {}).get("times_faster")
        cells.append(NOTHING if times is None else f"{times / int(count or 1):.1f}")
    label = "1280x720, OpenVINO: times faster than the original fpn_mobilenet (fp32)"
    return [(label, NOTHING, *cells)]


def fill_readme(text: str, table: str) -> str:
    """`text` with `table` between the two marks; as it is where there are no marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{table}\n{end}{after}" if begin and end else text


def write_results(root: Path) -> None:
    """Write page, drawings and the README's table of the checkout at `root`."""
    records = load_records(root / STORED)
    write_text(root / PAGE, results_page(records))
    for name, picture in drawings(records).items():
        write_text(root / PAGE.parent / name, picture)
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    filled = fill_readme(text, readme_table(records))
    if filled != text:
        write_text(readme, filled)


def _drawing_name(name: str) -> str:
    return f"results_{name}.svg"


def _draw(record: Record) -> str:
    """The record's drawing; empty where there is nothing to draw."""
    if record.kind == "video":
        return video_charts(record)
    if record.kind != "speed":
        return ""
    sizes = {(row["height"], row["width"]) for row in record.rows if "precision" in row}
    return growth_chart(record) if len(sizes) > 1 else ""


if __name__ == "__main__":
    write_results(Path(sys.argv[1]))
