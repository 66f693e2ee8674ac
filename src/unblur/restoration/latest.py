"""A hand-over between two threads that keeps the newest item and drops the one before."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Latest(Generic[Item]):
    """Holds one item at most, so that whoever takes it is never behind.

    `dropped_count` items were replaced before anybody took them.
    """

    def __init__(self) -> None:
        self.dropped_count = 0
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._has_ended = False
        self._error: BaseException | None = None

    def put(self, item: Item) -> None:
        """Offer an item; one that still lies there is dropped."""
        with self._changed:
            self.dropped_count += self._item is not None
            self._item = item
            self._changed.notify()

    def end(self, error: BaseException | None = None) -> None:
        """Say that no more come, and why; what lies there can still be taken."""
        with self._changed:
            self._has_ended = True
            self._error = self._error or error
            self._changed.notify()

    def take(self, timeout_s: float | None = None) -> Item | None:
        """The newest item, as soon as there is one; None after `timeout_s`, or after the end.

        Raises the error that `end` was told, after the items before it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._has_ended, timeout_s)
            item, self._item = self._item, None
            if item is None and self._error is not None:
                raise self._error
            return item

    @property
    def is_over(self) -> bool:
        """Whether it has ended and nothing is left to take."""
        with self._changed:
            return self._has_ended and self._item is None
