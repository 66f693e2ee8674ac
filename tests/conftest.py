"""What holds for every test: chance is seeded, nothing goes to a network, no error is logged."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"
"""Development pictures beside the checkout, where they are."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the development pictures where there are none."""
    if not SHARED_DATA.is_dir():
        for item in items:
            if item.get_closest_marker("shared"):
                item.add_marker(pytest.mark.skip(reason=f"no {SHARED_DATA}"))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261124)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_counts() -> None:
    """A shell that starts the tests in the background makes them, and all they start, deaf.

    So does `nohup`, to a terminal that closes.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_locally)


_LOCAL = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(autouse=True)
def _no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    ours = [
        record
        for record in caplog.get_records("call")
        if record.levelno >= logging.ERROR and record.name.startswith("unblur")
    ]
    assert not ours, [record.getMessage() for record in ours]
