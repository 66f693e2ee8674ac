"""Which files an argument stands for: a file, a folder, a pattern. Opens none of them."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from unblur.media.image_files import PICTURE_ENDINGS
from unblur.media.video_reader import VIDEO_ENDINGS

RESTORED_SUFFIX = "_unblurred"
"""What the name of a result ends in, before the dot."""
COMPARE_SUFFIX = "_compare"
"""The same for a side-by-side picture."""
PREVIEW_SUFFIX = "_preview"
"""What stands in the name of a video's still, before its number and `RESTORED_SUFFIX`."""
ANY_CODEC_ENDING = ".mkv"
"""Matroska takes every codec that we write."""
_STILL = re.compile(rf"{PREVIEW_SUFFIX}\d+{RESTORED_SUFFIX}\.png$")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A picture or video to restore."""

    path: Path
    root: Path
    """The folder below which its place is kept under an output folder."""
    is_named: bool
    """Whether the user named this very file; otherwise a folder or a pattern led to it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that is not restored, and why, in a sentence."""

    path: Path
    reason: str


@dataclass(slots=True)
class Findings:
    """What looking through the arguments brought."""

    files: list[FoundFile] = field(default_factory=list[FoundFile])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    """Named inputs that cannot be restored."""
    notes: list[str] = field(default_factory=list[str])
    """Sentences about places that could not be looked into."""
    results: list[Path] = field(default_factory=list[Path])
    """Files left out because they are named like results of ours."""
    others: list[Path] = field(default_factory=list[Path])
    """Files in folders left out because they are neither pictures nor videos."""


def find_files(inputs: Sequence[str | Path], *, is_recursive: bool = False) -> Findings:
    """The pictures and videos that `inputs` stand for, each once, in the order given.

    A folder gives the files in it, by name, and those of all folders inside it if
    `is_recursive`; a name with wildcards that is no file gives the files it fits.
    Hidden files and results of ours in folders are left out.
    """
    findings = Findings()
    for argument in inputs:
        _look_at(argument, findings, is_recursive=is_recursive)
    _drop_repeats(findings)
    return findings


def is_video(path: Path) -> bool:
    """Whether the name says that `path` is a video."""
    return path.suffix.lower() in VIDEO_ENDINGS


def is_media(path: Path) -> bool:
    """Whether the name says that `path` is a picture or a video."""
    return path.suffix.lower() in PICTURE_ENDINGS or is_video(path)


def kind_of(path: Path) -> str:
    """What is at `path`: "file", "folder", "other", or "" for nothing that may be seen."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


def identity_of(path: str | Path) -> str:
    """The same text for the same file, whatever way leads there."""
    return os.path.normcase(os.path.realpath(path))


def name_target(source: Path, folder: Path | None = None) -> Path:
    """`source` with `_unblurred` before its ending, in `folder` or beside the source."""
    return (folder or source.parent) / f"{source.stem}{RESTORED_SUFFIX}{source.suffix}"


def _result_names(source: Path) -> list[Path]:
    """What is called the result of `source` beside it, or its comparison, or a still of it.

    A video may need another container; its stills are named without their numbers.
    """
    target = name_target(source)
    if not is_video(source):
        compared = source.with_stem(f"{source.stem}{COMPARE_SUFFIX}")
        return [target, compared] if kind_of(target) == "file" else [target]
    unlike = source.with_name(f"{source.name}{RESTORED_SUFFIX}{ANY_CODEC_ENDING}")
    stills = (
        source.with_name(f"{stem}{PREVIEW_SUFFIX}{RESTORED_SUFFIX}.png")
        for stem in (source.stem, source.name)
    )
    return [target, target.with_suffix(ANY_CODEC_ENDING), unlike, *stills]


def _without_number(name: str) -> str:
    """The `name` of a still of a video as `_result_names` has it; other names as they are."""
    return _STILL.sub(rf"{PREVIEW_SUFFIX}{RESTORED_SUFFIX}.png", name)


def _look_at(argument: str | Path, findings: Findings, *, is_recursive: bool) -> None:
    """Add what `argument` stands for: a file, a folder's files, or a pattern's files."""
    path = Path(argument)
    kind = kind_of(path) if str(argument) else ""
    if kind == "file":
        _add_named(path, findings)
    elif kind == "folder":
        _add_found(_walk(path, findings, is_recursive=is_recursive), path, findings)
    elif kind == "other":
        findings.refusals.append(Refusal(path, f"{path} is neither a file nor a folder"))
    elif not glob.has_magic(str(argument)):
        findings.refusals.append(Refusal(path, f"there is no file or folder {str(argument)!r}"))
    elif not _add_found(_expand(str(argument)), _fixed_part(path), findings):
        findings.refusals.append(Refusal(path, f"no file fits the pattern {str(argument)!r}"))


def _add_named(path: Path, findings: Findings) -> None:
    """Add a file that the user named; it must be a picture or a video by its ending."""
    if is_media(path):
        findings.files.append(FoundFile(path, path.parent, is_named=True))
        return
    got = f"the ending {path.suffix}" if path.suffix else "no ending"
    known = ", ".join(sorted({*PICTURE_ENDINGS, *VIDEO_ENDINGS}))
    reason = f"{path} has {got}; expected that of a picture or video: {known}"
    findings.refusals.append(Refusal(path, reason))


def _add_found(paths: Iterable[Path], root: Path, findings: Findings) -> int:
    """Add the pictures and videos among `paths`; gives how many paths there were."""
    count = 0
    for path in paths:
        count += 1
        if not is_media(path):
            findings.others.append(path)
        elif _is_result(path):
            findings.results.append(path)
        else:
            findings.files.append(FoundFile(path, root, is_named=False))
    return count


def _is_result(path: Path) -> bool:
    """Whether we wrote the file, by its name: a result, or a comparison beside one."""
    if path.stem.endswith(RESTORED_SUFFIX):
        return True
    origin = path.stem.removesuffix(COMPARE_SUFFIX)
    return origin != path.stem and kind_of(name_target(path.with_stem(origin))) == "file"


def _walk(folder: Path, findings: Findings, *, is_recursive: bool) -> Iterator[Path]:
    """The shown files in `folder`, by name; a folder that links back is not entered again."""

    def note(error: OSError) -> None:
        findings.notes.append(f"cannot look into {error.filename}: {error.strerror}")

    entered: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=note, followlinks=True):
        is_new = identity_of(Path(place)) not in entered
        entered.add(identity_of(Path(place)))
        folders[:] = sorted(filter(_is_shown, folders)) if is_new and is_recursive else []
        if is_new:
            files = (Path(place, name) for name in sorted(filter(_is_shown, names)))
            yield from (file for file in files if kind_of(file) == "file")


def _is_shown(name: str) -> bool:
    """Whether a file manager would show `name`."""
    return not name.startswith(".")


def _expand(pattern: str) -> Iterator[Path]:
    """The files that fit `pattern`, by name; `**` stands for any depth of folders."""
    names = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - Path.glob gives hidden ones
    matches = (Path(name) for name in names)
    return (match for match in matches if kind_of(match) == "file")


def _fixed_part(pattern: Path) -> Path:
    """The folder in front of a pattern's first part with wildcards."""
    parts = [*pattern.parts]
    while parts and glob.has_magic(str(Path(*parts))):
        parts.pop()
    return Path(*parts)


def _drop_repeats(findings: Findings) -> None:
    """Keep each file once, and no file that another one's result is called like."""
    unique: dict[str, FoundFile] = {}
    for file in findings.files:
        unique.setdefault(identity_of(file.path), file)
    results = {identity_of(name) for file in unique.values() for name in _result_names(file.path)}
    is_result = {identity: _without_number(identity) in results for identity in unique}
    findings.files = [file for identity, file in unique.items() if not is_result[identity]]
    findings.results += [file.path for identity, file in unique.items() if is_result[identity]]
