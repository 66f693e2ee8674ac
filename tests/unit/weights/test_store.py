"""Finding models, and reading what they say of themselves."""

import json

import pytest

from unblur.errors import ModelError, UnknownNameError
from unblur.facts import METADATA_KEY, NetworkFacts, SizeRule
from unblur.weights.store import (
    find_model,
    find_whole_model,
    list_models,
    read_safetensors_facts,
)


def write_safetensors(path, metadata):
    header = json.dumps({"__metadata__": metadata}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


@pytest.mark.parametrize(
    ("name", "least_count"),
    [
        ("live", 1_500_000),
        ("live_fast", 1_700_000),
        ("live_large", 2_800_000),
        ("mobilenet", 2_500_000),
        ("mobilenet_dsc", 1_900_000),
        ("mobilenet_perceptual", 2_500_000),
    ],
)
def test_a_bundled_model_has_every_form_and_says_what_it_is(name, least_count):
    model = find_model(name)
    assert model in list_models()
    assert set(model.files) == {"onnx", "onnx_int8", "safetensors"}
    assert all(size < 8_000_000 for size in model.size_bytes.values())
    facts = model.read_facts()
    assert facts.model_name == name
    assert facts.licence == "Apache-2.0"
    assert facts.parameter_count > least_count
    assert facts.training_runs


def test_a_path_is_a_model_of_that_form(tmp_path):
    for ending, form in [(".onnx", "onnx"), (".int8.onnx", "onnx_int8")]:
        path = tmp_path / f"mine{ending}"
        path.touch()
        model = find_model(path)
        assert (model.name, model.files) == ("mine", {form: path})
    both = {"onnx": tmp_path / "mine.onnx", "onnx_int8": tmp_path / "mine.int8.onnx"}
    assert find_model(both["onnx"]).files == both, "int8 beside it is the same model's"
    with pytest.raises(ModelError, match=r"mine has no \.safetensors file; there is: mine"):
        model.find("safetensors")


def test_a_model_without_the_file_that_tells_of_it_says_so(tmp_path):
    (tmp_path / "mine.onnx").touch()
    said = r"mine\.safetensors, which says .* is not beside .*mine\.onnx"
    with pytest.raises(ModelError, match=said):
        find_model(tmp_path / "mine.onnx").read_facts()


def test_unknown_names_and_missing_files_are_told_apart(tmp_path):
    with pytest.raises(UnknownNameError, match="no model named 'nothing'; bundled: live"):
        find_model("nothing")
    with pytest.raises(ModelError, match="there is no model file"):
        find_model(tmp_path / "nothing.onnx")


def test_facts_survive_the_file(tmp_path):
    facts = NetworkFacts("x", "y", SizeRule(8, 16), 40, metrics={"psnr_db": 30.5})
    path = write_safetensors(tmp_path / "x.safetensors", {METADATA_KEY: facts.to_json()})
    assert read_safetensors_facts(path) == facts


@pytest.mark.parametrize("content", [b"", b"1234567890", b"\xff" * 40, b"\x02" + bytes(7) + b"{}"])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.safetensors"):
        read_safetensors_facts(path)


def test_damaged_facts_are_an_error(tmp_path):
    path = write_safetensors(tmp_path / "x.safetensors", {METADATA_KEY: '{"name": 3}'})
    with pytest.raises(ModelError, match="facts in the model file are damaged: name"):
        read_safetensors_facts(path)


def test_a_whole_model_is_found_from_any_of_its_files(tmp_path):
    paths = [tmp_path / f"mine{end}" for end in (".onnx", ".int8.onnx", ".safetensors")]
    for path in paths:
        path.touch()
    for path in paths:
        assert set(find_whole_model(path).files.values()) == set(paths)
    assert find_whole_model("live") in list_models()
