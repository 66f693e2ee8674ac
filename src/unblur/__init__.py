"""unblur: take the blur out of photos and video.

>>> import unblur
>>> print(*unblur.__all__)
Frame Picture Restorer UnblurError VideoOptions __version__ read_picture restore write_picture

The names are loaded when they are first used, so that `import unblur` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from unblur._version import __version__

if TYPE_CHECKING:
    from unblur.errors import UnblurError
    from unblur.media.frame import Frame
    from unblur.media.image_files import read_picture, write_picture
    from unblur.media.picture import Picture
    from unblur.restoration.file_jobs import restore
    from unblur.restoration.file_options import VideoOptions
    from unblur.restoration.restorer import Restorer

__all__ = [
    "Frame",
    "Picture",
    "Restorer",
    "UnblurError",
    "VideoOptions",
    "__version__",
    "read_picture",
    "restore",
    "write_picture",
]

_HOMES = {
    "Frame": "unblur.media.frame",
    "Picture": "unblur.media.picture",
    "Restorer": "unblur.restoration.restorer",
    "UnblurError": "unblur.errors",
    "VideoOptions": "unblur.restoration.file_options",
    "read_picture": "unblur.media.image_files",
    "restore": "unblur.restoration.file_jobs",
    "write_picture": "unblur.media.image_files",
}
"""In which module each public name lives."""


def __getattr__(name: str) -> object:
    """The public `name`, loaded now; raises AttributeError for any other."""
    if name not in _HOMES:
        raise AttributeError(f"module 'unblur' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
