"""The command in a process of its own: start-up, streams, signals, real files and weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.clips import long_clip, make_clip
from unblur.weights.store import BUNDLED

needs_weights = pytest.mark.skipif(
    not (BUNDLED / "live.onnx").exists(), reason="no weights are bundled"
)
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("numpy", "av", "PIL", "openvino", "onnxruntime", "torch", "rich")


def run(*words: str | Path, cwd: Path, **keywords: object) -> subprocess.CompletedProcess[str]:
    """`python -m unblur WORDS` in `cwd`, with what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "unblur", *map(os.fspath, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **keywords.pop("env", {})},
        **keywords,
    )


def make_picture(path: Path) -> Path:
    """A picture with something in it."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8)).save(path)
    return path


def make_video(path: Path, frame_count: int) -> Path:
    """An H.264 clip at 25 frames per second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        grey = np.full((96, 160, 3), 100, np.uint8)
        for _ in range(frame_count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("words", [["--help"], ["restore", "--help"], ["--version"], ["--wrong"]])
def test_what_computes_nothing_loads_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    code = (
        "import sys, json; from unblur.apps.cli.main import main; main(sys.argv[1:]); "
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded & set(HEAVY) == set()


def test_importing_the_package_loads_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys, unblur; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert set(done.stdout.split()) & {*HEAVY, "typer"} == set()


@needs_posix
def test_the_help_is_there_in_half_a_second(tmp_path: Path) -> None:
    def time_help() -> float:  # of a core: other programs do not count
        before = os.times()
        assert run("--help", cwd=tmp_path).returncode == 0
        after = os.times()
        user_s = after.children_user - before.children_user
        return user_s + after.children_system - before.children_system

    assert min(time_help() for _ in range(5)) < 0.5


@needs_weights
def test_pictures_are_restored_beside_their_inputs(tmp_path: Path) -> None:
    make_picture(tmp_path / "a.png")
    done = run("a.png", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("a.png -> a_unblurred.png  32x24, ")
    assert "live_large (openvino CPU fp32, self-ensemble 4)" in done.stdout
    with Image.open(tmp_path / "a_unblurred.png") as restored:
        assert restored.size == (32, 24)


@needs_weights
@needs_posix
@pytest.mark.parametrize(
    "name", ["two words.png", 'it\'s "so".png', "new\nline.png", "\U0001f3de.png", "caf\udce9.png"]
)
def test_any_name_is_restored_and_printed_on_one_line(tmp_path: Path, name: str) -> None:
    make_picture(tmp_path / "plain.png").rename(tmp_path / name)
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for environment in ({}, ascii_only):
        done = run("--overwrite", name, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 1
    (row,) = run("--overwrite", "--json", name, cwd=tmp_path).stdout.splitlines()
    assert json.loads(row)["output"] == f"{name[:-4]}_unblurred.png"
    assert (tmp_path / f"{name[:-4]}_unblurred.png").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.jpg", b""),
        ("text.jpg", b"this is no picture\n" * 20),
        ("text.mp4", b"this is no video\n" * 20),
        ("empty.mp4", b""),
    ],
)
def test_a_file_that_is_not_what_it_says_is_one_sentence(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    done = run(name, cwd=tmp_path)
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("failed: ")
    assert name in sentence
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes.onnx", b"not a model"), ("empty.onnx", b""), ("notes.safetensors", b"no weights")],
)
def test_a_model_file_that_is_not_one_is_one_sentence(
    tmp_path: Path, name: str, content: bytes
) -> None:
    if name.endswith(".safetensors"):
        pytest.importorskip("torch")
    make_picture(tmp_path / "a.png")
    (tmp_path / name).write_bytes(content)
    done = run("a.png", "--model", name, cwd=tmp_path)
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert name in sentence
    assert not (tmp_path / "a_unblurred.png").exists()


@needs_posix
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    make_picture(tmp_path / "a.png")
    (tmp_path / "out").mkdir(mode=0o500)
    done = run("a.png", "-o", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


PARTIAL = ".a_unblurred.mp4.partial"


def stop_midway(source: Path, number: signal.Signals) -> tuple[int, str]:
    """Restore `source` until one more segment is finished, and send a signal then."""
    partial = source.with_name(PARTIAL)
    before = count_segments(partial)
    process = subprocess.Popen(
        [sys.executable, "-m", "unblur", str(source)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    deadline = time.monotonic() + 60
    while count_segments(partial) <= before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert count_segments(partial) > before, "the video was not begun"
    process.send_signal(number)
    _, talk = process.communicate(timeout=60)
    return process.returncode, talk


def count_segments(partial: Path) -> int:
    return partial.read_bytes().count(b'{"frame_count"') if partial.exists() else 0


@needs_weights
@pytest.mark.parametrize("way", ["module", "script"])
def test_ctrl_c_while_the_program_loads_is_one_sentence(tmp_path: Path, way: str) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, function = project["scripts"]["unblur"].split(":")
    script = f"import sys; from {module} import {function}; sys.exit({function}())"
    done = subprocess.run(
        [sys.executable, *(["-m", "unblur"] if way == "module" else ["-c", script]), "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "unblur: stopped\n"


def test_a_video_goes_on_where_it_was_stopped_or_killed(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", long_clip(1200, height=144, width=256, has_audio=True))
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        code, talk = stop_midway(source, number)
        if number != signal.SIGKILL:
            assert code == 130
            assert talk.splitlines()[-1].startswith("unblur: stopped")
            assert "Traceback" not in talk
        assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", PARTIAL}
    report = json.loads(run("a.mp4", "--json", cwd=tmp_path).stdout)
    assert report["frame_count"] == 1200
    assert "frames were there from a run that was stopped" in report["notes"][0]
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "a_unblurred.mp4"}
    assert run("a.mp4", "-o", "b.mp4", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a_unblurred.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@needs_posix
@pytest.mark.parametrize("words", [["--help"], ["models"], ["models", "--json"]])
def test_a_reader_that_goes_away_is_no_error_message(tmp_path: Path, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "unblur", *words],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode in {0, 1}
