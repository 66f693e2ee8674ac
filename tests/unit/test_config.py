"""Options from TOML: what they refuse, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import pytest
from pydantic import Field, ValidationError, model_validator

from unblur.config import Options
from unblur.errors import ConfigError


class Inner(Options):
    learning_rate: float = Field(default=0.1, gt=0)


class Outer(Options):
    name: str
    optimizer: Inner = Inner()

    @model_validator(mode="after")
    def _is_no_sheep(self) -> Self:
        if self.name == "sheep":
            raise ValueError("name must not be 'sheep'")
        return self


def read(tmp_path: Path, text: str) -> Outer:
    path = tmp_path / "a.toml"
    path.write_text(text)
    return Outer.from_toml(path)


def test_values_are_read_and_frozen(tmp_path: Path) -> None:
    options = read(tmp_path, 'name = "x"\n[optimizer]\nlearning_rate = 0.5')
    assert (options.name, options.optimizer.learning_rate) == ("x", 0.5)
    with pytest.raises(ValidationError, match="frozen"):
        options.name = "y"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('name = "x"\nnaem = "y"', "unknown option 'naem'; did you mean 'name'?"),
        (
            'name = "x"\n[optimizer]\nlearnig_rate = 1',
            "unknown option 'optimizer.learnig_rate'; did you mean 'learning_rate'?",
        ),
        ('name = "x"\n[optimizer]\nlearning_rate = 0', "greater than 0, got 0"),
        ('name = "x"\n[optimizer]\nlearning_rate = inf', "should be a finite number, got inf"),
        ('name = "x"\n[optimizer]\nlearning_rate = nan', "should be a finite number, got nan"),
        ("", "name: Field required"),
        ("name = ", "is not valid TOML"),
    ],
)
def test_a_fault_is_named_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert sentence in str(caught.value)
    assert "a.toml" in str(caught.value)


def test_options_that_do_not_go_together_are_told_without_the_whole_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, 'name = "sheep"')
    assert str(caught.value) == f"{tmp_path / 'a.toml'}: name must not be 'sheep'"


def test_changes_count_more_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('name = "x"\n[optimizer]\nlearning_rate = 0.5')
    changes = ["name=a b", "optimizer.learning_rate=0.25"]
    assert Outer.from_toml(path, changes) == Outer(name="a b", optimizer=Inner(learning_rate=0.25))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("name", "'name' is not KEY=VALUE"),
        ("optimizer.=1", "'optimizer.=1' is not KEY=VALUE"),
        ("name.first=1", "looks into name, which is a value and no table"),
        ("optimizer.rate=1", "unknown option 'optimizer.rate'; did you mean 'learning_rate'?"),
        ("optimizer.learning_rate=fast", "unable to parse string as a number, got 'fast'"),
    ],
)
def test_a_change_that_does_not_fit_is_named(tmp_path: Path, change: str, sentence: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text('name = "x"')
    with pytest.raises(ConfigError) as caught:
        Outer.from_toml(path, [change])
    assert sentence in str(caught.value)


def test_the_defaults_can_be_changed_without_a_file() -> None:
    assert Inner.from_changes(["learning_rate=0.25"]) == Inner(learning_rate=0.25)
    with pytest.raises(ConfigError, match="unknown option 'rate'; did you mean 'learning_rate'"):
        Inner.from_changes(["rate=1"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*missing.toml: No such file"):
        Outer.from_toml(tmp_path / "missing.toml")
