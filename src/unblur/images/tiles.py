"""Cutting a picture into tiles with a halo, so that nobody can see where.

A tile is computed with `halo_px` of its surroundings, as far as one pixel of the
network's input counts in its output, and only its own part is kept: tiled and
untiled results are then the same, to a grey level at most (docs/decisions/halo.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unblur.facts import SizeRule
from unblur.images.arrays import Pixels


@dataclass(frozen=True, slots=True)
class Span:
    """One side of a tile, in pixels of the picture; `stop` is exclusive."""

    start: int
    stop: int
    """The part that is kept: start <= row or column < stop."""
    read_start: int
    read_stop: int
    """The part that is computed, halo and padding included; may pass the picture's end."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the picture: what is kept of it and what is computed for it."""

    rows: Span
    columns: Span


def cut_spans(length: int, tile_px: int, halo_px: int, size_rule: SizeRule) -> list[Span]:
    """Spans that cover 0..`length` once, each computed with `halo_px` around it.

    As few of at most `tile_px` as will do, all about as long, and all computed at one
    length, so that the network is prepared for one size only. Starts and computed
    lengths are multiples of `size_rule.multiple_of`: every tile lies on the same grid as
    the whole picture. The last one may read past the end, as padding the whole would.
    """
    multiple_of = size_rule.multiple_of
    longest = max(1, tile_px // multiple_of) * multiple_of
    count = -(-length // longest)
    step = _round_up(-(-length // count), multiple_of)
    halo = _round_up(halo_px, multiple_of)
    wanted = step + 2 * halo
    end = length + size_rule.padding(length)
    read_px = min(end, wanted + size_rule.padding(wanted))
    spans: list[Span] = []
    for start in range(0, length, step):
        read_start = min(max(0, start - halo), end - read_px)
        spans.append(Span(start, min(start + step, length), read_start, read_start + read_px))
    return spans


def cut_tiles(
    height: int, width: int, tile_px: int, halo_px: int, size_rule: SizeRule
) -> list[Tile]:
    """Tiles of at most `tile_px` on a side that cover the picture once, row by row."""
    rows = cut_spans(height, tile_px, halo_px, size_rule)
    columns = cut_spans(width, tile_px, halo_px, size_rule)
    return [Tile(row, column) for row in rows for column in columns]


def read_reflected(pixels: Pixels, rows: Span, columns: Span) -> Pixels:
    """The computed part of a tile; past the picture's end it is the picture reflected."""
    band = pixels[_reflect(rows, pixels.shape[0])]
    indices = _reflect(columns, pixels.shape[1])
    if isinstance(indices, slice):
        return np.ascontiguousarray(band[:, indices])
    inside = band[:, columns.read_start :]  # a row at a time, where indices copy pixel by pixel
    beyond = band[:, indices[inside.shape[1] :]]
    return np.ascontiguousarray(np.concatenate([inside, beyond], axis=1))


def keep(computed: Pixels, tile: Tile) -> Pixels:
    """The part of a computed tile that belongs into the picture."""
    top = tile.rows.start - tile.rows.read_start
    left = tile.columns.start - tile.columns.read_start
    height = tile.rows.stop - tile.rows.start
    width = tile.columns.stop - tile.columns.start
    return computed[top : top + height, left : left + width]


def whole(height: int, width: int, size_rule: SizeRule) -> Tile:
    """The whole picture as a single tile."""
    largest = max(height, width) + size_rule.minimum + size_rule.multiple_of
    return cut_tiles(height, width, largest, 0, size_rule)[0]


def _round_up(length: int, multiple_of: int) -> int:
    """The next multiple that is not below `length`."""
    return -(-length // multiple_of) * multiple_of


def _reflect(span: Span, length: int) -> slice | np.ndarray:
    """Indices of `span` in a side of `length`, mirrored about the last sample."""
    if span.read_stop <= length:
        return slice(span.read_start, span.read_stop)
    if length == 1:
        return np.zeros(span.read_stop - span.read_start, int)
    period = 2 * (length - 1)
    folded = np.arange(span.read_start, span.read_stop) % period
    return np.minimum(folded, period - folded)
