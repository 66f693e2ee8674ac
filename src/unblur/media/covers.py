"""Cover pictures: stills that stand for a file; each container keeps them in its own way."""

from __future__ import annotations

from pathlib import Path

from av.container import OutputContainer
from av.stream import Disposition, Stream

from unblur.media.containers import open_input

_MIME_TYPES = {"mjpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "tiff": "image/tiff"}
"""What pictures are called that Matroska attaches, by FFmpeg's name of their codec."""
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/tiff": ".tif"}


def is_cover(stream: Stream) -> bool:
    """Whether a stream is one still without a moment; timed thumbnails are not."""
    still = Disposition.attached_pic
    return stream.disposition & (still | Disposition.timed_thumbnails) == still


def keeps_cover_tracks(output: OutputContainer) -> bool:
    """Whether `output` writes a video stream marked as a cover as one.

    MP4 has no place for it beside metadata in Apple's form, MOV none at all.
    """
    is_apple = "use_metadata_tags" in output.container_options.get("movflags", "")
    return output.format.name == "mp4" and not is_apple


def read_cover(path: Path, stream_index: int) -> bytes | None:
    """The file of the picture in one stream of the video at `path`; None where there is none."""
    with open_input(path) as container:
        packets = container.demux(container.streams[stream_index])
        return next((bytes(packet) for packet in packets if packet.size), None)


def attach_cover(output: OutputContainer, template: Stream, data: bytes) -> bool:
    """Add a cover to a Matroska file, as an attachment; False where this cannot be done."""
    codec = getattr(template, "name", None)
    mime_type = template.metadata.get("mimetype") or _MIME_TYPES.get(codec or "")
    if output.format.name != "matroska" or mime_type is None:
        return False
    name = template.metadata.get("filename") or f"cover{_ENDINGS.get(mime_type, '')}"
    output.add_attachment(name, mime_type, data).metadata.update(template.metadata)
    return True
