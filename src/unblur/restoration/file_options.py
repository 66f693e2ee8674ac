"""What is asked of the restoring of files, and what is told of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from unblur.errors import ConfigError
from unblur.facts import Precision
from unblur.media.codecs import VideoCodec
from unblur.restoration.self_ensemble import SelfEnsemble
from unblur.runtimes.base import Device, RuntimeName

PICTURE_MODEL = "live_large"
VIDEO_MODEL = "live"
"""What "auto" is: docs/weights.md, "The default models"."""


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """What is done with videos only."""

    start_s: Fraction = Fraction(0)
    """What a player shows before this moment is left out."""
    end_s: Fraction | None = None
    """The first moment that is left out; None: to the end."""
    deinterlaces: bool = False
    """Interlaced videos are refused otherwise."""
    skips_sharp: bool = False
    """Whether frames without a blurred part are left as they are."""
    preview_count: int = 0
    """Stills, before and after side by side, that are written first."""

    def __post_init__(self) -> None:
        """Raise ConfigError for moments and counts that are none."""
        end_s = math.inf if self.end_s is None else self.end_s
        try:
            fits = 0 <= self.start_s < end_s
        except TypeError:
            fits = False
        if not fits:
            raise ConfigError(
                "expected seconds of which start_s is 0 or more and end_s is later, "
                f"got {self.start_s!r} and {self.end_s!r}"
            )
        if not (isinstance(self.preview_count, int) and self.preview_count >= 0):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"preview_count must be 0 or more, got {self.preview_count!r}")


USUAL_VIDEO = VideoOptions()
"""The whole video, as it comes."""


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """How files are restored."""

    model: str | Path = "auto"
    """Name of a bundled model, or a model file; auto: `PICTURE_MODEL` or `VIDEO_MODEL`."""
    device: Device = "auto"
    runtime: RuntimeName | Literal["auto"] = "auto"
    precision: Precision | Literal["auto"] = "auto"
    """Auto: as exact as can be for pictures; int8 for video where the model has it."""
    tile_px: int | Literal["auto"] = "auto"
    """Height and width of the tiles that a picture is cut into."""
    self_ensemble: SelfEnsemble | Literal["auto"] = "auto"
    """How many orientations are restored, of which the mean is taken; auto: as `Restorer` has it
    for pictures, 1 for the frames of videos."""
    video_codec: VideoCodec = "h264"
    video: VideoOptions = USUAL_VIDEO
    thread_count: int | None = None
    """CPU threads of each restorer; None: as many as the runtime finds good."""
    overwrite: bool = False
    """Whether a result may replace an existing file; otherwise its input is skipped."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file; the fields are those of the lines of `unblur restore --json`."""

    input: Path
    output: Path | None
    """The restored file; None when there is none."""
    status: Literal["restored", "skipped", "failed"]
    seconds: float = 0.0
    """From opening the file to the finished result."""
    width: int | None = None
    height: int | None = None
    frame_count: int | None = None
    """Frames of a video; None for a picture."""
    repeated_count: int | None = None
    """Those of them that equal the frame before, and were not computed again in this run."""
    sharp_count: int | None = None
    """Those that were sharp already and passed through in this run."""
    previews: tuple[Path, ...] = ()
    """Stills of a video that this run wrote."""
    model: str | None = None
    runtime: str | None = None
    device: str | None = None
    precision: str | None = None
    self_ensemble: int | None = None
    """How many orientations of each picture or frame were restored."""
    notes: tuple[str, ...] = ()
    """Sentences about what the user may want to know."""
    error: str | None = None
    """Why the file failed, in a sentence."""

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain texts, numbers and lists."""
        output = None if self.output is None else str(self.output)
        previews = tuple(map(str, self.previews))
        texts = {"input": str(self.input), "output": output, "previews": previews}
        return {**asdict(self), **texts, "seconds": round(self.seconds, 3)}
