"""Opening video files for reading, and telling in a sentence why that fails."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from unblur.errors import MediaError

_READ = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "mpegvideo",
    "flv",
    "asf",
    "ogg",
    "mxf",
    "dv",
    "nut",
    "yuv4mpegpipe",
)
"""FFmpeg's names of the containers that are read: those that hold frames, no lists of files."""


def open_input(path: Path) -> InputContainer:
    """The file at `path` opened by FFmpeg; the caller closes it.

    Nothing is followed from it to other files or the network: playlists are no videos.
    Raises MediaError for a missing file, a folder, an empty file, and one that
    FFmpeg cannot make sense of.
    """
    _check_file(path)
    try:
        return av.open(
            name_for_ffmpeg(path),
            mode="r",
            container_options={"protocol_whitelist": "file", "format_whitelist": ",".join(_READ)},
            metadata_errors="replace",
        )
    except EOFError as error:
        raise MediaError(f"{path} is a video without a single readable frame") from error
    except (FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            f"cannot read {path}: it is no video, is damaged, or was cut off before its index "
            f"was written ({reason_of(error)})"
        ) from error


def open_output(path: Path, muxer: str, options: dict[str, str]) -> OutputContainer:
    """A file at `path` to be written by `muxer`; the caller closes it."""
    return av.open(name_for_ffmpeg(path), mode="w", format=muxer, container_options=options)


def name_for_ffmpeg(path: Path) -> str:
    """`path` so that FFmpeg takes no part of the name for a protocol."""
    return f"file:{path}"


def reason_of(error: Exception) -> str:
    """What FFmpeg or the system said, without numbers and paths."""
    return str(getattr(error, "strerror", None) or error)


def _check_file(path: Path) -> None:
    """Raise MediaError where `path` is not a file with something in it."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise MediaError(f"there is no file {path}") from error
    except (OSError, ValueError) as error:
        raise MediaError(f"cannot read {path}: {reason_of(error)}") from error
    if path.is_dir():
        raise MediaError(f"{path} is a folder, expected a video file")
    if path.is_file() and status.st_size == 0:
        raise MediaError(f"{path} is empty (0 bytes), expected a video file")
