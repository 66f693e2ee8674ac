"""`unblur export`: which options go together."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("nncf")

from unblur.apps.cli.main import main

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["last.pt", "--calibrate", "blurry"], "--calibrate goes with a .safetensors model"),
        (["live.safetensors", "--licence", "MIT"], "--licence and --network go with a checkpoint"),
        (["live.safetensors", "--data", "mine=pairs"], "give --calibrate FOLDER"),
    ],
)
def test_options_of_the_other_kind_of_input_are_refused(arguments, sentence, capsys):
    assert main(["export", *arguments]) == 2
    assert sentence in " ".join(capsys.readouterr().err.replace("│", " ").split())
