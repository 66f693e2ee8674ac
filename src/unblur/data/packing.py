"""Crops of picture files in one memory-mapped file, made once and read for hours.

Decoding a whole 720p picture for one small crop takes longer than a small network takes
to learn from it. The form is that of `pair_cache`, so that all sources are read alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from unblur.data.pair_files import PairFiles
from unblur.data.pair_reader import PairReader, broken_limit_of
from unblur.data.splits import split_by_scene
from unblur.images.arrays import Pixels
from unblur.media.atomic import check_space, filling

UNKNOWN_PATH_PX = 1.0
"""The path length of real blur, which nobody measured: short, so that no curriculum waits."""
_MOST_THREADS = 8
Report = Callable[[int, int], None]
"""What is told how many pairs of how many are done."""


def _say_nothing(_done_count: int, _pair_count: int) -> None:
    """Report to nobody."""


def pack_pairs(
    pairs: Sequence[PairFiles],
    folder: Path,
    *,
    size_px: int,
    crops_per_pair: int,
    seed: int = 0,
    report: Report = _say_nothing,
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
    check_space(folder, len(pairs) * crops_per_pair * 6 * size_px**2)
    with filling(folder) as unfinished:
        return _write(PairReader(pairs, size_px, seed), unfinished, crops_per_pair, report)


def pack_split(
    pairs: Sequence[PairFiles],
    folder: Path,
    *,
    size_px: int,
    crops_per_pair: int,
    held_out_share: float,
    seed: int = 0,
    report: Report = _say_nothing,
) -> Mapping[PairFiles, str]:
    """Pack `pairs` as `pack_pairs` does, into `train/` and `held_out/` of the new `folder`.

    Whole scenes with `held_out_share` (0..1) of the pairs are held out, one crop of each
    pair; with a share of 0 there is no `held_out/`. Raises what `pack_pairs` raises, and
    ConfigError when all pairs are of one scene.
    """
    training, held_out = list(pairs), list[PairFiles]()
    if held_out_share:
        training, held_out = split_by_scene(pairs, held_out_share, seed)
    crop_count = len(training) * crops_per_pair + len(held_out)
    check_space(folder, crop_count * 6 * size_px**2)
    broken: dict[PairFiles, str] = {}
    done_count = 0
    with filling(folder) as unfinished:
        for part, chosen, count in (
            ("train", training, crops_per_pair),
            ("held_out", held_out, 1),
        ):
            if chosen:
                (unfinished / part).mkdir()
                limit = broken_limit_of(len(pairs)) - len(broken)
                reader = PairReader(chosen, size_px, seed, broken_limit=limit)
                tell = partial(_tell, report, done_count, len(pairs))
                broken |= _write(reader, unfinished / part, count, tell)
                done_count += len(chosen)
    return broken


def _tell(report: Report, before_count: int, of_count: int, done_count: int, _: int) -> None:
    """Tell `report` of a part of the work as part of the whole."""
    report(before_count + done_count, of_count)


def _write(
    reader: PairReader, folder: Path, crops_per_pair: int, report: Report
) -> Mapping[PairFiles, str]:
    """Write crops of every pair into `folder`; gives the broken ones."""
    count = len(reader) * crops_per_pair
    shape = (count, 2, reader.crop_px, reader.crop_px, 3)
    path_px = np.zeros(count, np.float32)
    with (folder / "pairs.npy").open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for index, (blurry, sharp) in enumerate(_all_crops(reader, crops_per_pair, report)):
            file.write(blurry.tobytes() + sharp.tobytes())
            path_px[index] = 0 if np.array_equal(blurry, sharp) else UNKNOWN_PATH_PX
    np.save(folder / "path_px.npy", path_px)
    np.save(folder / "is_straight.npy", np.zeros(count, bool))
    return reader.broken


def _all_crops(
    reader: PairReader, crops_per_pair: int, report: Report
) -> Iterator[tuple[Pixels, Pixels]]:
    """The crops of every pair in turn, read by several threads a little ahead."""
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(reader), 2 * threads):
            numbers = range(start, min(start + 2 * threads, len(reader)))
            for crops in pool.map(lambda it: reader.crops(it, crops_per_pair), numbers):
                yield from crops
            report(numbers.stop, len(reader))
