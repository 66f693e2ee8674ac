"""Restoring files: what is written, what is reported, and that one failure stays one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import pytest
from PIL import Image

import unblur
from tests.fakes import ADDED, FakeRestorer
from tests.pictures import picture_of, smooth
from unblur.errors import (
    ComputationError,
    ConfigError,
    InputError,
    MediaError,
    ModelError,
    OutputError,
    UnknownNameError,
)
from unblur.media import video_writer
from unblur.media.image_files import write_picture
from unblur.restoration import file_jobs
from unblur.restoration.file_jobs import (
    FileReport,
    ReportProgress,
    RestoreOptions,
    RestorerPool,
    restore_all,
    restore_file,
)
from unblur.restoration.plans import Job, plan_jobs
from unblur.restoration.self_ensemble import SelfEnsemble

HEIGHT, WIDTH = 24, 32


@pytest.fixture(autouse=True)
def _fake_restorer(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeRestorer.opened.clear()
    monkeypatch.setattr(file_jobs, "Restorer", FakeRestorer)


def make_picture(path: Path, level: int = 100) -> Path:
    """A grey PNG of one level."""
    Image.new("RGB", (WIDTH, HEIGHT), (level,) * 3).save(path)
    return path


def make_video(path: Path, frame_count: int = 5) -> Path:
    """A grey H.264 clip at 25 frames per second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(frame_count):
            grey = np.full((48, 64, 3), 100, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def level_of(path: Path) -> int:
    """The level of the first sample of a picture file."""
    return int(np.asarray(Image.open(path)).flat[0])


def restore_folder(folder: Path, **options: Any) -> dict[str, FileReport]:
    """Reports by name of input, of restoring a whole folder."""
    plan = plan_jobs([folder])
    with RestorerPool(RestoreOptions(**options)) as pool:
        reports = list(restore_all(plan, pool, lambda job: lambda done, count: None))
    return {report.input.name: report for report in reports}


def test_a_picture_becomes_its_result(tmp_path: Path) -> None:
    result = unblur.restore(make_picture(tmp_path / "a.png"))
    assert result == tmp_path / "a_unblurred.png"
    assert level_of(result) == 100 + ADDED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a_unblurred.png"]


def test_a_result_goes_where_it_is_told_and_folders_are_made(tmp_path: Path) -> None:
    source = make_picture(tmp_path / "a.png")
    target = tmp_path / "x" / "y" / "b.png"
    assert unblur.restore(str(source), str(target)) == target
    assert level_of(target) == 100 + ADDED


def test_an_existing_result_is_kept_unless_it_may_be_overwritten(tmp_path: Path) -> None:
    source = make_picture(tmp_path / "a.png")
    kept = make_picture(tmp_path / "a_unblurred.png", level=7)
    with pytest.raises(ConfigError, match="exists"):
        unblur.restore(source)
    assert level_of(kept) == 7
    unblur.restore(source, overwrite=True)
    assert level_of(kept) == 100 + ADDED


def test_an_existing_picture_survives_a_source_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"not a picture")
    kept = make_picture(tmp_path / "a_unblurred.png", level=7)
    with pytest.raises(MediaError):
        unblur.restore(tmp_path / "a.png", overwrite=True)
    assert level_of(kept) == 7
    assert FakeRestorer.opened == []


def test_a_result_never_replaces_its_source(tmp_path: Path) -> None:
    source = make_picture(tmp_path / "a.png")
    with pytest.raises(ConfigError, match="would replace the input"):
        unblur.restore(source, source, overwrite=True)
    assert level_of(source) == 100


@pytest.mark.parametrize("name", ["notes.txt", "README"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(InputError, match="expected that of a picture or video"):
        unblur.restore(tmp_path / name)


def test_a_picture_is_not_written_as_a_video(tmp_path: Path) -> None:
    source = make_picture(tmp_path / "a.png")
    with pytest.raises(ConfigError, match="a video"):
        unblur.restore(source, tmp_path / "a.mp4")


@pytest.mark.parametrize("name", ["photo[1].png", "*.png", ""])
def test_a_name_in_python_is_no_pattern(tmp_path: Path, name: str) -> None:
    write_picture(picture_of(smooth()), tmp_path / "photo1.png")
    with pytest.raises(InputError, match="expected one picture or video"):
        unblur.restore(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["photo1.png"]


@pytest.mark.parametrize(
    "options",
    [
        {"start_s": "0.2"},
        {"start_s": -1},
        {"start_s": 2, "end_s": 1},
        {"end_s": float("nan")},
        {"preview_count": 1.5},
    ],
)
def test_moments_of_a_video_that_are_none_are_told(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"start_s|preview_count"):
        unblur.VideoOptions(**options)


def test_a_codec_that_is_none_is_told(tmp_path: Path) -> None:
    write_picture(picture_of(smooth()), tmp_path / "a.png")
    with pytest.raises(UnknownNameError, match="vp8"):
        unblur.restore(tmp_path / "a.png", video_codec="vp8")  # pyright: ignore[reportArgumentType]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    source = make_picture(tmp_path / "a.png")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot make the folder"):
        unblur.restore(source, tmp_path / "file" / "inner" / "b.png")


def test_a_comparison_shows_both_side_by_side(tmp_path: Path) -> None:
    plan = plan_jobs([make_picture(tmp_path / "a.png")], wants_compare=True)
    with RestorerPool(RestoreOptions()) as pool:
        restore_file(plan.jobs[0], pool)
    compared = np.asarray(Image.open(tmp_path / "a_compare.png"))
    assert compared.shape[0] >= HEIGHT
    assert compared.shape[1] >= 2 * WIDTH
    assert compared[HEIGHT // 2, 0, 0] == 100
    assert compared[HEIGHT // 2, -1, 0] == 100 + ADDED


def test_a_report_says_what_was_done_with_what(tmp_path: Path) -> None:
    make_picture(tmp_path / "a.png")
    report = restore_folder(tmp_path)["a.png"]
    assert replace(report, seconds=0.0) == FileReport(
        input=tmp_path / "a.png",
        output=tmp_path / "a_unblurred.png",
        status="restored",
        width=WIDTH,
        height=HEIGHT,
        model="live_large",
        runtime="fake",
        device="CPU",
        precision="fp32",
        self_ensemble=4,
        notes=("the fake was here",),
    )
    assert 0 < report.seconds < 60


def test_what_is_left_out_of_a_picture_is_told(tmp_path: Path) -> None:
    source, xmp = tmp_path / "a.jpg", b'<x GCamera:MotionPhoto="1"/>'
    Image.new("RGB", (WIDTH, HEIGHT)).save(source, xmp=xmp)
    with RestorerPool(RestoreOptions()) as pool:
        report = restore_file(Job(source, tmp_path / "b.jpg"), pool)
    assert report.notes[0] == "the video of the motion photo is left out"


@pytest.mark.parametrize(
    ("mode", "ending", "note"),
    [
        ("RGBA", ".jpg", "its transparency became white, since JPEG has none"),
        ("I;16", ".webp", "its 16 bits became 8, since WEBP has no more"),
        ("I;16", ".heic", "its 16 bits became 10, since HEIF has no more"),
        ("CMYK", ".tif", "its inks (CMYK) became RGB"),
    ],
)
def test_what_the_format_of_the_result_does_not_hold_is_told(
    tmp_path: Path, mode: str, ending: str, note: str
) -> None:
    source = tmp_path / f"a{'.jpg' if mode == 'CMYK' else '.png'}"
    Image.new(mode, (WIDTH, HEIGHT)).save(source)
    with RestorerPool(RestoreOptions()) as pool:
        report = restore_file(Job(source, tmp_path / f"b{ending}"), pool)
        kept = restore_file(Job(source, tmp_path / f"c{source.suffix}"), pool)
    assert report.notes[0] == note
    assert (note in kept.notes) == (mode == "CMYK")


def test_a_picture_too_large_for_its_format_is_told_before_the_work(tmp_path: Path) -> None:
    Image.new("RGB", (16384, 16)).save(tmp_path / "a.png")
    with (
        RestorerPool(RestoreOptions()) as pool,
        pytest.raises(OutputError, match=r"b.webp: it has 16384x16 pixels .* choose .png"),
    ):
        restore_file(Job(tmp_path / "a.png", tmp_path / "b.webp"), pool)
    assert FakeRestorer.opened == []


def test_a_note_of_the_restorer_is_told_for_each_file_it_is_about(tmp_path: Path) -> None:
    make_picture(tmp_path / "a.png")
    make_picture(tmp_path / "b.png")
    reports = restore_folder(tmp_path)
    assert [report.notes for report in reports.values()] == [("the fake was here",)] * 2


def test_a_video_becomes_its_result_frame_by_frame(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    job = Job(make_video(tmp_path / "a.mp4"), tmp_path / "b.mp4")
    with RestorerPool(RestoreOptions()) as pool:
        report = restore_file(job, pool, lambda done, count: seen.append((done, count)))
    assert (report.frame_count, report.width, report.height) == (5, 64, 48)
    assert report.precision == "int8"
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    with av.open(str(tmp_path / "b.mp4")) as container:
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in container.decode(video=0)]
    assert levels == pytest.approx([100 + ADDED] * 5, abs=3)


def test_a_video_that_is_stopped_in_its_first_seconds_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def restore(restorer: FakeRestorer, pixels: np.ndarray) -> np.ndarray:
        counts.append(1)
        if len(counts) == 3:
            raise KeyboardInterrupt
        return pixels

    counts: list[int] = []
    monkeypatch.setattr(FakeRestorer, "restore", restore)
    source = make_video(tmp_path / "a.mp4")
    with pytest.raises(KeyboardInterrupt):
        unblur.restore(source)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_video_that_fails_midway_goes_on_there_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def restore(restorer: FakeRestorer, pixels: np.ndarray) -> np.ndarray:
        counts.append(1)
        if len(counts) == 4:
            raise ComputationError("the device was unplugged")
        return pixels

    counts: list[int] = []
    monkeypatch.setattr(FakeRestorer, "restore", restore)
    monkeypatch.setattr(video_writer, "_SEGMENT_FRAMES", (2, 2))
    make_video(tmp_path / "a.mp4")
    failed = restore_folder(tmp_path)["a.mp4"]
    assert failed.error == (
        "the device was unplugged; what is done is kept, and the same command goes on from there"
    )
    done = restore_folder(tmp_path)["a.mp4"]
    assert (done.status, done.frame_count) == ("restored", 5)
    assert done.notes == ("2 frames were there from a run that was stopped",)
    assert len(counts) == 4 + 3


def test_restorers_are_opened_once_for_each_precision_and_only_when_needed(
    tmp_path: Path,
) -> None:
    for name in ("a.png", "b.png"):
        make_picture(tmp_path / name)
    restore_folder(tmp_path)
    assert [opening["precision"] for opening in FakeRestorer.opened] == ["auto"]
    for name in ("c.mp4", "d.mp4"):
        make_video(tmp_path / name)
    FakeRestorer.opened.clear()
    restore_folder(tmp_path, overwrite=True)
    assert [opening["precision"] for opening in FakeRestorer.opened] == ["auto", "int8"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (RestoreOptions(precision="bf16"), "bf16"),
        (RestoreOptions(runtime="torch"), "fp32"),
        (RestoreOptions(), "int8"),
    ],
)
def test_video_is_restored_in_int8_only_where_that_is_free_to_choose(
    options: RestoreOptions, expected: str
) -> None:
    with RestorerPool(options) as pool:
        assert pool.for_videos().precision == expected


@pytest.mark.parametrize(("asked", "of_pictures", "of_videos"), [("auto", 4, 1), (8, 8, 8)])
def test_pictures_alone_get_a_self_ensemble_that_is_not_asked_for(
    asked: SelfEnsemble | Literal["auto"], of_pictures: int, of_videos: int
) -> None:
    with RestorerPool(RestoreOptions(self_ensemble=asked)) as pool:
        assert pool.for_pictures().self_ensemble == of_pictures
        assert pool.for_videos().self_ensemble == of_videos


@pytest.mark.parametrize(
    ("asked", "of_pictures", "of_videos"),
    [("auto", "live_large", "live"), ("live", "live", "live"), ("live_large",) * 3],
)
def test_pictures_get_the_larger_model_and_videos_the_faster(
    asked: str, of_pictures: str, of_videos: str
) -> None:
    with RestorerPool(RestoreOptions(model=asked)) as pool:
        pool.for_pictures()
        pool.for_videos()
        assert [it["model"] for it in FakeRestorer.opened[-2:]] == [of_pictures, of_videos]


def test_restorers_are_closed_with_the_pool() -> None:
    with RestorerPool(RestoreOptions()) as pool:
        restorers = [pool.for_pictures(), pool.for_videos()]
    assert all(restorer.is_closed for restorer in restorers)  # type: ignore[attr-defined]


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    make_picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    make_picture(tmp_path / "c.png")
    reports = restore_folder(tmp_path)
    statuses = {name: report.status for name, report in reports.items()}
    assert statuses == {"a.png": "restored", "b.png": "failed", "c.png": "restored"}
    assert "b.png" in (reports["b.png"].error or "")


def test_existing_results_of_several_files_are_skipped(tmp_path: Path) -> None:
    make_picture(tmp_path / "a.png")
    make_picture(tmp_path / "b.png")
    make_picture(tmp_path / "b_unblurred.png", level=7)
    reports = restore_folder(tmp_path)
    assert reports["a.png"].status == "restored"
    assert reports["b.png"].status == "skipped"
    assert "exists" in reports["b.png"].notes[0]
    assert level_of(tmp_path / "b_unblurred.png") == 7


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "not enough memory for"),
        (ZeroDivisionError("bug"), "unexpected ZeroDivisionError: bug; this is a fault in unblur"),
    ],
)
def test_what_goes_wrong_with_one_file_is_told_in_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fail(restorer: FakeRestorer, pixels: np.ndarray) -> np.ndarray:
        raise error

    monkeypatch.setattr(FakeRestorer, "restore", fail)
    make_picture(tmp_path / "a.png")
    report = restore_folder(tmp_path)["a.png"]
    assert report.status == "failed"
    assert sentence in (report.error or "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_ctrl_c_that_came_out_as_a_damaged_file_stops_everything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop_while_pillow_loads(path: Path) -> None:
        fault = RuntimeError("Error calling __set_name__")
        fault.__cause__ = KeyboardInterrupt()
        raise MediaError(f"{path} is truncated or damaged") from fault

    monkeypatch.setattr(file_jobs, "read_picture", stop_while_pillow_loads)
    make_picture(tmp_path / "a.png")
    with pytest.raises(KeyboardInterrupt):
        restore_folder(tmp_path)


def test_a_model_that_cannot_be_opened_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise ModelError("no such model")

    monkeypatch.setattr(file_jobs, "Restorer", refuse)
    make_picture(tmp_path / "a.png")
    with pytest.raises(ModelError, match="no such model"):
        restore_folder(tmp_path)


def test_named_inputs_that_cannot_be_used_are_reported_as_failed(tmp_path: Path) -> None:
    plan = plan_jobs([make_picture(tmp_path / "a.png"), tmp_path / "gone.png"])
    start: Callable[[Job], ReportProgress] = lambda job: lambda done, count: None  # noqa: E731
    with RestorerPool(RestoreOptions()) as pool:
        reports = list(restore_all(plan, pool, start))
    assert sorted(report.status for report in reports) == ["failed", "restored"]


def test_a_report_as_a_dictionary_has_only_what_json_knows(tmp_path: Path) -> None:
    make_picture(tmp_path / "a.png")
    fields = restore_folder(tmp_path)["a.png"].as_dict()
    assert {type(value) for value in fields.values()} <= {str, float, int, tuple, type(None)}
    assert list(fields) == [
        *("input", "output", "status", "seconds", "width", "height"),
        *("frame_count", "repeated_count", "sharp_count", "previews"),
        *("model", "runtime", "device", "precision", "self_ensemble", "notes", "error"),
    ]
