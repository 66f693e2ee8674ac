"""One picture of any size through a runtime, whole or in tiles, as memory allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import psutil
from numpy.typing import NDArray

from unblur.errors import ModelError, OutOfMemoryError
from unblur.facts import NetworkFacts
from unblur.images.arrays import Pixels, check_pixels
from unblur.images.tiles import Tile, cut_tiles, keep, read_reflected, whole
from unblur.runtimes.base import Runtime

TileSize = int | Literal["auto"]
ReportProgress = Callable[[int, int | None], None]
"""Called with how many parts (tiles, frames) are done and how many there are, if known."""


def ignore_progress(done_count: int, part_count: int | None) -> None:
    """Report progress to nobody."""


_BYTES_PER_PIXEL = 240
"""Memory that a network is taken to need for each pixel of a tile. Measured (peak of the
process for one 2048x2048 tile in OpenVINO, less that for a 64x64 one): 119 for `live_large` in
fp32 and 42 in int8, less for `live`; twice that to be safe."""
_LARGEST_TILE_PX = 2048
_SMALLEST_TILE_PX = 64


def restore_any_size(
    pixels: Pixels,
    runtime: Runtime,
    tile_px: TileSize = "auto",
    report_progress: ReportProgress = ignore_progress,
) -> Pixels:
    """The restored picture, of the same shape, whatever its size.

    "auto" takes the whole picture at once when it fits into a third of the free
    memory, else tiles that do. When memory runs out all the same, the tiles are
    halved and the picture is tried again. Raises OutOfMemoryError when even the
    smallest tile is too much, ModelError for tiles of a network that takes only
    whole pictures.
    """
    check_pixels(pixels)
    facts = runtime.facts
    side = _fitting_tile(facts) if tile_px == "auto" else tile_px
    tiles = _cut(pixels, facts, side, is_asked_for=tile_px != "auto")
    while True:
        try:
            return _restore_tiles(pixels, runtime, tiles, report_progress)
        except OutOfMemoryError:
            side = min(side, *pixels.shape[:2]) // 2
            if facts.halo_px is None or side < _SMALLEST_TILE_PX:
                raise
            tiles = _cut(pixels, facts, side, is_asked_for=False)


def fits_at_once(pixels: NDArray[Any], runtime: Runtime, tile_px: TileSize) -> bool:
    """Whether as many such pictures as `runtime` has in flight need no tiles."""
    if tile_px == "auto":
        tile_px = _fitting_tile(runtime.facts, runtime.in_flight_count)
    return max(pixels.shape[:2]) <= tile_px


def _cut(pixels: Pixels, facts: NetworkFacts, side: int, *, is_asked_for: bool) -> list[Tile]:
    """Tiles of `side`, or the whole picture where it is no larger or cannot be cut."""
    height, width = pixels.shape[:2]
    if max(height, width) <= side:
        return [whole(height, width, facts.size_rule)]
    if facts.halo_px is None:
        if is_asked_for:
            raise ModelError(
                f"{facts.name} restores whole pictures only, so tiles of {side} px cannot be had; "
                "leave --tile-px out or choose another model"
            )
        return [whole(height, width, facts.size_rule)]
    return cut_tiles(height, width, side, facts.halo_px, facts.size_rule)


def _restore_tiles(
    pixels: Pixels, runtime: Runtime, tiles: list[Tile], report_progress: ReportProgress
) -> Pixels:
    """Every tile restored and put in its place."""
    restored = np.empty_like(pixels)
    for done_count, tile in enumerate(tiles, start=1):
        computed = runtime.restore(read_reflected(pixels, tile.rows, tile.columns))
        rows, columns = tile.rows, tile.columns
        restored[rows.start : rows.stop, columns.start : columns.stop] = keep(computed, tile)
        report_progress(done_count, len(tiles))
    return restored


def _fitting_tile(facts: NetworkFacts, in_flight_count: int = 1) -> int:
    """The largest side whose tiles in flight, halo included, take a third of the free memory."""
    bytes_each = psutil.virtual_memory().available / 3 / in_flight_count
    fitting = (bytes_each / _BYTES_PER_PIXEL) ** 0.5
    side = int(fitting) - 2 * (facts.halo_px or 0)
    return max(_SMALLEST_TILE_PX, min(side, _LARGEST_TILE_PX))
