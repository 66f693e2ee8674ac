"""Words to commands, and everything that goes wrong to a sentence and an exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import unblur
from unblur.apps.cli import main as main_module
from unblur.apps.cli import options
from unblur.apps.cli.commands import train as train_module
from unblur.apps.cli.main import main
from unblur.errors import install_command
from unblur.facts import Precision
from unblur.media.codecs import VideoCodec
from unblur.restoration.self_ensemble import SelfEnsemble
from unblur.runtimes.base import Device, RuntimeName


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let every command end with `error`."""

    def fail(*arguments: object, **keywords: object) -> None:
        raise error

    monkeypatch.setattr(main_module, "app", fail)


@pytest.mark.parametrize(
    ("words", "routed"),
    [
        (["photo.jpg", "-r"], ["restore", "photo.jpg", "-r"]),
        (["--json", "photo.jpg"], ["restore", "--json", "photo.jpg"]),
        (["./models"], ["restore", "./models"]),
        (["models"], ["models"]),
        (["restore", "models"], ["restore", "models"]),
        (["--version"], ["--version"]),
        ([], ["--help"]),
    ],
)
def test_words_without_a_command_are_inputs(
    monkeypatch: pytest.MonkeyPatch, words: list[str], routed: list[str]
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(main_module, "app", lambda words, **_: seen.append(words))
    assert main(words) == 0
    assert seen == [routed]


@pytest.mark.parametrize(
    ("word", "command"),
    [("resore", "restore"), ("modles", "models"), ("synthesise", "synthesize"), ("dta", "data")],
)
def test_a_misspelt_command_is_told_with_the_right_one(
    word: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word, "photo.jpg"]) == 2
    assert capsys.readouterr().err == (
        f"unblur: there is no command and no file {word!r}; did you mean: unblur {command}?\n"
    )


def test_a_file_that_is_called_nearly_like_a_command_is_an_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    seen: list[list[str]] = []
    monkeypatch.setattr(main_module, "app", lambda words, **_: seen.append(words))
    assert main(["model"]) == 0
    assert seen == [["restore", "model"]]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"unblur {unblur.__version__}\n"


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for command in main_module.COMMANDS:
        assert f"  {command.__name__} " in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--wrong"], "No such option: --wrong"),
        (["restore"], "Missing argument 'INPUT'; see: unblur restore --help"),
        (["doctor", "extra"], "see: unblur doctor --help"),
        (["models", "extra"], "no model named 'extra'; bundled: live, live_fast"),
        (["a.jpg", "--device", "tpu"], "'tpu' is not one of 'auto', 'cpu', 'gpu', 'npu'"),
        (["a.jpg", "--output", "-"], "--output - is no file or folder"),
        (["models", "live", "--macs"], "--macs counts every network; it takes no MODEL"),
        (["a.jpg", "--tile-px", "0"], "'0' is neither 'auto' nor a whole number of pixels"),
        (["a.jpg", "--tile-px", "many"], "'many' is neither 'auto' nor"),
        (["benchmark", "--size", "720"], "'720' is not a width and a height such as 1280x720"),
        (["benchmark", "--runtime", "tpu"], "'tpu' is not one of auto, openvino"),
        (["benchmark", "--rounds", "0"], "--rounds"),
    ],
)
def test_wrong_words_are_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main(words) == 2
    streams = capsys.readouterr()
    assert sentence in streams.err
    assert len(streams.err.splitlines()) == 1
    assert streams.out == ""


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["live", "camera"], ""),
        (["a.mp4"], "; what is finished is kept, and the same command does the rest"),
    ],
)
def test_ctrl_c_is_one_sentence_and_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], more: str
) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert main(words) == 130
    assert capsys.readouterr().err == f"unblur: stopped{more}\n"


def test_ctrl_c_that_an_import_turned_into_another_error_is_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ImportError("initialization failed")
    error.__cause__ = KeyboardInterrupt()
    failing(monkeypatch, error)
    assert main(["models"]) == 130
    assert capsys.readouterr().err == "unblur: stopped\n"


def test_a_bug_is_one_sentence_unless_it_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, ZeroDivisionError("oh"))
    monkeypatch.delenv("UNBLUR_DEBUG", raising=False)
    assert main(["models"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "unexpected ZeroDivisionError: oh" in sentence
    assert "report it" in sentence
    monkeypatch.setenv("UNBLUR_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["models"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_stdout_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-m", "unblur", "models"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "cannot print what was done: No space left on device" in done.stderr


def test_stdout_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["models"]) == 0


def test_training_without_torch_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    pytest.importorskip("cv2")
    config = f"{tmp_path}/run.toml"
    with open(config, "w", encoding="utf-8") as file:  # noqa: PTH123 - one line
        file.write('output = "out"\n[data]\nphotos = "p"\ncache = "c"\n')
    monkeypatch.delitem(sys.modules, "unblur.training.trainer", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main([train_module.train.__name__, config]) == 1
    assert f"; install it with: {install_command('train')}\n" in capsys.readouterr().err


def test_evaluation_without_opencv_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("unblur.metrics", "unblur.eval"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert main(["evaluate", "live", "--data", "mine=pairs"]) == 1
    assert f"; install it with: {install_command('evaluate')}\n" in capsys.readouterr().err


def test_a_missing_configuration_is_told_before_a_missing_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "unblur.training.trainer", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["train", str(tmp_path / "nope.toml")]) == 2
    assert capsys.readouterr().err == (
        f"unblur: cannot read {tmp_path / 'nope.toml'}: No such file or directory\n"
    )


def test_the_choices_of_options_are_those_of_the_rooms_that_mean_them() -> None:
    assert get_args(options.DeviceChoice) == get_args(Device)
    assert get_args(options.RuntimeChoice) == ("auto", *get_args(RuntimeName))
    assert get_args(options.PrecisionChoice) == ("auto", *get_args(Precision))
    assert get_args(options.SelfEnsembleChoice) == ("auto", *map(str, get_args(SelfEnsemble)))
    assert get_args(options.CodecChoice) == get_args(VideoCodec)
