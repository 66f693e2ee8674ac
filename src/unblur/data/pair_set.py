"""A folder of synthetic pairs, as data sets of pairs are laid out, from photos or from video.

FOLDER/blurry/00000.png  FOLDER/sharp/00000.png  ...
FOLDER/pairs.csv            where each pair comes from and how it was blurred
FOLDER/contact_sheet.jpg    some of the pairs to look at: blurry | sharp
"""

from __future__ import annotations

import csv
import secrets
import shutil
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unblur.data.blur_synthesis import BlurPair
from unblur.errors import OutputError
from unblur.images.arrays import Pixels
from unblur.media.atomic import filling
from unblur.media.image_files import write_picture
from unblur.media.picture import Picture, PictureFile

_LEFT_BY_LOOKING = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What file managers put into a folder that is looked at."""
_COLUMNS = ("name", "source", "at_s", "seed", "kind", "path_px", "is_straight")
_SHEET_PAIRS = 16
_SHEET_PX = (256, 320)
_GAP_PX = 8


@dataclass(frozen=True, slots=True)
class SourcedPair:
    """A pair and where it comes from."""

    pair: BlurPair
    source: str
    """The photo or the video."""
    at_s: float | None = None
    """The moment in the video of the sharp picture; None for a photo."""


def write_pair_set(
    pairs: Iterable[SourcedPair],
    target: Path,
    *,
    pair_count: int,
    seed: int,
    overwrite: bool = False,
    report_progress: Callable[[int, int], None] = lambda _done_count, _pair_count: None,
) -> int:
    """Write `pairs` (about `pair_count` of them) into the folder `target`; gives how many.

    `seed` is that of the whole set, for its table. The folder appears when it is complete;
    whatever ends the work early, Ctrl-C included, leaves nothing of it. Raises OutputError
    when `target` is there already and must not be overwritten or holds anything else.
    """
    sheet: list[Pixels] = []
    cell: tuple[int, int] | None = None
    sheet_step = max(1, pair_count // _SHEET_PAIRS)
    index = 0
    with _replacing_set(target, overwrite=overwrite) as folder:
        for part in ("blurry", "sharp"):
            (folder / part).mkdir()
        with (folder / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(_COLUMNS)
            for each in pairs:
                name = f"{index:05}.png"
                _write(each.pair.blurry, folder / "blurry" / name)
                _write(each.pair.sharp, folder / "sharp" / name)
                table.writerow(_describe(name, seed, each))
                cell = cell or _sheet_cell(each.pair)
                if index % sheet_step == 0 and len(sheet) < _SHEET_PAIRS:
                    sheet.append(_sheet_row(each.pair, cell))
                index += 1
                report_progress(index, pair_count)
        if sheet:
            _write(_contact_sheet(sheet), folder / "contact_sheet.jpg")
    return index


def check_target(target: Path, *, overwrite: bool) -> None:
    """Raise OutputError where no set of pairs can go to `target`, before any work is done."""
    if not target.parent.is_dir():
        raise OutputError(f"there is no folder {target.parent}; make it first")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not overwrite:
        raise OutputError(
            f"{target} is there already; choose another folder, or replace it with --overwrite"
        )
    stranger = _find_stranger(target)
    if stranger is not None:
        raise OutputError(
            f"{target} holds something else than a set of pairs, {stranger}, and is not "
            "overwritten; move that away, or choose another folder"
        )


def _find_stranger(target: Path) -> Path | None:
    """Something at `target`, or in it, that no set of pairs holds; None where all is of one."""
    try:
        with (target / "pairs.csv").open(newline="", encoding="utf-8") as file:
            columns, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error):  # none, or one that others wrote
        columns, rows = [], []
    if tuple(columns) != _COLUMNS:
        return next(target.iterdir()) if target.is_dir() else target
    pictures = {Path(part, row[0]) for part in ("blurry", "sharp") for row in rows if row}
    known = {Path("blurry"), Path("sharp"), Path("pairs.csv"), Path("contact_sheet.jpg"), *pictures}
    inside = sorted(
        path.relative_to(target) for path in target.rglob("*") if path.name not in _LEFT_BY_LOOKING
    )
    return next((target / path for path in inside if path not in known), None)


@contextmanager
def _replacing_set(target: Path, *, overwrite: bool) -> Generator[Path]:
    """A temporary folder that takes the place of `target` when the block ends well."""
    check_target(target, overwrite=overwrite)
    if not target.exists() or not any(target.iterdir()):
        with filling(target) as folder:
            yield folder
        return
    fresh = target.with_name(f".unblur-{secrets.token_hex(6)}-new")
    with filling(fresh) as folder:
        yield folder
    try:
        check_target(target, overwrite=overwrite)
    except OutputError as error:  # something was put there meanwhile
        raise OutputError(f"{error}; the new set is in {fresh}") from error
    old = target.with_name(f".unblur-{secrets.token_hex(6)}-old")
    target.replace(old)
    fresh.replace(target)
    shutil.rmtree(old)


def _describe(name: str, seed: int, each: SourcedPair) -> tuple[str | int, ...]:
    """The row of a pair in the table."""
    moment = "" if each.at_s is None else f"{each.at_s:.3f}"
    pair = each.pair
    path_px = f"{pair.path_px:.2f}"
    return (name, each.source, moment, seed, pair.kind, path_px, int(pair.is_straight))


def _write(pixels: Pixels, path: Path) -> None:
    """Write a picture without metadata."""
    write_picture(Picture(pixels, None, PictureFile("PNG")), path)


def _sheet_cell(pair: BlurPair) -> tuple[int, int]:
    """Height and width of what is shown of each picture: those of the first, within bounds."""
    height, width = pair.sharp.shape[:2]
    return min(height, _SHEET_PX[0]), min(width, _SHEET_PX[1])


def _sheet_row(pair: BlurPair, cell: tuple[int, int]) -> Pixels:
    """The middles of both pictures side by side, at their own scale, on white."""
    row = np.full((cell[0], 2 * cell[1] + _GAP_PX, 3), 255, np.uint8)
    for pixels, left in ((pair.blurry, 0), (pair.sharp, cell[1] + _GAP_PX)):
        height, width = (min(a, b) for a, b in zip(pixels.shape, cell, strict=False))
        top, start = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        row[:height, left : left + width] = pixels[top : top + height, start : start + width]
    return row


def _contact_sheet(rows: list[Pixels]) -> Pixels:
    """Two pairs in a row, with gaps between."""
    rows = rows + [np.full_like(rows[0], 255)] * (len(rows) % 2)
    gap = np.full((rows[0].shape[0], 3 * _GAP_PX, 3), 255, np.uint8)
    lines = [np.hstack([rows[at], gap, rows[at + 1]]) for at in range(0, len(rows), 2)]
    between = np.full((_GAP_PX, lines[0].shape[1], 3), 255, np.uint8)
    return np.vstack([part for line in lines for part in (line, between)][:-1])
