"""Records as tables of text: the same for the screen, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unblur.evaluation.records import Kind, Record, Row

Table = list[tuple[str, ...]]
"""Rows of cells; the first is the heading."""

Column = tuple[str, Callable[[Row], str]]
NOTHING = "-"
"""Stands where there is no figure."""


def number(key: str, form: str, factor: float = 1) -> Callable[[Row], str]:
    """A function that gives the figure `key` of a row, times `factor`, in that form."""

    def cell(row: Row) -> str:
        value = row.get(key)
        if value is None:
            return NOTHING
        return value if isinstance(value, str) else format(factor * value, form)

    return cell


def text(key: str) -> Callable[[Row], str]:
    """A function that gives the text `key` of a row."""

    def cell(row: Row) -> str:
        value: Any = row.get(key)
        return NOTHING if value in {None, ""} else str(value)

    return cell


def table_of(record: Record) -> Table:
    """The record's rows as a table."""
    return make_table(COLUMNS[record.kind], record.rows)


def table_of_each(record: Record) -> Table:
    """What the record's rows are made of as a table: pictures, or frames."""
    return make_table(EACH_FRAME_COLUMNS if record.kind == "video" else EACH_COLUMNS, record.each)


def make_table(columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    """A heading and a line for each row; columns that hold nothing are left out."""
    cells = [[cell(row) for _, cell in columns] for row in rows]
    kept = [
        index
        for index in range(len(columns))
        if not rows or any(line[index] != NOTHING for line in cells)
    ]
    heading = tuple(columns[index][0] for index in kept)
    return [heading, *(tuple(line[index] for index in kept) for line in cells)]


def to_markdown(table: Table) -> str:
    """The table in Markdown; numbers stand to the right."""
    heading, *lines = [[cell.replace("|", "\\|") for cell in row] for row in table]
    rule = ["---:" if _is_numeric(column) else "---" for column in zip(*table[1:], strict=True)]
    rule = rule or ["---"] * len(heading)
    return "".join(f"| {' | '.join(row)} |\n" for row in (heading, rule, *lines))


def _is_numeric(column: Sequence[str]) -> bool:
    """Whether a column holds figures and nothing else."""
    return all(cell == NOTHING or cell.lstrip("+-")[:1].isdecimal() for cell in column)


_FIGURES: tuple[Column, ...] = (
    ("PSNR dB", number("psnr_db", ".2f")),
    ("SSIM", number("ssim", ".4f")),
    ("LPIPS", number("lpips", ".4f")),
    ("NIQE", number("niqe", ".2f")),
    ("gain dB", number("gain_db", "+.3f")),
    ("sharp kept dB", number("sharp_kept_psnr_db", ".1f")),
    ("sharp kept SSIM", number("sharp_kept_ssim", ".4f")),
    ("SSIM gain", number("ssim_gain", "+.4f")),
    ("least gain dB", number("least_gain_db", "+.3f")),
    ("least SSIM gain", number("least_ssim_gain", "+.4f")),
    ("colour shift", number("colour_shift", ".2f")),
    ("sharp kept colour shift", number("sharp_kept_colour_shift", ".3f")),
    ("overshoot", number("overshoot", ".2f")),
    ("grid pattern", number("grid_pattern", ".3f")),
)
EACH_FRAME_COLUMNS: tuple[Column, ...] = (
    ("model", text("model")),
    ("frame", number("frame", "d")),
    ("PSNR dB", number("psnr_db", ".2f")),
    ("gain dB", number("gain_db", "+.3f")),
    ("warping error", number("warping_error", ".2f")),
    ("flicker", number("flicker", ".3f")),
    ("ms", number("seconds", ".0f", 1000)),
)
EACH_COLUMNS: tuple[Column, ...] = (
    ("data", text("data")),
    ("picture", text("picture")),
    ("model", text("model")),
    *_FIGURES,
    ("ms", number("seconds", ".0f", 1000)),
    ("error", text("error")),
)
COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "quality": (
        ("data", text("data")),
        ("model", text("model")),
        ("runtime", text("runtime")),
        ("precision", text("precision")),
        ("pictures", number("picture_count", "d")),
        ("failed", lambda row: str(row["failed_count"]) if row["failed_count"] else NOTHING),
        ("equal pairs", lambda row: str(row.get("equal_count") or NOTHING)),
        *_FIGURES,
        ("median ms", number("median_s", ".0f", 1000)),
    ),
    "video": (
        ("data", text("data")),
        ("model", text("model")),
        ("frames", number("frame_count", "d")),
        ("PSNR dB", number("psnr_db", ".2f")),
        ("least PSNR dB", number("least_psnr_db", ".2f")),
        ("gain dB", number("gain_db", "+.3f")),
        ("warping error", number("warping_error", ".2f")),
        ("against the input", number("warping_against_input", ".3f")),
        ("flicker", number("flicker", ".3f")),
        ("median ms", number("median_s", ".0f", 1000)),
    ),
    "task": (
        ("data", text("data")),
        ("looks", text("looks")),
        ("model", text("model")),
        ("pictures", number("picture_count", "d")),
        ("AP at IoU 0.5", number("ap50", ".3f")),
        ("recall at IoU 0.5", number("recall50", ".3f")),
        ("mean IoU", number("mean_iou", ".3f")),
        ("equal pixels", number("equal_share", ".3f")),
        ("character error rate", number("character_error_rate", ".3f")),
        ("wanted", number("wanted_count", "d")),
        ("found", number("found_count", "d")),
        ("classes", number("class_count", "d")),
    ),
    "speed": (
        ("model", text("model")),
        ("runtime", text("runtime")),
        ("precision", text("precision")),
        ("threads", number("thread_count", "d")),
        ("size", lambda row: f"{row['width']}x{row['height']}"),
        ("median ms", number("median_ms", ".1f")),
        ("spread ms", number("spread_ms", ".1f")),
        ("fastest", number("fastest_ms", ".1f")),
        ("slowest", number("slowest_ms", ".1f")),
        ("frames/s", number("frames_per_s", ".1f")),
        ("peak MB", number("peak_memory_mb", ".0f")),
        ("J a frame", number("energy_j", ".2f")),
        ("times faster", number("times_faster", ".2f")),
    ),
    "paper": (
        ("model", text("model")),
        ("source", text("source")),
        ("data", text("data")),
        ("pictures", number("picture_count", "d")),
        ("PSNR dB", number("psnr_db", ".2f")),
        ("SSIM", number("ssim", ".3f")),
        ("time s", number("seconds", ".2f")),
        ("G MACs", number("giga_macs", ".2f")),
    ),
    "video_speed": (
        ("way", text("way")),
        ("model", text("model")),
        ("runtime", text("runtime")),
        ("precision", text("precision")),
        ("size", text("size")),
        ("frames", number("frame_count", "d")),
        ("rounds", number("rounds", "d")),
        ("seconds", number("seconds", ".1f")),
        ("frames/s", number("frames_per_s", ".1f")),
        ("times slower", number("times_slower", ".2f")),
        ("MB at first", number("memory_mb_early", ".0f")),
        ("MB at last", number("memory_mb_end", ".0f")),
        ("peak MB", number("memory_mb_peak", ".0f")),
    ),
    "live": (
        ("size", text("size")),
        ("sent/s", number("sent_frames_per_s", "d")),
        ("seconds", number("seconds", ".0f")),
        ("received/s", number("frames_per_s", ".1f")),
        ("age ms", number("age_ms", ".0f")),
        ("age ms, 95 %", number("age_ms_95", ".0f")),
        ("growth ms/min", number("age_growth_ms_per_min", "+.2f")),
        ("dropped", number("dropped", "d")),
        ("out of order", number("disordered", "d")),
        ("sound ahead ms", number("sound_ahead_ms", "+.0f")),
        ("resolution", number("mean_resolution", ".2f")),
        ("MB at first", number("memory_mb_start", ".0f")),
        ("MB at last", number("memory_mb_end", ".0f")),
        ("growth MB/min", number("memory_growth_mb_per_min", "+.2f")),
    ),
}
"""What is shown of each kind of record."""
