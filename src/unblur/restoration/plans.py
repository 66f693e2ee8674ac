"""What a request comes to: which file becomes which, settled before anything is started."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unblur.errors import ConfigError, InputError
from unblur.media.codecs import ENCODERS, VideoCodec, choose_encoder
from unblur.media.video_writer import log_path
from unblur.restoration.inputs import (
    ANY_CODEC_ENDING,
    COMPARE_SUFFIX,
    PREVIEW_SUFFIX,
    RESTORED_SUFFIX,
    Findings,
    FoundFile,
    Refusal,
    find_files,
    identity_of,
    is_media,
    is_video,
    kind_of,
    name_target,
)

_MOST_NAMED = 5
"""So many files that were left out are named in a sentence."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to restore."""

    source: Path
    target: Path
    compare_target: Path | None = None
    """Where a side-by-side picture goes; None: none is wanted."""
    preview_targets: tuple[Path, ...] = ()
    """Where the stills of a video go that are written first."""

    @property
    def targets(self) -> tuple[Path, ...]:
        """Every file that the job writes."""
        compared = () if self.compare_target is None else (self.compare_target,)
        return (self.target, *compared, *self.preview_targets)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a request comes to."""

    jobs: tuple[Job, ...]
    refusals: tuple[Refusal, ...] = ()
    """Named inputs that cannot be restored; the others are restored all the same."""
    notes: tuple[str, ...] = ()
    """Sentences about what was left out."""
    skipped: tuple[Refusal, ...] = ()
    """Files found in folders or by patterns that were left out."""


def plan_jobs(
    inputs: Sequence[str | Path],
    *,
    output: str | Path | None = None,
    is_recursive: bool = False,
    video_codec: VideoCodec = "h264",
    wants_compare: bool = False,
    preview_count: int = 0,
    overwrites: bool = False,
) -> Plan:
    """The jobs for `inputs`: files, folders (whole trees if recursive) and patterns.

    Results lie beside their inputs, or where `output` says: a file (for one input)
    or a folder, under which folders keep their trees. A video whose container does
    not hold `video_codec` becomes a Matroska file, and keeps its ending in the name
    where that name would be another one's too: `a.mpg` becomes `a.mpg_unblurred.mkv`.

    A file whose result would have the name of an earlier one's, or of an input, is refused.

    Raises InputError when nothing is there to restore, and ConfigError when
    `output` does not fit, when every file is refused so, or when the only file's
    result exists and is to be kept.
    Raises OutputError when a video cannot be written in `video_codec` to its place.
    """
    findings = find_files(inputs, is_recursive=is_recursive)
    if not findings.files:
        raise InputError(_why_nothing(findings, inputs, is_recursive=is_recursive))
    jobs = [
        make_job(file.path, target, wants_compare=wants_compare, preview_count=preview_count)
        for file, target in zip(
            findings.files, _name_targets(findings.files, output, video_codec), strict=True
        )
    ]
    jobs, collisions = _without_collisions(jobs)
    refusals = (*findings.refusals, *collisions)
    if not jobs:
        raise ConfigError(collisions[0].reason)
    videos = [job for job in jobs if is_video(job.source)]
    for job in videos:
        choose_encoder(video_codec, job.target)
    is_only = len(jobs) == 1 and findings.files[0].is_named and not refusals
    if is_only and not overwrites:
        check_absent(jobs[0])
    skipped = tuple(
        Refusal(path, reason) for reason, paths in _left_out(findings).items() for path in paths
    )
    notes = _notes(findings)
    if wants_compare and videos:
        notes = (*notes, "before and after are joined for pictures only, not for videos")
    if preview_count and not videos:
        notes = (*notes, "previews are of videos only, and none of these is one")
    return Plan(tuple(jobs), refusals, notes, skipped)


def make_job(source: Path, target: Path, *, wants_compare: bool, preview_count: int = 0) -> Job:
    """The job of restoring `source` to `target`: pictures are compared, videos have previews."""
    stem = target.stem.removesuffix(RESTORED_SUFFIX)
    if is_video(source):
        names = (
            f"{stem}{PREVIEW_SUFFIX}{number}{RESTORED_SUFFIX}.png"
            for number in range(1, preview_count + 1)
        )
        return Job(source, target, preview_targets=tuple(map(target.with_name, names)))
    if not wants_compare:
        return Job(source, target)
    return Job(source, target, target.with_name(f"{stem}{COMPARE_SUFFIX}{target.suffix}"))


def name_result(source: Path, video_codec: VideoCodec, folder: Path | None = None) -> Path:
    """Where the result of `source` goes: named as `name_target` does, in a fitting container."""
    target = name_target(source, folder)
    if not is_video(source) or source.suffix.lower() in ENCODERS[video_codec].endings:
        return target
    return target.with_suffix(ANY_CODEC_ENDING)


def check_absent(job: Job) -> None:
    """Raise ConfigError when a file that the job would write exists.

    A video that was stopped has its previews already, and keeps them.
    """
    kept = job.preview_targets if job.preview_targets and log_path(job.target).exists() else ()
    for target in job.targets:
        if target not in kept and os.path.lexists(target):
            raise ConfigError(f"{target} exists; overwrite it (--overwrite) or name another output")


def _name_targets(
    files: list[FoundFile], output: str | Path | None, video_codec: VideoCodec
) -> list[Path]:
    """A name for the result of each file; raises ConfigError when `output` does not fit."""
    if output is None:
        return _tell_apart(files, [name_result(file.path, video_codec) for file in files])
    place = Path(output)
    if _means_file(output):
        return [_check_only_target(files, place)]
    if len(files) == 1 and files[0].is_named and place.suffix and not _names_folder(output):
        raise ConfigError(
            f"cannot write to {place}: {place.suffix} is no ending of a picture or video; for a "
            f"folder of that name put a slash behind it, {place}{os.sep}"
        )
    if kind_of(place) not in {"", "folder"}:
        raise ConfigError(f"the output {place} is a file of no known kind, expected a folder")
    return _tell_apart(
        files,
        [
            name_result(file.path, video_codec, place / file.path.parent.relative_to(file.root))
            for file in files
        ],
    )


def _tell_apart(files: list[FoundFile], targets: list[Path]) -> list[Path]:
    """`targets`, with the source's ending in those that got another one and one name with it.

    So for each of them, not for all but the first: which result is whose must not
    depend on what else lies in a folder's order.
    """
    identities = [identity_of(target) for target in targets]
    counts = Counter(identities)
    return [
        target.with_name(f"{file.path.name}{RESTORED_SUFFIX}{target.suffix}")
        if counts[identity] > 1 and target.suffix != file.path.suffix
        else target
        for file, target, identity in zip(files, targets, identities, strict=True)
    ]


def _means_file(output: str | Path) -> bool:
    """Whether `output` is a file: it has a known ending and is no folder."""
    return is_media(Path(output)) and not _names_folder(output)


def _names_folder(output: str | Path) -> bool:
    """Whether `output` can only be a folder: by its last sign, or because it is there."""
    return str(output).endswith(("/", os.sep)) or kind_of(Path(output)) == "folder"


def _check_only_target(files: list[FoundFile], target: Path) -> Path:
    """`target` if it fits the one file of `files`; raises ConfigError otherwise."""
    source = files[0].path
    if len(files) > 1:
        raise ConfigError(
            f"{len(files)} inputs cannot all be written to the file {target}; "
            "give a folder as output"
        )
    if is_video(source) != is_video(target):
        source_kind, target_kind = (
            "video" if is_video(path) else "picture" for path in (source, target)
        )
        raise ConfigError(f"cannot write the {source_kind} {source} to {target}, a {target_kind}")
    return target


def _without_collisions(jobs: list[Job]) -> tuple[list[Job], list[Refusal]]:
    """The jobs whose results take no name of an input or of an earlier result; the others."""
    sources = {identity_of(job.source): job.source for job in jobs}
    writers: dict[str, Path] = {}
    kept: list[Job] = []
    refusals: list[Refusal] = []
    for job in jobs:
        reason = _collision(job, sources, writers)
        if reason:
            refusals.append(Refusal(job.source, reason))
            continue
        kept.append(job)
        writers |= dict.fromkeys(map(identity_of, job.targets), job.source)
    return kept, refusals


def _collision(job: Job, sources: dict[str, Path], writers: dict[str, Path]) -> str:
    """Why `job` must not write what it would, in a sentence; "" where it may."""
    for target in job.targets:
        identity = identity_of(target)
        if identity in sources:
            replaced = sources[identity]
            return (
                f"the result of {job.source} would replace the input {replaced}; "
                "give another output"
            )
        if identity in writers:
            return (
                f"{writers[identity]} and {job.source} would both be written to {target}; "
                "only the first is: give the other another folder"
            )
    return ""


def _why_nothing(findings: Findings, inputs: Sequence[str | Path], *, is_recursive: bool) -> str:
    """Why there is nothing to restore, in a sentence."""
    if findings.refusals:
        return findings.refusals[0].reason
    if not inputs:
        return "nothing to restore; give a picture, a video, a folder or a pattern"
    places = ", ".join(str(each) for each in inputs)
    if findings.results:
        return (
            f"nothing to restore in {places}: the names there end in {RESTORED_SUFFIX}; "
            "name such a file itself to restore it again"
        )
    hint = "" if is_recursive else "; --recursive looks into the folders inside"
    return f"there is no picture or video in {places}{hint}"


def _notes(findings: Findings) -> tuple[str, ...]:
    """Sentences about what was found and left out; of many files the first are named."""
    left_out = {reason: paths for reason, paths in _left_out(findings).items() if paths}
    said = [f"skipped {_name(paths)}: {reason}" for reason, paths in left_out.items()]
    return (*findings.notes, *said)


def _left_out(findings: Findings) -> dict[str, list[Path]]:
    """What was found and left out, by the reason."""
    return {
        "named like a result of unblur": findings.results,
        "no picture or video of a kind that unblur reads": findings.others,
    }


def _name(paths: list[Path]) -> str:
    """The files at `paths` in words."""
    shown = ", ".join(map(str, paths[:_MOST_NAMED]))
    more_count = len(paths) - _MOST_NAMED
    return f"{shown} and {more_count} more" if more_count > 0 else shown
