"""The pairs that a run learns from and is validated on, made first where they are missing."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Literal

from unblur.data.blur_synthesis import MARGIN_PX
from unblur.data.pair_cache import PairCache, build_pair_cache, join_caches, open_pair_cache
from unblur.data.photos import PhotoSource, find_photos, open_photos
from unblur.errors import ConfigError, InputError
from unblur.media.atomic import make_folder
from unblur.media.locks import taking_turns
from unblur.training.batches import BatchSource, CachedBatches
from unblur.training.config import DataOptions, TrainingOptions
from unblur.training.device_batches import DeviceBatches
from unblur.training.made_batches import MadeBatches

_log = logging.getLogger(__name__)
Part = Literal["train", "held_out"]
_RECORD = "made_with.json"
"""What the pairs of a folder were made with; those of `unblur data pack` have none."""
_TURNS = ".making"
"""A file in the cache that a run holds while it makes pairs."""
_PARTS: tuple[Part, Part] = ("train", "held_out")


def open_batches(options: TrainingOptions) -> tuple[BatchSource, PairCache]:
    """The batches of a run, and its validation pairs; raises as `open_pairs`."""
    data = options.data
    if data.synthesis == "cached":
        training, held_out = (open_pairs(options, part) for part in _PARTS)
        batches = DeviceBatches if data.cache_on_device else CachedBatches
        return batches(training, options), held_out
    if data.photos is None:
        raise ConfigError(
            f"data.synthesis is {data.synthesis!r}; give data.photos to make pairs of"
        )
    if data.frame_count > 1:
        raise ConfigError(
            f"sequences of frames come from a cache; data.synthesis is {data.synthesis!r}, set it "
            "to cached"
        )
    held_out = open_pairs(options, "held_out")
    pool = open_photos(data.photos, scene_px=options.crop_px + 2 * MARGIN_PX)
    return MadeBatches(pool, options), held_out


def open_pairs(options: TrainingOptions, part: Part) -> PairCache:
    """The pairs for training ("train") or for validation ("held_out").

    Raises ConfigError when there are none and nothing says what to make them from, or when
    they do not have the size that `options` say; InputError when they cannot be made.
    """
    data = options.data
    if _is_made(data.cache / part):
        _tell_what_differs(options, part)
    else:
        _make_missing_pairs(options, part)
    folders = [data.cache, *data.more_caches]
    return join_caches([_open(folder / part, data) for folder in folders])


def _is_made(folder: Path) -> bool:
    return (folder / "is_straight.npy").exists()


def _make_missing_pairs(options: TrainingOptions, part: Part) -> None:
    """Make the pairs of `part` from the photos, or wait while another run makes them."""
    data = options.data
    folder = data.cache / part
    if data.photos is None:
        raise ConfigError(
            f"there are no pairs in {folder}; make them by `unblur data pack`, "
            "or give data.photos to make them from"
        )

    def tell_waiting() -> None:
        _log.info("waiting for another run that makes pairs in %s", data.cache)

    make_folder(data.cache)
    with taking_turns(data.cache / _TURNS, tell_waiting):
        if _is_made(folder):
            _tell_what_differs(options, part)
        else:
            _make_pairs(options, part, data.photos)


def _make_pairs(options: TrainingOptions, part: Part, photos: PhotoSource) -> None:
    """Make the pairs of `part` from `photos`."""
    data, is_held_out = options.data, part == "held_out"
    folder = data.cache / part
    count = data.held_out_count if is_held_out else data.pair_count
    _log.info("making %d pairs in %s", count, folder)
    build_pair_cache(
        photos,
        folder,
        pair_count=count,
        size_px=data.pair_px,
        options=data.blur,
        seed=options.seed + is_held_out,
        frame_count=data.frame_count,
        held_out=is_held_out,
    )
    (folder / _RECORD).write_text(json.dumps(_recipe(options, part), indent=1), encoding="utf-8")


def _recipe(options: TrainingOptions, part: Part) -> dict[str, object]:
    """What the pairs of `part` depend on, by the names of the options."""
    data = options.data
    count_name = "held_out_count" if part == "held_out" else "pair_count"
    return {
        "seed": options.seed,
        "data.photos": None if data.photos is None else str(data.photos),
        "photos there": _describe_photos(data.photos),
        f"data.{count_name}": getattr(data, count_name),
        "data.pair_px": data.pair_px,
        **{f"data.blur.{name}": value for name, value in data.blur.model_dump(mode="json").items()},
    }


def _describe_photos(photos: PhotoSource | None) -> str | None:
    """How many photos there are, and a checksum of their names, by which some are held out."""
    if photos is None or photos == "drawn":
        return None
    try:
        names = [photo.name for photo in find_photos([photos])]
    except InputError:  # they are not needed once the pairs are made
        return None
    return f"{len(names)}, names {hashlib.sha256(json.dumps(names).encode()).hexdigest()[:8]}"


def _tell_what_differs(options: TrainingOptions, part: Part) -> None:
    """Warn where pairs that are there were made with other options; some do not say with which."""
    folder = options.data.cache / part
    try:
        made_with = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    wanted = _recipe(options, part)
    for name in ("data.photos", "photos there"):
        if wanted[name] is None:  # they are not needed any more
            del wanted[name]
    differing = [
        f"{name} {made_with[name]!r} (now {value!r})"
        for name, value in wanted.items()
        if name in made_with and made_with[name] != value
    ]
    if differing:
        _log.warning(
            "the pairs in %s are used as they are: they were made with %s; delete the folder, or "
            "set data.cache to another, to make them anew",
            folder,
            ", ".join(differing),
        )


def _open(folder: Path, data: DataOptions) -> PairCache:
    """The pairs in `folder`; raises ConfigError when they have another size or length."""
    cache = open_pair_cache(folder)
    *frames, height, width, _ = cache.pairs[0].shape[1:]
    if (height, width) != (data.pair_px, data.pair_px):
        raise ConfigError(
            f"the pairs in {folder} are {width}x{height}, and data.pair_px is {data.pair_px}; "
            f"set it to {width}, or make the pairs again elsewhere"
        )
    frame_count = frames[0] if frames else 1
    if frame_count != data.frame_count:
        raise ConfigError(
            f"the pairs in {folder} have {frame_count} frames each, and data.frame_count is "
            f"{data.frame_count}; set it to {frame_count}, or make the pairs again elsewhere"
        )
    return cache
