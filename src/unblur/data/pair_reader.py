"""Crops of pairs of picture files, each known by its number alone.

So a run that is resumed at number n sees what it would have seen without stopping, and
any worker may draw any number.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from unblur.data.pair_files import PairFiles, read_pair
from unblur.errors import ConfigError, InputError
from unblur.images.arrays import Pixels

_log = logging.getLogger(__name__)
_BROKEN_PERCENT = 1
"""More than this much of a set broken is fatal: the copy itself is bad then."""
_ORDER, _CROP = 0, 1
"""What a random number is for, so that the two kinds do not go together."""


def broken_limit_of(pair_count: int) -> int:
    """How many pairs of a set of `pair_count` may be broken."""
    return pair_count * _BROKEN_PERCENT // 100


class PairReader:
    """Blurry and sharp crops of `pairs`, `crop_px` pixels high and wide, by number.

    The numbers 0 to len - 1 show every pair once, in an order drawn by `seed`; the next
    len show all again, in another order with other crops; and so on without end. The
    same pairs, seed and number give the same crop, whatever was read before.

    A pair that cannot be read, or whose pictures differ in size, is named in a warning
    and the next one of the order takes its place. Each process counts those that it met.
    Reading is safe in threads, and a reader can be sent to worker processes.
    """

    def __init__(
        self,
        pairs: Sequence[PairFiles],
        crop_px: int,
        seed: int = 0,
        *,
        broken_limit: int | None = None,
    ) -> None:
        """Allow `broken_limit` broken pairs, or else 1 % of `pairs`.

        Raises InputError when there are no pairs.
        """
        if not pairs:
            raise InputError("expected pairs of pictures, got none")
        self._pairs = tuple(pairs)
        self.crop_px = crop_px
        self._seed = seed
        self._broken_limit = broken_limit_of(len(pairs)) if broken_limit is None else broken_limit
        self._broken: dict[PairFiles, str] = {}

    def __len__(self) -> int:
        """How many pairs there are, which is the length of one pass over them."""
        return len(self._pairs)

    def __iter__(self) -> Iterator[tuple[Pixels, Pixels]]:
        """One pass: the crops with the numbers 0 to len - 1."""
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> tuple[Pixels, Pixels]:
        """The blurry and the sharp crop with that number, as `crops` gives them."""
        return self.crops(number, 1)[0]

    @property
    def broken(self) -> Mapping[PairFiles, str]:
        """The pairs left out so far, and why."""
        return MappingProxyType(self._broken)

    def crops(self, number: int, crop_count: int) -> list[tuple[Pixels, Pixels]]:
        """`crop_count` blurry and sharp crops of the pair with that number, read once.

        (crop_px, crop_px, 3) uint8 RGB each. Raises InputError when more than 1 % of the
        set turn out to be broken, ConfigError when a picture is smaller than a crop.
        """
        if number < 0:
            raise IndexError(f"pairs are numbered from 0, got {number}")
        turn, place = divmod(number, len(self))
        order = np.random.default_rng((self._seed, _ORDER, turn)).permutation(len(self))
        for step in range(place, place + len(self)):
            pair = self._pairs[order[step % len(self)]]
            pictures = self._read(pair)
            if pictures is not None:
                rng = np.random.default_rng((self._seed, _CROP, number))
                return [self._crop(pair, *pictures, rng) for _ in range(crop_count)]
        raise self._too_many()

    def _read(self, pair: PairFiles) -> tuple[Pixels, Pixels] | None:
        """The two pictures of `pair`, or None when it is broken."""
        if pair in self._broken:
            return None
        try:
            return read_pair(pair)
        except InputError as error:
            self._note(pair, str(error))
            return None

    def _note(self, pair: PairFiles, reason: str) -> None:
        """Count a broken pair. Raises InputError when there are too many."""
        if self._broken.setdefault(pair, reason) is reason:
            _log.warning("left out the pair %s: %s", pair.name, reason)
        if len(self._broken) > self._broken_limit:
            raise self._too_many()

    def _too_many(self) -> InputError:
        """The error that there are too many broken pairs."""
        broken = list(self._broken.items())
        reasons = "; ".join(f"{each.name}: {why}" for each, why in broken[:3])
        return InputError(
            f"{len(broken)} of {len(self)} pairs are broken, more than {_BROKEN_PERCENT} % of the "
            f"set: get a whole copy of it ({reasons})"
        )

    def _crop(
        self, pair: PairFiles, blurry: Pixels, sharp: Pixels, rng: np.random.Generator
    ) -> tuple[Pixels, Pixels]:
        """The same random square of both pictures, as arrays of their own."""
        height, width = blurry.shape[:2]
        size = self.crop_px
        if size > min(height, width):
            raise ConfigError(
                f"cannot take a crop of {size}x{size} pixels from {pair.blurry}, which is "
                f"{width}x{height}; lower the crop size, or leave out small pictures"
            )
        top = int(rng.integers(height - size + 1))
        left = int(rng.integers(width - size + 1))
        window = np.s_[top : top + size, left : left + size]
        return blurry[window].copy(), sharp[window].copy()
