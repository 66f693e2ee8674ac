"""Every data set by name, with what must be known to read a copy of it.

To add one: write its file, add its line here, and its tree to docs/guide/own-data.md.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from unblur.data.datasets.clips import FrameClip
from unblur.data.datasets.dvd import find_dvd
from unblur.data.datasets.gopro import find_gopro
from unblur.data.datasets.hide import find_hide
from unblur.data.datasets.kohler import find_kohler
from unblur.data.datasets.nfs import find_nfs
from unblur.data.datasets.realblur import find_realblur
from unblur.data.datasets.reds import find_reds
from unblur.data.datasets.trees import Part
from unblur.data.pair_files import PairFiles, find_folder_pairs, is_folder_of_pairs
from unblur.errors import ConfigError, InputError, UnknownNameError


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the forms that a data set is published in."""

    find: Callable[[Path, Part], list[PairFiles]]
    """The pairs of a part, from the folder of a copy; raises InputError."""
    pair_counts: Mapping[Part, int | None] = field(default_factory=dict[Part, int | None])
    """How many pairs each published part has, None where that is not said.

    Empty where the set is the user's own."""


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """What a data set is, and how its files are found."""

    title: str
    """As its papers call it; its file names them."""
    variants: Mapping[str, Variant] = field(default_factory=dict[str, Variant])
    """By name; the first is meant where none is named. None for frames only."""
    find_clips: Callable[[Path], list[FrameClip]] | None = None
    """For frames of high rate, of which blur is yet to be made."""

    def find_variant(self, name: str | None) -> Variant:
        """The variant called `name`, or the first. Raises ConfigError."""
        if not self.variants:
            raise ConfigError(
                f"{self.title} is frames, not pairs; make pairs of them first: unblur data average"
            )
        if name is not None and name not in self.variants:
            known = ", ".join(self.variants)
            raise ConfigError(f"{self.title} has no variant {name!r}; known: {known}")
        return self.variants[name or next(iter(self.variants))]

    def find_pairs(self, path: Path, part: Part, variant: str | None = None) -> list[PairFiles]:
        """The pairs of one part of the copy at `path`.

        Raises InputError that says what is missing, ConfigError for a variant or part
        that the set does not have.
        """
        chosen = self.find_variant(variant)
        if chosen.pair_counts and part not in chosen.pair_counts:
            known = ", ".join(chosen.pair_counts)
            raise ConfigError(f"{self.title} has no part {part!r}; known: {known}")
        return chosen.find(path, part)


def _find_folder(path: Path, _part: Part) -> list[PairFiles]:
    """The pairs of any folder, whatever they are for."""
    return find_folder_pairs(path)


_GOPRO: Mapping[Part, int | None] = {"train": 2103, "test": 1111}
_REDS: Mapping[Part, int | None] = {"train": 24000, "test": 3000}
_REALBLUR: Mapping[Part, int | None] = {"train": 3758, "test": 980}

DATASETS: dict[str, DatasetCard] = {
    "folder": DatasetCard("A folder of pairs", {"pairs": Variant(_find_folder)}),
    "gopro": DatasetCard(
        "GoPro",
        {
            "linear": Variant(partial(find_gopro, blurry="blur"), _GOPRO),
            "gamma": Variant(partial(find_gopro, blurry="blur_gamma"), _GOPRO),
        },
    ),
    "dvd": DatasetCard("DVD", {"published": Variant(find_dvd, {"train": 5708, "test": 1000})}),
    "nfs": DatasetCard("NFS", find_clips=find_nfs),
    "reds": DatasetCard(
        "REDS",
        {
            "blur": Variant(find_reds, _REDS),
            "blur_comp": Variant(partial(find_reds, blurry="blur_comp"), _REDS),
            "blur_jpeg": Variant(partial(find_reds, blurry="blur_jpeg"), _REDS),
            "blur_bicubic": Variant(
                partial(find_reds, blurry="blur_bicubic", sharp="sharp_bicubic"), _REDS
            ),
        },
    ),
    "realblur_j": DatasetCard(
        "RealBlur-J",
        {"published": Variant(partial(find_realblur, kind="J"), _REALBLUR)},
    ),
    "realblur_r": DatasetCard(
        "RealBlur-R",
        {"published": Variant(partial(find_realblur, kind="R"), _REALBLUR)},
    ),
    "hide": DatasetCard(
        "HIDE",
        {
            "all": Variant(find_hide, {"train": 6397, "test": 2025}),
            "close-ups": Variant(
                partial(find_hide, test_folders=("test-close-ups",)), {"test": None}
            ),
            "long-shot": Variant(
                partial(find_hide, test_folders=("test-long-shot",)), {"test": None}
            ),
        },
    ),
    "kohler": DatasetCard("Köhler", {"middle": Variant(find_kohler, {"test": 48})}),
}
"""Every data set that can be read."""


def find_dataset(name: str) -> DatasetCard:
    """The card called `name`. Raises UnknownNameError that names the nearest and all."""
    if name not in DATASETS:
        nearest = difflib.get_close_matches(name, DATASETS, n=1)
        hint = f"did you mean {nearest[0]!r}? " if nearest else ""
        raise UnknownNameError(f"no data set named {name!r}; {hint}known: {', '.join(DATASETS)}")
    return DATASETS[name]


def open_dataset(
    name: str, path: Path, part: Part = "test", *, variant: str | None = None
) -> list[PairFiles]:
    """The pairs of `part` of the data set called `name`, of which a copy is at `path`.

    A path that holds `blurry/` and `sharp/` is a folder of pairs, whatever `name` says;
    so is a path under a name that is in no catalog.

    Raises InputError that says what is missing, ConfigError for a variant or part that
    the set does not have.
    """
    if is_folder_of_pairs(path):
        return find_folder_pairs(path)
    if name in DATASETS:
        return DATASETS[name].find_pairs(path, part, variant)
    try:
        return find_folder_pairs(path)
    except InputError as error:
        raise InputError(f"{error}; or name a data set: {', '.join(DATASETS)}") from error
