"""Words on the screen: any name printable, figures as people read them, codes by the book."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unblur.apps.cli.output import (
    UseError,
    describe,
    describe_counts,
    describe_seconds,
    exit_code_of,
    print_table,
    printable,
    use_errors,
)
from unblur.errors import ConfigError, MediaError, ModelError, UnknownNameError
from unblur.restoration.file_jobs import FileReport


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two words.jpg", "two words.jpg"),
        ('it\'s "so".jpg', 'it\'s "so".jpg'),
        ("new\nline\t.jpg", "new\\nline\\t.jpg"),
        ("red\x1b[31m.jpg", "red\\x1b[31m.jpg"),
        ("caf\udce9.jpg", "caf\\udce9.jpg"),
        ("reversed\u202egpj.exe", "reversed\\u202egpj.exe"),
        ("\U0001f468\u200d\U0001f469\ufe0f \u65e5\u672c.jpg",) * 2,
    ],
)
def test_names_are_shown_as_they_are_where_that_is_safe(name: str, shown: str) -> None:
    assert printable(name) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_becomes_one_line_that_utf_8_can_say(text: str) -> None:
    shown = printable(text)
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (0.84, "0.8 s"),
        (59.94, "59.9 s"),
        (200.2, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_times_are_told_as_people_tell_them(seconds: float, text: str) -> None:
    assert describe_seconds(seconds) == text


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"restored": 3, "failed": 1, "skipped": 2}, "3 restored, 1 failed, 2 skipped"),
        ({"restored": 3, "skipped": 0}, "3 restored"),
        ({"failed": 2}, "0 restored, 2 failed"),
    ],
)
def test_the_summary_counts_what_happened(counts: dict[str, int], text: str) -> None:
    assert describe_counts(Counter(counts)) == text


def restored(name: str, **fields: object) -> FileReport:
    """A report on a restored picture."""
    path = Path(name)
    return FileReport(
        path,
        path.with_stem(f"{path.stem}_unblurred"),
        "restored",
        0.8,
        1280,
        720,
        model="live",
        runtime="openvino",
        device="CPU",
        precision="fp32",
        **fields,  # type: ignore[arg-type]
    )


def test_a_restored_file_is_one_line() -> None:
    assert describe(restored("photo.jpg")) == (
        "photo.jpg -> photo_unblurred.jpg  1280x720, 0.8 s, live (openvino CPU fp32)"
    )
    assert describe(restored("photo.jpg", self_ensemble=4)).endswith("fp32, self-ensemble 4)")
    assert "1280x720, 250 frames, 0.8 s" in describe(restored("clip.mp4", frame_count=250))


def test_a_failed_file_is_named_once() -> None:
    unnamed = FileReport(Path("a.jpg"), None, "failed", error="the disk is full")
    named = FileReport(Path("a.jpg"), None, "failed", error="cannot read a.jpg: it is empty")
    assert describe(unnamed) == "failed: a.jpg: the disk is full"
    assert describe(named) == "failed: cannot read a.jpg: it is empty"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UseError("x"), 2),
        (ConfigError("x"), 2),
        (UnknownNameError("x"), 2),
        (ModelError("x"), 1),
        (MediaError("x"), 1),
    ],
)
def test_wrong_requests_and_failures_have_their_exit_codes(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


def test_errors_before_the_work_are_errors_of_use() -> None:
    with pytest.raises(UseError, match="no picture"), use_errors():
        raise MediaError("no picture")


def test_tables_align_and_bear_any_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([("model", "ms"), ("live\n", "9"), ("x", "12345")], indent="  ")
    assert capsys.readouterr().out.splitlines() == [
        "  model   ms",
        "  live\\n  9",
        "  x       12345",
    ]
