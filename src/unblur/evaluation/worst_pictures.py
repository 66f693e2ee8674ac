"""The pictures on which each candidate does worst, kept small, to be looked at."""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from unblur.evaluation.quality import Look, PictureScore
from unblur.images.arrays import Pixels

_LONGEST_SIDE_PX = 960
_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it came, as it was restored and as it should be, as WebP files."""

    score: PictureScore
    blurry: bytes
    restored: bytes
    sharp: bytes | None


@dataclass(slots=True)
class WorstPictures:
    """Keeps the `count` worst of each candidate on each set: least gain, or most NIQE, first."""

    count: int = 5
    _kept: dict[str, list[tuple[float, int, Shown]]] = field(
        default_factory=dict[str, list[tuple[float, int, Shown]]]
    )
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def offer(self, look: Look) -> None:
        """Keep the picture if it is among the worst so far."""
        heap = self._kept.setdefault(f"{look.score.model} on {look.score.data}", [])
        badness = _badness(look.score)
        if len(heap) == self.count and badness <= heap[0][0]:
            return
        shown = Shown(
            look.score,
            encode_small(look.blurry),
            encode_small(look.restored),
            None if look.sharp is None else encode_small(look.sharp),
        )
        entry = (badness, -next(self._numbers), shown)
        (heapq.heappushpop if len(heap) == self.count else heapq.heappush)(heap, entry)

    def of_each(self) -> dict[str, list[Shown]]:
        """The worst pictures by candidate and set, the worst first."""
        return {
            name: [entry[2] for entry in sorted(heap, reverse=True)]
            for name, heap in self._kept.items()
        }


def _badness(score: PictureScore) -> float:
    """Orders pictures from good to bad."""
    if score.gain_db is not None:
        return -score.gain_db
    return -math.inf if score.niqe is None else score.niqe


def encode_small(pixels: Pixels) -> bytes:
    """A WebP file of the picture, no side longer than 960 px."""
    image = Image.fromarray(pixels)
    image.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
    file = BytesIO()
    image.save(file, "WEBP", quality=_QUALITY)
    return file.getvalue()
