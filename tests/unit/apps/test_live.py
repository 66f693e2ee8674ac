"""`unblur live`: options, lines on the screen, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unblur.apps.cli.live_lines import LiveLines, describe_report
from unblur.apps.cli.main import main
from unblur.restoration.live_meter import LiveReport

SECOND = LiveReport(
    seconds=12.04,
    is_summary=False,
    received=30,
    delivered=24,
    dropped=6,
    sharp=2,
    frames_per_s=24.0,
    latency_ms=61,
    latency_ms_95=80,
    age_ms=70,
    age_ms_95=90,
    disordered=0,
    lost=0,
    resolution=0.5,
    skips_sharp=True,
)


def test_a_second_is_a_line() -> None:
    assert describe_report(SECOND) == (
        "12 s, 30 in, 24 out (24.0 frames/s), 6 dropped, 2 sharp already, latency 61 ms, "
        "age 70 ms, network at 0.5"
    )


def test_json_goes_to_stdout_and_sentences_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    lines = LiveLines(is_json=True, is_quiet=False)
    lines.tell("something happened")
    lines.report(SECOND)
    out, err = capsys.readouterr()
    assert json.loads(out) == SECOND.as_dict()
    assert err == "something happened\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lines = LiveLines(is_json=False, is_quiet=True)
    lines.tell("something happened")
    lines.report(SECOND)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_a_line_takes_the_place_of_the_one_before(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    lines = LiveLines(is_json=False, is_quiet=False)
    lines.report(SECOND)
    lines.tell("something happened")
    _, err = capsys.readouterr()
    assert err == f"\r\x1b[K{describe_report(SECOND)}\r\x1b[Ksomething happened\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["gopher://x"], "cannot be read live"),
        (["pattern", "--to", "a.avi"], "cannot write live video to a.avi"),
        (["pattern", "--to", "-", "--json"], "--json prints on stdout"),
        (["pattern", "--to", "there.mp4"], "there.mp4 is there already; add --overwrite"),
        (["./there.mp4", "--to", "there.mp4", "--overwrite"], "would replace the source"),
        (["pattern", "--source-option", "novalue"], "'novalue' is not KEY=VALUE"),
        (["pattern", "--size", "big"], "'big' is not a width and a height"),
    ],
)
def test_wrong_requests_are_told_at_once(
    words: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.mp4").touch()
    assert main(["live", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert reason in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [["--model", "live", "--model", "other"]])
def test_the_benchmark_of_a_live_session_takes_one_of_each(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", "--live", *words]) == 2
    assert "one --model, not 2" in capsys.readouterr().err
