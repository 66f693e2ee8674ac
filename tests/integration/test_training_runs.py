"""Training as a user runs it: stopped, killed, in two processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.lib.format import open_memmap

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from tests.distributed_tools import (  # noqa: E402
    take_broken_step,
    take_joined_step,
    take_shared_step,
)
from tests.training_tools import PAIR_PX, small_run, write_config  # noqa: E402
from unblur.data.pair_cache import open_pair_cache  # noqa: E402
from unblur.media.image_files import write_picture  # noqa: E402
from unblur.media.picture import Picture, PictureFile  # noqa: E402
from unblur.training.config import DataOptions  # noqa: E402
from unblur.training.machine import make_fabric  # noqa: E402
from unblur.training.throughput import measure_throughput  # noqa: E402
from unblur.training.trainer import Trainer  # noqa: E402
from unblur.weights.run_state import read_state  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow]
STEPS = 60


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """`unblur train` on the configuration in `folder`."""
    command = [sys.executable, "-m", "unblur", "train", str(folder / "run.toml"), *words]
    return subprocess.Popen(
        command,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def wait_for_checkpoint(process: subprocess.Popen[str], folder: Path) -> int:
    """Wait until the run has saved itself; gives the step."""
    last = folder / "run" / "last.pt"
    while not last.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return int(read_state(last)["step"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The state at the end of a run that was left alone."""
    folder = tmp_path_factory.mktemp("whole")
    write_config(folder, maximum_steps=STEPS)
    process = start(folder, "--quiet")
    _, said = process.communicate()
    assert (process.returncode, said) == (0, "")
    return read_state(folder / "run" / "last.pt")


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(signal.SIGKILL, -9), (signal.SIGTERM, 130), (signal.SIGINT, 130)],
)
def test_a_stopped_run_ends_with_the_same_weights(
    tmp_path: Path, whole: dict[str, Any], number: int, exit_code: int
) -> None:
    write_config(tmp_path, maximum_steps=STEPS, checkpoint_minutes=1e-9)
    process = start(tmp_path)
    try:
        saved = wait_for_checkpoint(process, tmp_path)
    finally:
        process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == exit_code
    last = tmp_path / "run" / "last.pt"
    stopped = read_state(last)["step"]
    assert saved <= stopped < STEPS
    if number != signal.SIGKILL:
        assert "stopped; what is finished is kept" in said
    process = start(tmp_path, "--quiet")
    process.communicate()
    assert process.returncode == 0
    state = read_state(last)
    assert state["step"] == STEPS
    assert not list(last.parent.glob(".unblur-*"))
    for part in ("network", "averaged"):
        for name, tensor in whole[part].items():
            assert torch.equal(tensor, state[part][name]), name


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_that_reaches_the_drawing_processes_too_saves_the_run(
    tmp_path: Path, number: int
) -> None:
    data = DataOptions(cache=tmp_path / "cache", photos=tmp_path, pair_px=PAIR_PX, workers=1)
    write_config(tmp_path, data=data, maximum_steps=10_000, checkpoint_minutes=1e-9)
    process = start(tmp_path)
    try:
        wait_for_checkpoint(process, tmp_path)
    finally:
        os.killpg(process.pid, number)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "stopped; what is finished is kept" in said.splitlines()[-1]


def start_making_pairs(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """A run that makes more pairs than it ever will; gives the process and their file."""
    photos = folder / "photos"
    photos.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (76, 76, 3), np.uint8)
    for index in range(2):  # of which the first is held out
        write_picture(
            Picture(noise.repeat(8, 0).repeat(8, 1), None, PictureFile("PNG")),
            photos / f"{index}.png",
        )
    data = DataOptions(cache=folder / "new", photos=photos, pair_px=PAIR_PX, pair_count=10**6)
    write_config(folder, data=data, maximum_steps=1)
    return start(folder), folder / "new" / "train" / "pairs.npy"


def has_pair(pairs: Path) -> bool:
    """Whether the first pair is made."""
    try:
        return bool(open_memmap(pairs, "r")[0].any())
    except (FileNotFoundError, ValueError):  # not there, or not of its full length, yet
        return False


def makers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that make pairs, begun by `process`."""
    return [child for child in psutil.Process(process.pid).children() if is_maker(child)]


def is_maker(child: psutil.Process) -> bool:
    """Whether `child` makes pairs; others come and go, such as those that imports start."""
    try:
        return any("spawn_main" in word for word in child.cmdline())
    except psutil.NoSuchProcess:  # or one that has ended and was not waited for
        return False


@pytest.mark.parametrize("moment", ["as they begin", "as they work"])
def test_a_stop_while_pairs_are_made_is_a_sentence_and_leaves_none(
    tmp_path: Path, moment: str
) -> None:
    process, pairs = start_making_pairs(tmp_path)
    try:
        while not (has_pair(pairs) if moment == "as they work" else makers(process)):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == 130
    assert [line for line in said.splitlines() if not line.startswith("making ")] == [
        "unblur: stopped; what is finished is kept, and the same command does the rest"
    ]
    assert not pairs.exists()


def test_a_killed_process_that_makes_pairs_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    process, pairs = start_making_pairs(tmp_path)
    try:
        while not has_pair(pairs):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        makers(process)[0].kill()
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    assert said.splitlines()[-1].startswith("unblur: a process that makes pairs was killed")
    assert not pairs.exists()


@pytest.mark.parametrize("adversary", [None, "ragan-ls"])
def test_two_processes_learn_what_one_learns_from_both_batches(
    tmp_path: Path, adversary: str | None
) -> None:
    options = small_run(
        tmp_path,
        crop_px=64,
        first_crop_px=64,
        optimizer="adam",
        adversary={"loss": adversary, "discriminator": "patch"},
    )
    take_joined_step(options, 2, tmp_path / "joined.pt")
    take_shared_step(options, 2, tmp_path / "shared.pt")
    joined, shared = (torch.load(tmp_path / f"{name}.pt") for name in ("joined", "shared"))
    assert joined.keys() == shared.keys()
    for network in {name.split(".")[0] for name in joined}:
        mine = {name: value for name, value in joined.items() if name.startswith(network)}
        assert all(value.any() for value in mine.values())
        rounding = 1e-5 * max(float(value.abs().max()) for value in mine.values())
        for name, gradient in mine.items():
            assert torch.allclose(gradient, shared[name], rtol=1e-3, atol=rounding), name


def test_all_processes_end_when_one_has_a_loss_that_is_no_number(tmp_path: Path) -> None:
    take_broken_step(small_run(tmp_path), 2, tmp_path)
    said = [(tmp_path / f"{rank}.txt").read_text() for rank in (0, 1)]
    assert said[0].startswith("the length of the gradient is nan at step 0")
    assert said[1].startswith("the pixel is nan at step 0")


def test_two_processes_of_one_command_train(tmp_path: Path) -> None:
    write_config(tmp_path)
    process = start(tmp_path, "--devices", "2", "--quiet")
    said, errors = process.communicate(timeout=200)
    assert (process.returncode, errors) == (0, "")
    assert said.count("trained: ") == 1
    assert read_state(tmp_path / "run" / "last.pt")["step"] == 6
    rows = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in rows] == [6]


def test_the_throughput_is_measured_in_three_ways(tmp_path: Path) -> None:
    measured = measure_throughput(small_run(tmp_path), seconds=0.5)
    assert min(measured.data, measured.network, measured.together) > 0
    assert f"({measured.efficiency:.2f} of the slower)" in str(measured)
    assert not (tmp_path / "run").exists()


def test_a_network_with_a_memory_learns_from_sequences(tmp_path: Path) -> None:
    data = DataOptions(
        photos="drawn",
        cache=tmp_path / "sequences",
        frame_count=3,
        pair_count=4,
        held_out_count=3,
        pair_px=48,
        workers=0,
    )
    options = small_run(
        tmp_path, network="live_recurrent", data=data, batch_size=6, maximum_steps=4
    )
    trainer = Trainer(options, make_fabric(options))
    trainer.run()
    assert open_pair_cache(data.cache / "train").pairs[0].shape == (2, 3, 48, 48, 3)
    weights = [conv.weight.detach() for conv in trainer.network.generator.memory]
    assert all(float(weight.abs().max()) > 0 for weight in weights)
    assert (options.output / "best.pt").exists()
