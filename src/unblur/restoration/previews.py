"""Stills out of a video, before and after side by side, ahead of the long work."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from unblur.errors import MediaError
from unblur.images.arrays import to_eight_bits
from unblur.media.frame import Frame
from unblur.media.image_files import side_by_side, write_picture
from unblur.media.picture import Picture, PictureFile
from unblur.media.video_reader import VideoReader, open_video
from unblur.restoration.inputs import RESTORED_SUFFIX
from unblur.restoration.restorer import Restorer


def write_previews(reader: VideoReader, restorer: Restorer, target: Path, count: int) -> list[Path]:
    """Write `count` stills, evenly spread over what is read; gives their paths.

    They lie beside `target` as `name_preview1_unblurred.png`; older ones are replaced.
    Raises as reading, restoring and writing do.
    """
    written: list[Path] = []
    stem = target.stem.removesuffix(RESTORED_SUFFIX)
    length_s = Fraction(reader.duration_s or 0)
    for number in range(1, count + 1):
        frame = _frame_at(reader, length_s * (2 * number - 1) / (2 * count))
        if frame is None:
            continue
        (restored,) = restorer.restore_frames([frame])
        path = target.with_name(f"{stem}_preview{number}{RESTORED_SUFFIX}.png")
        write_picture(side_by_side(_to_picture(frame), _to_picture(restored)), path)
        written.append(path)
    return written


def _frame_at(reader: VideoReader, moment_s: Fraction) -> Frame | None:
    """The first frame shown from a moment of the part on."""
    start_s = reader.part.start_s + moment_s
    try:
        with open_video(
            reader.path, deinterlaces=reader.deinterlaces, start_s=start_s
        ) as from_there:
            return next(from_there.frames(), None)
    except MediaError:
        return None


def _to_picture(frame: Frame) -> Picture:
    """A frame as a still of 8 bits."""
    return Picture(to_eight_bits(frame.pixels), None, PictureFile("PNG"))
