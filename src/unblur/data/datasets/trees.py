"""Folders as data sets lay them out, and sentences about those that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from unblur.data.pair_files import PairFiles, find_folders, name_some, pair_up
from unblur.errors import InputError

Part = Literal["train", "test"]
"""To train on, or to measure with."""


def enter(folder: Path, name: str) -> Path:
    """The folder `name` in `folder`, or `folder` itself where it has none.

    So a path may lead to a data set or to the folder that it was unpacked into. Raises
    InputError when there is no folder at all.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; expected the unpacked data set there")
    return folder / name if (folder / name).is_dir() else folder


def require_folder(folder: Path, contents: str) -> Path:
    """`folder`, if it is one; else raises InputError that says what was expected in it."""
    if not folder.is_dir():
        inside = sorted(find_folders(folder.parent))
        there = f"{folder.parent} holds {name_some(inside) or 'no folders'}"
        raise InputError(f"there is no folder {folder}; expected {contents} in it ({there})")
    return folder


def pair_up_scenes(blurry: Path, sharp: Path) -> list[PairFiles]:
    """The pairs of two folders that hold a folder for each scene.

    Raises InputError when there is no scene, or when one is in one of them only.
    """
    scenes = sorted(find_folders(blurry) | find_folders(sharp))
    if not scenes:
        raise InputError(f"{blurry} holds no scenes; expected a folder with pictures for each")
    return [
        pair for scene in scenes for pair in pair_up(blurry / scene, sharp / scene, scene=scene)
    ]


def pair_up_in_scenes(scenes: Path, blurry: str, sharp: str) -> list[PairFiles]:
    """The pairs of a folder of scenes, each of which holds the folders `blurry` and `sharp`.

    Raises InputError when there is no scene, or when one is not whole.
    """
    names = sorted(find_folders(scenes))
    if not names:
        raise InputError(
            f"{scenes} holds no scenes; expected folders with {blurry}/ and {sharp}/ in each"
        )
    return [
        pair
        for name in names
        for pair in pair_up(scenes / name / blurry, scenes / name / sharp, scene=name)
    ]
