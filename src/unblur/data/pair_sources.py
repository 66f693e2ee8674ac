"""Pairs out of the user's own photos and videos, one after the other."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from unblur.data.blur_synthesis import (
    MARGIN_PX,
    BlurOptions,
    BlurPair,
    BlurPlan,
    cut_things,
    draw_plan,
    render_pair,
)
from unblur.data.blur_synthesis.degradation import compress, draw_degradation, to_grey_levels
from unblur.data.blur_synthesis.documents import draw_document
from unblur.data.blur_synthesis.flow_interpolation import interpolate_by_flow
from unblur.data.blur_synthesis.frame_averaging import average_frames
from unblur.data.pair_set import SourcedPair
from unblur.data.photos import TRIES, PhotoFile, PhotoPool, find_photos, has_detail, random_scene
from unblur.errors import InputError, MediaError
from unblur.media.frame import Frame
from unblur.media.video_reader import VIDEO_ENDINGS, VideoReader, open_video

_log = logging.getLogger(__name__)
_SMALLEST_PX = 128
_LARGEST_MARGIN_SHARE = 0.1
_OBJECT_COUNT = 2


def find_sources(sources: Sequence[Path]) -> tuple[list[PhotoFile], list[Path]]:
    """The photos or the videos among `sources`: files, tar archives, and folders of them.

    Raises InputError when there are neither, or both, or a source is not there.
    """
    photos = find_photos(sources)
    videos = sorted(video for source in sources for video in _videos_at(source))
    if not photos and not videos:
        raise InputError(
            f"there is no photo and no video in {', '.join(map(str, sources))}; expected files, "
            "folders of them, or tar archives of photos"
        )
    if photos and videos:
        raise InputError(
            f"expected photos or videos, got both ({photos[0].name}, {videos[0].name}); "
            "make a set of each"
        )
    return photos, videos


def _videos_at(source: Path) -> list[Path]:
    """The videos of a file or a folder."""
    paths = source.iterdir() if source.is_dir() else [source]
    return [
        path
        for path in paths
        if path.suffix.lower() in VIDEO_ENDINGS and not path.name.startswith(".")
    ]


def photo_pairs(
    photos: Sequence[PhotoFile],
    *,
    pair_count: int,
    size_px: int | None,
    seed: int,
    options: BlurOptions,
) -> Iterator[SourcedPair]:
    """`pair_count` pairs made from `photos` in random order, again and again.

    Squares of `size_px`, or whole photos less the rim that the blur reaches into. Things in
    front are cut from the other photos. Damaged and too small photos are left out with a
    warning; raises InputError when none is left.
    """
    smallest_px = _SMALLEST_PX if size_px is None else size_px + 2 * MARGIN_PX
    shuffled = np.random.default_rng(seed).permutation(len(photos))
    waiting = deque(photos[index] for index in shuffled)
    for index in range(pair_count):
        rng = np.random.default_rng((seed, index))
        photo, picture = _next_photo(waiting, smallest_px)
        source = photo.name
        if rng.random() < options.document_share:
            size = picture.shape[:2] if size_px is None else (smallest_px, smallest_px)
            source, picture = f"drawn {index}", draw_document(rng, size)
        scene, margin_px = picture, MARGIN_PX
        if size_px is not None:
            scene = random_scene(PhotoPool([picture], []), smallest_px, rng)
        plan = draw_plan(rng, options, scene.shape[:2])
        if size_px is None:
            margin_px = _rim_px(plan)
        objects = _draw_objects(photos, rng) if plan.layers else []
        things = cut_things(plan, objects or [picture])
        pair = render_pair(plan, scene, things, margin_px=margin_px)
        yield SourcedPair(pair, source)


def _next_photo(waiting: deque[PhotoFile], smallest_px: int) -> tuple[PhotoFile, np.ndarray]:
    """The next photo that can be used, which goes to the end of the queue; others leave it."""
    reason = "there is no photo"
    while waiting:
        photo = waiting.popleft()
        try:
            picture = photo.read()
        except MediaError as error:
            reason = str(error)
        else:
            if min(picture.shape[:2]) >= smallest_px:
                waiting.append(photo)
                return photo, picture
            height, width = picture.shape[:2]
            reason = (
                f"{photo.name} has {width}x{height} pixels, expected {smallest_px} or more each way"
            )
        _log.warning("left out: %s", reason)
    raise InputError(f"no photo can be used; the last one: {reason}")


def _draw_objects(photos: Sequence[PhotoFile], rng: np.random.Generator) -> list[np.ndarray]:
    """A few photos to cut things in front from; damaged ones are passed over."""
    objects: list[np.ndarray] = []
    for index in rng.integers(len(photos), size=_OBJECT_COUNT):
        try:
            objects.append(photos[int(index)].read())
        except MediaError:
            continue
    return objects


def _rim_px(plan: BlurPlan) -> int:
    """How wide the rim is in which one would see what lies outside of a whole picture."""
    reach_px = int(np.ceil(plan.path.length_px(plan.height, plan.width) / 2))
    return min(reach_px, int(min(plan.height, plan.width) * _LARGEST_MARGIN_SHARE))


def video_pairs(
    videos: Sequence[Path],
    *,
    pair_count: int,
    size_px: int | None,
    seed: int,
    options: BlurOptions,
    window: int,
    gamma: float,
    between_count: int,
) -> Iterator[SourcedPair]:
    """Up to `pair_count` pairs, as many from each of `videos`, by averaging `window` frames.

    Optical flow adds `between_count` frames between each two. Pairs are spread over each
    video as far as its length is known. Squares of `size_px` from anywhere in the frame,
    or whole frames. Noise and compression of the blurry half are those of `options`.
    Videos that cannot be read, have fewer frames than `window` or are smaller than `size_px`
    are left out with a warning, cut-off ones from where they end, and those after them give
    more. Raises InputError when they are all that there is, and ConfigError for a
    `window` that is not odd.
    """
    made_count = 0
    last_error: InputError | None = None
    for index, video in enumerate(videos):
        wanted = (pair_count - made_count) // (len(videos) - index)
        rng = np.random.default_rng((seed, index))
        try:
            for made in _pairs_of_video(
                video, wanted, size_px, rng, options, window, gamma, between_count
            ):
                made_count += 1
                yield made
        except InputError as error:
            last_error = error
            if made_count or len(videos) > 1:
                _log.warning("left out: %s", error)
    if last_error is not None and not made_count:
        raise last_error


def _pairs_of_video(
    video: Path,
    wanted: int,
    size_px: int | None,
    rng: np.random.Generator,
    options: BlurOptions,
    window: int,
    gamma: float,
    between_count: int,
) -> Iterator[SourcedPair]:
    """Up to `wanted` pairs of one video; raises InputError that names it."""
    with open_video(video) as reader:
        _check_size(reader, size_px)
        moments = _Moments(reader, window)
        stride = _spread(reader.frame_count_estimate, window, wanted)
        averaged = average_frames(
            moments,
            window,
            gamma=gamma,
            stride=stride,
            interpolate=interpolate_by_flow,
            between_count=between_count,
        )
        try:
            for pair in islice(averaged, wanted):
                made = _finish(pair, size_px, gamma, rng, options)
                yield SourcedPair(made, video.name, moments.middle_s())
        except InputError as error:
            is_named = str(video) in str(error)
            raise InputError(str(error) if is_named else f"{video}: {error}") from error


class _Moments:
    """The pixels of a video's frames, and the moments of the last ones."""

    def __init__(self, reader: VideoReader, window: int) -> None:
        self._frames = reader.frames()
        self._recent: deque[Frame] = deque(maxlen=window // 2 + 1)

    def __iter__(self) -> Iterator[np.ndarray]:
        for frame in self._frames:
            self._recent.append(frame)
            yield frame.pixels

    def middle_s(self) -> float:
        """The moment of the middle frame of a window of which the last frame came just now."""
        return float(self._recent[0].shown_at_s)


def _check_size(reader: VideoReader, size_px: int | None) -> None:
    """Raise InputError where no square of `size_px` fits into the frames."""
    if size_px is not None and min(reader.height, reader.width) < size_px:
        raise InputError(
            f"{reader.path} has frames of {reader.width}x{reader.height} pixels, "
            f"expected {size_px} or more each way"
        )


def _spread(frame_count: int | None, window: int, pair_count: int) -> int:
    """Frames from the start of one window to the next, so that pairs come from all over."""
    if frame_count is None or pair_count < 2:
        return window
    return max(window, (frame_count - window) // (pair_count - 1))


def _random_square(
    sharp: np.ndarray, size_px: int, rng: np.random.Generator
) -> tuple[slice, slice]:
    """Rows and columns of a square anywhere in `sharp`, with detail where that is found soon."""
    square = (slice(0, size_px), slice(0, size_px))
    for _ in range(TRIES):
        top, left = (int(rng.integers(side - size_px + 1)) for side in sharp.shape[:2])
        square = (slice(top, top + size_px), slice(left, left + size_px))
        if has_detail(sharp[square]):
            break
    return square


def _finish(
    pair: BlurPair,
    size_px: int | None,
    gamma: float,
    rng: np.random.Generator,
    options: BlurOptions,
) -> BlurPair:
    """A square of `pair`, or all of it, with noise and compression on its blurry half."""
    blurry, sharp = pair.blurry, pair.sharp
    if size_px is not None:
        square = _random_square(sharp, size_px, rng)
        blurry, sharp = np.ascontiguousarray(blurry[square]), np.ascontiguousarray(sharp[square])
    plan = draw_degradation(rng, options)
    if plan.is_noisy:
        light = cv2.LUT(blurry, ((np.arange(256) / 255) ** gamma).astype(np.float32))
        blurry = to_grey_levels(light, gamma, plan)
    return replace(pair, blurry=compress(blurry, plan, np.zeros(2)), sharp=sharp)
