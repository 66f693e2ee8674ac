"""Many synthetic pairs in one memory-mapped file, made once and cropped from for hours.

Making a pair takes longer than a small network takes to learn from it; so pairs
are made ahead by several processes, and augmentation makes each last.
"""

from __future__ import annotations

import math
import multiprocessing
from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import accumulate
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from unblur.data.blur_synthesis import (
    MARGIN_PX,
    REACH_PX,
    BlurOptions,
    synthesize_pair,
    synthesize_sequence,
)
from unblur.data.photos import (
    PhotoPool,
    PhotoSource,
    check_photos,
    open_photos,
    random_scene,
)
from unblur.data.stopping import leave_stopping_to_the_parent, shielded_processes, stop_requests
from unblur.errors import ComputationError, InputError
from unblur.media.atomic import check_space, explaining, make_folder, replacing

_Recipe = tuple[PhotoSource, Path, BlurOptions, int, bool]
"""Photos, folder, kind of blur, seed, and whether the photos are those held out."""
_CHUNK = 256
_PAIR_AXES = 5


class Pairs(Protocol):
    """As many pairs as its length; each (2, H, W, 3) uint8 RGB: blurry, then sharp.

    Or (2, T, H, W, 3): T consecutive frames, blurry and sharp.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> np.ndarray: ...


@dataclass(frozen=True, slots=True)
class PairCache:
    """Pairs on disk; opened read-only by `open_pair_cache`."""

    pairs: Pairs
    """An array (N, 2, H, W, 3) or (N, 2, T, H, W, 3), or several one after the other."""
    path_px: np.ndarray
    """(N,) float32: length of each pair's camera path."""
    is_straight: np.ndarray
    """(N,) bool: whether its blur is a plain line kernel."""


@dataclass(frozen=True, slots=True)
class _JoinedPairs:
    """Several arrays of pairs, read as if they were one."""

    parts: list[Pairs]
    starts: list[int]

    def __len__(self) -> int:
        return self.starts[-1] + len(self.parts[-1])

    def __getitem__(self, index: int) -> np.ndarray:
        part = bisect_right(self.starts, index) - 1
        return self.parts[part][index - self.starts[part]]


def join_caches(caches: Sequence[PairCache]) -> PairCache:
    """The pairs of several caches, one cache after the other."""
    if len(caches) == 1:
        return caches[0]
    counts = [len(cache.pairs) for cache in caches]
    return PairCache(
        _JoinedPairs([cache.pairs for cache in caches], [0, *accumulate(counts[:-1])]),
        np.concatenate([cache.path_px for cache in caches]),
        np.concatenate([cache.is_straight for cache in caches]),
    )


def build_pair_cache(  # noqa: PLR0913 - what pairs depend on
    photos: PhotoSource,
    target: Path,
    *,
    pair_count: int,
    size_px: int,
    options: BlurOptions,
    seed: int,
    frame_count: int = 1,
    processes: int | None = None,
    held_out: bool = False,
) -> None:
    """Make `pair_count` pairs of `size_px` pixels from `photos` into the folder `target`.

    With a `frame_count` above 1 each is a sequence of so many consecutive frames. As many
    `processes` as there are cores make them, if it is not said how many.
    Raises InputError when the photos cannot be used (`check_photos`: those held out and the
    others, before any pair is made), OutputError when `target` cannot be written or the
    disk is too full, ComputationError when a process is killed.
    """
    frames = (frame_count,) if frame_count > 1 else ()
    shape = (pair_count, 2, *frames, size_px, size_px, 3)
    if photos != "drawn":  # removing a photo later moves others from one part to the other
        check_photos(photos, scene_px=_scene_px(shape[1:]))
    make_folder(target)
    try:
        with explaining(target / "pairs.npy"):
            (target / "pairs.npy").unlink(missing_ok=True)  # workers of a killed run may have it
            np.lib.format.open_memmap(target / "pairs.npy", "w+", np.uint8, shape).flush()
        check_space(target, math.prod(shape))  # a disk that fills later kills those that write
        starts = range(0, pair_count, _CHUNK)
        facts = _make_chunks(starts, processes, (photos, target, options, seed, held_out))
    except BaseException:
        (target / "pairs.npy").unlink(missing_ok=True)  # no run goes on with half of them
        raise
    np.save(target / "path_px.npy", facts[:, 0].astype(np.float32))
    with replacing(target / "is_straight.npy") as unfinished:  # says that all is there
        np.save(unfinished, facts[:, 1] > 0)


def _make_chunks(starts: range, processes: int | None, about: _Recipe) -> np.ndarray:
    """Fill the chunks that begin at `starts`; gives (N, 2): path length and whether straight.

    `about` is what `_start_worker` takes first. Whatever ends this ends the workers.
    """
    context = multiprocessing.get_context("spawn")  # a fork copies other libraries' locks
    is_stopped = context.Event()
    with ProcessPoolExecutor(processes, context, _start_worker, (*about, is_stopped)) as pool:
        try:
            with stop_requests() as request, shielded_processes():
                chunks = [pool.submit(_make_chunk, start) for start in starts]
            if request.is_made:
                raise KeyboardInterrupt
            return np.concatenate([chunk.result() for chunk in chunks])
        except BrokenProcessPool as error:
            for process in multiprocessing.active_children():
                process.kill()  # the pool waits for them, and they ignore its SIGTERM
            raise ComputationError(
                "a process that makes pairs was killed, perhaps for lack of memory; free some, "
                "or make fewer or smaller pairs, and start again"
            ) from error
        finally:
            is_stopped.set()  # cancelling chunks as well lets a pool that breaks wait for ever


def open_pair_cache(folder: Path) -> PairCache:
    """Open a finished cache. Raises InputError when `folder` holds none, or a damaged one."""
    try:
        return PairCache(
            np.load(folder / "pairs.npy", mmap_mode="r"),
            np.load(folder / "path_px.npy"),
            np.load(folder / "is_straight.npy"),
        )
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} holds no finished pair cache: {error.filename} is missing"
        ) from error
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"the pairs in {folder} are damaged: {error}; delete that folder, and make or pack "
            "them again"
        ) from error


_worker: dict[str, object] = {}


def _start_worker(
    photos: PhotoSource,
    target: Path,
    options: BlurOptions,
    seed: int,
    held_out: bool,  # noqa: FBT001 - a pool passes its initializer's arguments by position
    is_stopped: Event,
) -> None:
    """Load what every chunk of this process needs, once.

    Photos that cannot be used are for the first chunk to raise: a pool whose initializer
    raises breaks, and says only that.
    """
    leave_stopping_to_the_parent()
    cv2.setNumThreads(1)
    pairs = np.load(target / "pairs.npy", mmap_mode="r+")
    try:
        pool: PhotoPool | InputError = open_photos(
            photos, held_out=held_out, scene_px=_scene_px(pairs.shape[1:])
        )
    except InputError as error:
        pool = error
    _worker.update(pool=pool, pairs=pairs, options=options, seed=seed, is_stopped=is_stopped)


def _make_chunk(start: int) -> np.ndarray:
    """Fill one chunk of the cache; gives (n, 2): path length and whether straight."""
    pool, pairs = _worker["pool"], _worker["pairs"]
    options, seed, is_stopped = (_worker[name] for name in ("options", "seed", "is_stopped"))
    if isinstance(pool, InputError):
        raise pool
    assert isinstance(pool, PhotoPool) and isinstance(pairs, np.ndarray)  # noqa: S101, PT018
    assert isinstance(options, BlurOptions) and isinstance(seed, int)  # noqa: S101, PT018
    assert isinstance(is_stopped, Event)  # noqa: S101
    stop = min(start + _CHUNK, len(pairs))
    facts = np.zeros((stop - start, 2))
    for index in range(start, stop):
        if is_stopped.is_set():
            break
        rng = np.random.default_rng((seed, index))
        fill = _fill_pair if pairs.ndim == _PAIR_AXES else _fill_sequence
        facts[index - start] = fill(pairs[index], pool, rng, options)
    return facts


def _scene_px(shape: Sequence[int]) -> int:
    """The side of a scene for a pair of `shape`, (2, H, W, 3) or (2, T, H, W, 3)."""
    *frames, side_px, _, _ = shape[1:]
    return side_px + 2 * MARGIN_PX + (REACH_PX if frames else 0)


def _fill_pair(
    place: np.ndarray, pool: PhotoPool, rng: np.random.Generator, options: BlurOptions
) -> tuple[float, bool]:
    """Make a pair in `place` (2, H, W, 3); gives path length and whether straight."""
    scene = random_scene(pool, _scene_px(place.shape), rng, document_share=options.document_share)
    pair = synthesize_pair(scene, pool.objects, rng, options, margin_px=MARGIN_PX)
    place[0], place[1] = pair.blurry, pair.sharp
    return pair.path_px, pair.is_straight


def _fill_sequence(
    place: np.ndarray, pool: PhotoPool, rng: np.random.Generator, options: BlurOptions
) -> tuple[float, bool]:
    """Make consecutive frames in `place` (2, T, H, W, 3); gives as `_fill_pair`."""
    scene = random_scene(pool, _scene_px(place.shape), rng, document_share=options.document_share)
    pairs = synthesize_sequence(scene, pool.objects, rng, options, frame_count=place.shape[1])
    for frame, pair in enumerate(pairs):
        place[0, frame], place[1, frame] = pair.blurry, pair.sharp
    return float(np.mean([pair.path_px for pair in pairs])), pairs[0].is_straight
