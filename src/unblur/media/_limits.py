"""Which pictures are taken at all, whatever their format."""

from __future__ import annotations

from pathlib import Path

from unblur.errors import MediaError

MAX_PIXELS = 400_000_000
"""Larger pictures are refused: a file of a few kilobytes can claim to be one."""


def check_still(frame_count: int, path: Path) -> None:
    """Raise MediaError when the file holds more than one picture."""
    if frame_count > 1:
        raise MediaError(
            f"{path} holds {frame_count} frames; expected a still picture, "
            "so save the frame to restore as a file of its own"
        )


def check_size(size: tuple[int, int], path: Path) -> None:
    """Raise MediaError when `size`, (width, height), is nothing or too much."""
    width, height = size
    if min(width, height) < 1:
        raise MediaError(f"{path} is a picture of {width}x{height} pixels, so there is none in it")
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"{path} is a picture of {width}x{height} pixels; expected at most "
            f"{MAX_PIXELS // 10**6} million, so cut it into parts first"
        )
