"""The state of a network with a memory, from frame to frame of one video."""

from __future__ import annotations

from collections.abc import Callable

from unblur.images.arrays import Pixels
from unblur.images.scene_cuts import is_cut
from unblur.images.state import State

RestoreNext = Callable[[Pixels, State | None], tuple[Pixels, State | None]]
"""A frame and the state that the one before left, to the restored frame and the next state."""


class FrameMemory:
    """Restores one frame after the other, and forgets where a scene ends."""

    def __init__(self, restore_next: RestoreNext) -> None:
        self._restore_next = restore_next
        self._state: State | None = None
        self._last: Pixels | None = None

    def restore(self, pixels: Pixels) -> Pixels:
        """The frame restored with what was seen before: (H, W, 3) uint8 RGB, the same out.

        Raises what `restore_next` does.
        """
        if self._state is not None and self._last is not None and is_cut(self._last, pixels):
            self.forget()
        restored, self._state = self._restore_next(pixels, self._state)
        self._last = pixels
        return restored

    def forget(self) -> None:
        """Take the next frame for the first one."""
        self._state = self._last = None
