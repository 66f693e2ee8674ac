"""Several files at the same time: for many small ones, where reading and writing take long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psutil

Task = TypeVar("Task")
Result = TypeVar("Result")
Tool = TypeVar("Tool")


def threads_each(job_count: int) -> int | None:
    """How many CPU threads each of `job_count` jobs has; None for one: as the runtime likes."""
    cores = psutil.cpu_count(logical=False) or 1
    return None if job_count == 1 else max(1, cores // job_count)


class StoppedError(BaseException):
    """Ends the work on a file that nobody wants any more; nothing of ours catches it."""


def work_side_by_side(
    tasks: Sequence[Task],
    tools: Sequence[Tool],
    work: Callable[[Task, Tool, Callable[[], None]], Result],
) -> Generator[Result]:
    """The results of `work` in the order of `tasks`, as many at a time as there are tools.

    A tool is used for one task at a time. `work` is also given a function to call
    often: it raises StoppedError once the results are no longer asked for, because the
    generator was closed or one of the tasks raised. All threads have ended then.
    """
    free = list(tools)
    is_stopping = threading.Event()

    def check() -> None:
        if is_stopping.is_set():
            raise StoppedError

    def do(task: Task) -> Result:
        tool = free.pop()
        try:
            check()
            return work(task, tool, check)
        finally:
            free.append(tool)

    executor = ThreadPoolExecutor(len(tools), thread_name_prefix="unblur file")
    try:
        yield from executor.map(do, tasks)
    finally:
        is_stopping.set()
        executor.shutdown(wait=True, cancel_futures=True)
