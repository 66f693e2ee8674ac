"""Crops of picture files in one memory-mapped file, made once and read for hours.

Decoding a whole 720p picture for one small crop takes longer than a small network takes
to learn from it. The form is that of `pair_cache`, so that all sources are read alike.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from unblur.data.pair_files import PairFiles
from unblur.data.pair_reader import PairReader
from unblur.errors import OutputError
from unblur.images.arrays import Pixels
from unblur.media.atomic import filling

UNKNOWN_PATH_PX = 1.0
"""The path length of real blur, which nobody measured: short, so that no curriculum waits."""
_MOST_THREADS = 8


def pack_pairs(
    pairs: Sequence[PairFiles],
    folder: Path,
    *,
    size_px: int,
    crops_per_pair: int,
    seed: int = 0,
    report: Callable[[int, int], None] | None = None,
) -> Mapping[PairFiles, str]:
    """Write random crops of `pairs` into the new folder `folder`; gives the pairs left out.

    There are `crops_per_pair` of `size_px` pixels for each pair, those of one pair
    together and the pairs in an order drawn by `seed`. For a broken pair another one
    gives more (`PairReader`); what is given back says which, and why. The path length is 0
    where both crops are equal, else `UNKNOWN_PATH_PX`. `report` is told how many pairs of
    how many are done. The folder appears when it is complete.

    Raises OutputError when `folder` is there already or the disk is too full, InputError
    when more than 1 % of the pairs are broken, ConfigError for crops larger than a picture.
    """
    reader = PairReader(pairs, size_px, seed)
    shape = (len(pairs) * crops_per_pair, 2, size_px, size_px, 3)
    _check_space(folder, int(np.prod(shape, dtype=np.int64)))
    path_px = np.zeros(shape[0], np.float32)
    with filling(folder) as unfinished:
        with (unfinished / "pairs.npy").open("wb") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for index, (blurry, sharp) in enumerate(_all_crops(reader, crops_per_pair, report)):
                file.write(blurry.tobytes() + sharp.tobytes())
                path_px[index] = 0 if np.array_equal(blurry, sharp) else UNKNOWN_PATH_PX
        np.save(unfinished / "path_px.npy", path_px)
        np.save(unfinished / "is_straight.npy", np.zeros(shape[0], bool))
    return reader.broken


def _all_crops(
    reader: PairReader, crops_per_pair: int, report: Callable[[int, int], None] | None
) -> Iterator[tuple[Pixels, Pixels]]:
    """The crops of every pair in turn, read by several threads a little ahead."""
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(reader), 2 * threads):
            numbers = range(start, min(start + 2 * threads, len(reader)))
            for crops in pool.map(lambda it: reader.crops(it, crops_per_pair), numbers):
                yield from crops
            if report is not None:
                report(numbers.stop, len(reader))


def _check_space(folder: Path, size_bytes: int) -> None:
    """Raise OutputError when there is less space than `size_bytes` where `folder` will be."""
    above = next(each for each in folder.absolute().parents if each.is_dir())
    free_bytes = shutil.disk_usage(above).free
    if size_bytes > free_bytes:
        raise OutputError(
            f"{folder} would take {size_bytes / 1e9:.1f} GB, and {free_bytes / 1e9:.1f} GB are "
            "free; take fewer or smaller crops, or write elsewhere"
        )
