"""Blurry and sharp pictures as files: what every data set comes down to.

Where the files of a published data set lie is known to `data.datasets`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unblur.errors import InputError
from unblur.images.arrays import Pixels, to_eight_bits
from unblur.media.image_files import PICTURE_ENDINGS, read_picture

FOLDER_NAMES = (("blurry", "sharp"), ("blur", "sharp"), ("input", "target"), ("input", "GT"))
"""What the two folders of a folder of pairs may be called."""


@dataclass(frozen=True, slots=True)
class PairFiles:
    """One blurry picture and its sharp one, on disk."""

    name: str
    """Unlike that of any other pair of the set."""
    blurry: Path
    sharp: Path
    scene: str = ""
    """What was filmed: pairs of one scene stay on one side of a split."""


def is_folder_of_pairs(folder: Path) -> bool:
    """Whether `folder` has the two folders that `find_folder_pairs` reads."""
    return _folder_names(folder) is not None


def find_folder_pairs(folder: Path) -> list[PairFiles]:
    """The pairs of a folder that holds `blurry/` and `sharp/` with pictures of the same names.

    Folders inside both are scenes; for other pairs, a table `pairs.csv` with the columns
    `name` and `source` may say what they are of. `blur/` and `sharp/`, `input/` and
    `target/`, `input/` and `GT/` do as well. Raises InputError when there is no pair, or
    when a partner is missing.
    """
    blurry, sharp = (folder / name for name in _folder_names(folder) or FOLDER_NAMES[0])
    pairs: list[PairFiles] = []
    if find_pictures(blurry) or find_pictures(sharp):
        sources = _sources_in(folder / "pairs.csv")
        pairs = [replace(pair, scene=sources.get(pair.name, "")) for pair in pair_up(blurry, sharp)]
    for scene in sorted(find_folders(blurry) | find_folders(sharp)):
        pairs += pair_up(blurry / scene, sharp / scene, scene=scene)
    if not pairs:
        raise InputError(f"{folder} holds no pairs; expected pictures in blurry/ and sharp/")
    return pairs


def _sources_in(table: Path) -> dict[str, str]:
    """What each pair of a folder was made of, by its name, where there is a table of it."""
    if not table.is_file():
        return {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read {table}: {error}; repair it, or take it away") from error
    return {
        Path(row["name"]).stem: row["source"]
        for row in rows
        if row.get("name") and row.get("source")
    }


def _folder_names(folder: Path) -> tuple[str, str] | None:
    """The first of the known pairs of names of which `folder` has both."""
    for names in FOLDER_NAMES:
        if all((folder / name).is_dir() for name in names):
            return names
    return None


def pair_up(blurry: Path, sharp: Path, *, scene: str = "") -> list[PairFiles]:
    """The pictures of two folders, those of one name together, named "scene/name".

    Raises InputError when there is no picture, or when one has no partner.
    """
    first, second = find_pictures(blurry), find_pictures(sharp)
    if not first and not second:
        raise InputError(f"{blurry} holds no pictures; expected the blurry ones in it")
    check_partners(first, blurry, set(second), sharp)
    check_partners(second, sharp, set(first), blurry)
    prefix = f"{scene}/" if scene else ""
    return [PairFiles(prefix + name, first[name], second[name], scene) for name in first]


def check_partners(names: Iterable[str], folder: Path, partners: set[str], where: Path) -> None:
    """Raise InputError unless every one of `names`, in `folder`, is among `partners`."""
    lonely = [name for name in names if name not in partners]
    if lonely:
        place = where if where.is_dir() else f"{where}, which is not there"
        raise InputError(
            f"{folder}: {len(lonely)} pictures have no partner in {place}: {name_some(lonely)}; "
            "add the missing ones, or take these away"
        )


def name_some(names: Sequence[object]) -> str:
    """The first five of `names`, for a sentence."""
    return ", ".join(str(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")


def read_pair(pair: PairFiles) -> tuple[Pixels, Pixels]:
    """The blurry and the sharp picture, (H, W, 3) uint8 RGB each.

    Raises InputError when one cannot be read, or when their sizes differ.
    """
    blurry, sharp = (
        to_eight_bits(read_picture(path).samples) for path in (pair.blurry, pair.sharp)
    )
    if blurry.shape != sharp.shape:
        raise InputError(
            f"{pair.blurry} and {pair.sharp} differ in size: {blurry.shape} and {sharp.shape}"
        )
    return blurry, sharp


def find_pictures(folder: Path) -> dict[str, Path]:
    """The pictures of `folder` by their names without ending; none where there is no folder.

    Raises InputError when two differ by their endings alone.
    """
    found: dict[str, Path] = {}
    for path in sorted(_entries(folder)):
        if path.suffix.lower() in PICTURE_ENDINGS and not path.name.startswith("."):
            if path.stem in found:
                raise InputError(
                    f"{folder} holds both {found[path.stem].name} and {path.name}; keep one"
                )
            found[path.stem] = path
    return found


def find_folders(folder: Path) -> set[str]:
    """The names of the folders inside `folder`; none where there is no folder."""
    return {
        path.name
        for path in _entries(folder)
        if path.is_dir() and not path.name.startswith((".", "__"))
    }


def _entries(folder: Path) -> list[Path]:
    """What lies in `folder`; nothing where there is no folder."""
    try:
        return list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror or error}") from error
