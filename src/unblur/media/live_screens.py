"""Live frames in a window, as a camera that other programs see, or nowhere."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any

from unblur.errors import OutputError, missing_extra
from unblur.images.arrays import Pixels
from unblur.media.frame import Frame
from unblur.media.live_frames import LiveSound


class Screen:
    """A sink that is silent and has nothing to finish."""

    takes_sound = False

    def write(self, frame: Frame) -> bool:  # noqa: ARG002 - nobody looks
        """Show a frame in place of the one before."""
        return True

    def write_sound(self, sound: LiveSound) -> None:
        """Nothing: it is silent."""

    def is_open(self) -> bool:
        """Whether anybody still looks."""
        return True

    def close(self) -> None:
        """Let go of it."""

    def abandon(self) -> None:
        """The same as `close`."""
        self.close()


class Window(Screen):
    """A window of Tk, which comes with Python; closing it ends the session."""

    def __init__(self, height: int, width: int, title: str) -> None:
        """Open it; raises OutputError where there is no display or no Tk."""
        try:
            self._tk: Any = importlib.import_module("tkinter")
        except ImportError as error:
            raise OutputError(
                "this Python has no tkinter, which draws the window; install it (python3-tk), or "
                "choose another --to"
            ) from error
        try:
            self._root: Any = self._tk.Tk()
        except self._tk.TclError as error:
            raise OutputError(
                f"there is no display for a window ({error}); choose --to none, a file or a URL"
            ) from error
        self._is_open = True
        self._root.title(title)
        self._root.protocol("WM_DELETE_WINDOW", self._end)
        self._root.bind("<Escape>", lambda _: self._end())
        self._root.bind("q", lambda _: self._end())
        self._image = self._tk.PhotoImage(width=width, height=height, master=self._root)
        self._tk.Label(self._root, image=self._image, borderwidth=0).pack()
        self._root.update()

    def write(self, frame: Frame) -> bool:
        """Show a frame in place of the one before."""
        if self._is_open:
            self._image.configure(data=_to_ppm(frame.pixels), format="ppm")
            self._root.update()
        return self._is_open

    def is_open(self) -> bool:
        """Whether the window is still there; lets it react to mouse and keys."""
        if self._is_open:
            self._root.update()
        return self._is_open

    def close(self) -> None:
        """Take it off the screen."""
        self._is_open = False
        with suppress(self._tk.TclError):
            self._root.destroy()

    def _end(self) -> None:
        """The user has seen enough; `close` follows."""
        self._is_open = False


class VirtualCamera(Screen):
    """A camera of this machine that meetings and recorders can choose (pyvirtualcam)."""

    def __init__(self, height: int, width: int, rate: float) -> None:
        """Open it; raises MissingExtraError, or OutputError where no device is there."""
        try:
            package: Any = importlib.import_module("pyvirtualcam")
        except ImportError as error:
            raise missing_extra("a virtual camera", "pyvirtualcam", "live") from error
        try:
            self._camera = package.Camera(width=width, height=height, fps=rate)
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise OutputError(
                f"there is no virtual camera ({reason}); load v4l2loopback on Linux, install OBS "
                "on macOS and Windows, or choose another --to"
            ) from error

    def write(self, frame: Frame) -> bool:
        """Give a frame to whoever watches."""
        self._camera.send(frame.pixels)
        return True

    def close(self) -> None:
        """Let go of the device."""
        self._camera.close()


def _to_ppm(pixels: Pixels) -> bytes:
    """The picture in the simplest format that Tk reads."""
    height, width = pixels.shape[:2]
    return b"P6 %d %d 255\n" % (width, height) + pixels.tobytes()
