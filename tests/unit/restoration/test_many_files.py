"""Several files at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clips import long_clip, make_clip
from tests.fakes import FakeRestorer
from unblur.restoration import file_jobs
from unblur.restoration.file_jobs import RestoreOptions, RestorerPool, restore_all
from unblur.restoration.many_files import StoppedError, work_side_by_side
from unblur.restoration.plans import plan_jobs


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("unblur")]


def test_results_come_in_order_from_tasks_that_run_at_once() -> None:
    together = threading.Barrier(3, timeout=10)

    def work(task: int, tool: str, _check: Callable[[], None]) -> tuple[int, str]:
        together.wait()
        time.sleep(0.01 * (3 - task % 3))
        return task, tool

    results = list(work_side_by_side(range(9), ["a", "b", "c"], work))
    assert [task for task, _ in results] == list(range(9))
    assert {tool for _, tool in results[:3]} == {"a", "b", "c"}
    assert threads() == []


def test_what_one_task_raises_stops_the_others() -> None:
    begun: list[int] = []
    stopped: list[int] = []

    def work(task: int, _tool: int, check: Callable[[], None]) -> int:
        begun.append(task)
        if task == 1:
            raise ValueError("no model")
        try:
            while True:
                check()
                time.sleep(0.005)
        except StoppedError:
            stopped.append(task)
            raise

    tasks = work_side_by_side([1, 2, 3, 4, 5], [0, 0], work)
    with pytest.raises(ValueError, match="no model"):
        next(tasks)
    assert sorted(stopped) == sorted(task for task in begun if task != 1)
    assert len(begun) < 5
    assert threads() == []


def test_closing_stops_videos_in_the_middle_and_joins_every_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_jobs, "Restorer", FakeRestorer)
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        make_clip(tmp_path / name, long_clip(200 if name == "a.mp4" else 2000))
    with RestorerPool(RestoreOptions()) as pool:
        plan = plan_jobs([tmp_path])
        reports = restore_all(plan, pool, lambda _job: lambda _done, _count: None, job_count=3)
        assert next(reports).frame_count == 200
        reports.close()  # type: ignore[attr-defined]
    assert threads() == []
    shown = sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("."))
    assert shown == ["a.mp4", "a_unblurred.mp4", "b.mp4", "c.mp4"]


def test_many_pictures_give_the_same_reports_as_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_jobs, "Restorer", FakeRestorer)
    for name in ("a", "b", "c", "d"):
        make_clip(tmp_path / f"{name}.mkv")
    (tmp_path / "c.mkv").write_bytes(b"broken")
    with RestorerPool(RestoreOptions()) as pool:
        reports = list(
            restore_all(
                plan_jobs([tmp_path]), pool, lambda _job: lambda _done, _count: None, job_count=2
            )
        )
    assert [(report.input.stem, report.status) for report in reports] == [
        ("a", "restored"),
        ("b", "restored"),
        ("c", "failed"),
        ("d", "restored"),
    ]
