"""Restoring files: a picture or a video from its file to the file of its result."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self

from unblur.errors import (
    ConfigError,
    InputError,
    MissingExtraError,
    ModelError,
    UnblurError,
    check_known,
    unwrap_stops,
)
from unblur.facts import Precision
from unblur.media.atomic import make_folder
from unblur.media.codecs import ENCODERS, VideoCodec
from unblur.media.image_files import lost_in, read_picture, side_by_side, write_picture
from unblur.media.video_reader import open_video
from unblur.media.video_writer import create_video, log_path
from unblur.restoration.file_options import (
    PICTURE_MODEL,
    USUAL_VIDEO,
    VIDEO_MODEL,
    FileReport,
    RestoreOptions,
    VideoOptions,
)
from unblur.restoration.inputs import is_video, kind_of
from unblur.restoration.many_files import work_side_by_side
from unblur.restoration.pipeline import FRAMES_AHEAD, restored_frames, run_ahead
from unblur.restoration.plans import Job, Plan, check_absent, plan_jobs
from unblur.restoration.previews import write_previews
from unblur.restoration.restorer import Restorer
from unblur.restoration.self_ensemble import SelfEnsemble
from unblur.restoration.tiling import ReportProgress, ignore_progress
from unblur.runtimes.base import Device, RuntimeName
from unblur.weights.store import find_model

_EIGHT_BITS = 8
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class RestorerPool:
    """Restorers for `options`, each opened when a file first needs it and then kept."""

    options: RestoreOptions
    _opened: dict[tuple[str | Path, str, str | int], Restorer] = field(
        default_factory=dict[tuple[str | Path, str, str | int], Restorer]
    )

    def for_pictures(self) -> Restorer:
        """The restorer for still pictures."""
        options = self.options
        model = PICTURE_MODEL if options.model == "auto" else options.model
        return self._open(model, options.precision, options.self_ensemble)

    def for_videos(self, bit_depth: int = 8) -> Restorer:
        """The restorer for videos: in int8 when the precision is free and the model has it.

        Not for more than 8 bits: int8's error of a grey level here and there is four
        levels of 10 bits, and shows in smooth skies.
        """
        options = self.options
        model = VIDEO_MODEL if options.model == "auto" else options.model
        self_ensemble = 1 if options.self_ensemble == "auto" else options.self_ensemble
        is_free = options.precision == "auto" and options.runtime != "torch"
        is_free = is_free and bit_depth <= _EIGHT_BITS
        if is_free and "onnx_int8" in find_model(model).files:
            return self._open(model, "int8", self_ensemble)
        return self._open(model, options.precision, self_ensemble)

    def close(self) -> None:
        """Close every restorer."""
        with ExitStack() as stack:
            for restorer in self._opened.values():
                stack.callback(restorer.close)
            self._opened.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def _open(
        self,
        model: str | Path,
        precision: Precision | Literal["auto"],
        self_ensemble: SelfEnsemble | Literal["auto"],
    ) -> Restorer:
        key = (model, precision, self_ensemble)
        if key not in self._opened:
            self._opened[key] = Restorer(
                model,
                device=self.options.device,
                runtime=self.options.runtime,
                precision=precision,
                tile_px=self.options.tile_px,
                self_ensemble=self_ensemble,
                thread_count=self.options.thread_count,
            )
        return self._opened[key]


def restore(  # noqa: PLR0913 - one keyword for each option of the command
    source: str | Path,
    target: str | Path | None = None,
    *,
    model: str | Path = "auto",
    device: Device = "auto",
    runtime: RuntimeName | Literal["auto"] = "auto",
    precision: Precision | Literal["auto"] = "auto",
    tile_px: int | Literal["auto"] = "auto",
    self_ensemble: SelfEnsemble | Literal["auto"] = "auto",
    video_codec: VideoCodec = "h264",
    video: VideoOptions = USUAL_VIDEO,
    overwrite: bool = False,
) -> Path:
    """Restore one picture or video file; gives the path of the result.

    The result is `target` (a file or a folder), or lies beside `source` as
    `name_unblurred.ext`. It appears when it is complete.

    Raises InputError for a file that cannot be read or written, ConfigError when
    `target` does not fit, or exists and `overwrite` is False, and what `Restorer` does.
    """
    check_known("video_codec", video_codec, ENCODERS)
    kind = kind_of(Path(source))
    if kind not in {"file", "other"}:
        got = "is a folder" if kind == "folder" else "is not there"
        raise InputError(f"{Path(source)} {got}; expected one picture or video")
    plan = plan_jobs(
        [source],
        output=target,
        video_codec=video_codec,
        preview_count=video.preview_count,
        overwrites=overwrite,
    )
    options = RestoreOptions(
        *(model, device, runtime, precision, tile_px, self_ensemble),
        *(video_codec, video),
        overwrite=overwrite,
    )
    with RestorerPool(options) as pool:
        restore_file(plan.jobs[0], pool)
    return plan.jobs[0].target


def restore_all(
    plan: Plan,
    pool: RestorerPool,
    start_file: Callable[[Job], ReportProgress],
    *,
    job_count: int = 1,
) -> Iterator[FileReport]:
    """Restore the files of `plan`, `job_count` at a time; a report for each, in their order.

    `start_file` is called before each file and gives what is told its progress. A
    file that fails does not stop the others; what would stop each of them (a model
    that cannot be opened, a part that is not installed) is raised.
    """
    for refusal in plan.refusals:
        yield FileReport(refusal.path, None, "failed", error=refusal.reason)
    if job_count == 1:
        for job in plan.jobs:
            yield _attempt(job, pool, start_file(job))
        return

    def work(job: Job, own_pool: RestorerPool, check: Callable[[], None]) -> FileReport:
        report_progress = start_file(job)

        def check_and_report(done_count: int, part_count: int | None) -> None:
            check()
            report_progress(done_count, part_count)

        return _attempt(job, own_pool, check_and_report)

    with ExitStack() as stack:
        others = [RestorerPool(pool.options) for _ in range(job_count - 1)]
        pools = [pool, *(stack.enter_context(other) for other in others)]
        yield from work_side_by_side(plan.jobs, pools, work)


def restore_file(
    job: Job, pool: RestorerPool, report_progress: ReportProgress = ignore_progress
) -> FileReport:
    """Restore one file; raises UnblurError, and then leaves the target as it was.

    What is done of a video is kept aside, and the same job goes on from there.
    """
    started = time.perf_counter()
    restore_kind = _restore_video if is_video(job.source) else _restore_picture
    report = restore_kind(job, pool, report_progress)
    return replace(report, seconds=time.perf_counter() - started)


def _attempt(job: Job, pool: RestorerPool, report_progress: ReportProgress) -> FileReport:
    """Restore one file of several; whatever is wrong with it is in the report."""
    failed = FileReport(job.source, None, "failed")
    try:
        if not pool.options.overwrite:
            check_absent(job)
    except ConfigError as error:
        return replace(failed, output=job.target, status="skipped", notes=(str(error),))
    try:
        with unwrap_stops():
            return restore_file(job, pool, report_progress)
    except (ModelError, MissingExtraError, ConfigError):
        raise
    except UnblurError as error:
        return replace(failed, error=f"{error}{_kept_of(job)}")
    except MemoryError:
        return replace(failed, error=f"there is not enough memory for {job.source}")
    except Exception as error:
        _log.debug("unexpected error with %s", job.source, exc_info=True)
        fault = f"unexpected {type(error).__name__}: {error}"
        return replace(failed, error=f"{fault}; this is a fault in unblur: please report it")


def _restore_picture(job: Job, pool: RestorerPool, report_progress: ReportProgress) -> FileReport:
    """Restore a still picture, and write the comparison if the job has one."""
    picture = read_picture(job.source)
    lost = lost_in(picture, job.target)  # what cannot be written is told before the work
    restorer = pool.for_pictures()
    restorer.notes.clear()
    restored = restorer.restore_picture(picture, report_progress)
    make_folder(job.target.parent)
    write_picture(restored, job.target)
    if job.compare_target is not None:
        write_picture(side_by_side(picture, restored), job.compare_target)
    height, width = picture.samples.shape[:2]
    notes = (*picture.file.left_out, *lost, *restorer.notes)
    return _report(job, restorer, width, height, notes)


def _restore_video(job: Job, pool: RestorerPool, report_progress: ReportProgress) -> FileReport:
    """Restore a video as a stream, from where an earlier run of the same job was stopped."""
    options = pool.options.video
    with open_video(
        job.source,
        deinterlaces=options.deinterlaces,
        start_s=options.start_s,
        end_s=options.end_s,
    ) as reader:
        restorer = pool.for_videos(reader.bit_depth)
        restorer.notes.clear()
        make_folder(job.target.parent)
        made_by = {**restorer.identity, "skips_sharp": options.skips_sharp}
        codec = pool.options.video_codec
        with create_video(job.target, like=reader, codec=codec, made_by=made_by) as writer:
            earlier_count = writer.frame_count
            wanted = () if earlier_count else job.preview_targets
            overwrites = pool.options.overwrite
            previews = write_previews(writer, restorer, wanted, overwrites=overwrites)
            frames = restored_frames(
                reader,
                restorer,
                after=writer.written_until,
                skips_sharp=options.skips_sharp,
                forgets_every=writer.segment_length,
            )
            with closing(run_ahead(frames, FRAMES_AHEAD)) as restored:
                for frame in restored:
                    writer.write(frame)
                    report_progress(writer.frame_count, reader.frame_count_estimate)
    notes = (*reader.warnings, *writer.notes, *restorer.notes, *_earlier(earlier_count))
    return replace(
        _report(job, restorer, reader.width, reader.height, notes),
        previews=tuple(previews),
        frame_count=writer.frame_count,
        repeated_count=restorer.counts["repeated"],
        sharp_count=restorer.counts["sharp"],
    )


def _kept_of(job: Job) -> str:
    """What to add to an error: that another run goes on with what is done of a video."""
    is_kept = is_video(job.source) and log_path(job.target).exists()
    return "; what is done is kept, and the same command goes on from there" if is_kept else ""


def _earlier(count: int) -> tuple[str, ...]:
    """A sentence on the frames that an earlier run had finished."""
    return (f"{count} frames were there from a run that was stopped",) if count else ()


def _report(
    job: Job, restorer: Restorer, width: int, height: int, notes: tuple[str, ...]
) -> FileReport:
    """The report on a restored file, but for its time."""
    return FileReport(
        input=job.source,
        output=job.target,
        status="restored",
        width=width,
        height=height,
        model=restorer.model_name,
        runtime=restorer.runtime_name,
        device=restorer.device,
        precision=restorer.precision,
        self_ensemble=restorer.self_ensemble,
        notes=notes,
    )
