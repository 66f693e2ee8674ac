"""From a training run to model files that restore."""

from __future__ import annotations

import errno
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nncf")
pytest.importorskip("timm")

from onnx import helper, numpy_helper  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from tests.pictures import picture_of  # noqa: E402
from tests.training_tools import make_trainer, small_run  # noqa: E402
from unblur.errors import InputError, ModelError, OutputError  # noqa: E402
from unblur.evaluation.picture_sets import PictureSet  # noqa: E402
from unblur.evaluation.quality import MeanScore  # noqa: E402
from unblur.export import bundle, timing  # noqa: E402
from unblur.export.bundle import export_bundle, export_weights  # noqa: E402
from unblur.export.calibration import calibration_examples, read_blurry  # noqa: E402
from unblur.export.onnx_export import export_onnx  # noqa: E402
from unblur.export.quantize import left_in_float  # noqa: E402
from unblur.facts import NetworkFacts, SizeRule  # noqa: E402
from unblur.media.image_files import write_picture  # noqa: E402
from unblur.models.catalog import find_generator  # noqa: E402
from unblur.restoration.restorer import Restorer  # noqa: E402
from unblur.training.config import AdversaryOptions  # noqa: E402
from unblur.weights import run_state  # noqa: E402
from unblur.weights.checkpoint import replace_facts, save_checkpoint  # noqa: E402
from unblur.weights.store import find_model  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # NNCF's and the exporter's own
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    return make_trainer(small_run(folder, maximum_steps=30, batch_size=4)).run()


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for part in ("blurry", "sharp"):
        (folder / part).mkdir()
        pixels = rng.integers(0, 256, (32, 32, 3), np.uint8)
        write_picture(picture_of(pixels), folder / part / "a.png")
    return folder


@pytest.fixture(scope="module")
def exported(checkpoint: Path, pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "_ROUNDS", 2)
        models = tmp_path_factory.mktemp("models")
        return export_bundle(checkpoint, models, data={"mine": pairs}, licence="CC-BY-4.0")


def test_all_three_files_restore_alike(exported: list[Path], rng: np.random.Generator) -> None:
    assert [path.name for path in exported] == ["live.safetensors", "live.onnx", "live.int8.onnx"]
    coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
    pixels = coarse.repeat(8, axis=0).repeat(8, axis=1)
    results = []
    for path, precision in zip(exported, ("fp32", "fp32", "int8"), strict=True):
        with Restorer(path, precision=precision) as restorer:
            results.append(restorer.restore(pixels).astype(int))
    assert np.abs(results[0] - results[1]).max() <= 1
    correction = np.abs(results[0] - pixels).mean()
    assert correction > 0.1
    assert np.abs(results[0] - results[2]).mean() < 0.5 * correction


def test_what_a_discriminator_trained_is_another_model_of_the_network(tmp_path: Path) -> None:
    adversary = AdversaryOptions(loss="ragan-ls", discriminator="patch")
    run = small_run(tmp_path, maximum_steps=2, adversary=adversary, first_crop_px=32)
    paths = export_bundle(make_trainer(run).run(), tmp_path / "models")
    assert [path.name for path in paths] == [
        f"live_perceptual{ending}" for ending in (".safetensors", ".onnx", ".int8.onnx")
    ]
    for path in paths:
        with Restorer(path) as restorer:
            assert restorer.model_name == "live_perceptual"
            assert (restorer.facts.name, restorer.facts.aim) == ("live", "perceptual")
            assert "discriminator" in restorer.facts.summary


def test_int8_is_half_the_size(exported: list[Path]) -> None:
    assert exported[2].stat().st_size < 0.6 * exported[1].stat().st_size


def test_a_model_gets_its_int8_of_blurred_pictures(
    exported: list[Path], pairs: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    facts = find_model(exported[0]).read_facts()
    metrics = {**facts.metrics, "other_fp32_psnr_gain_db": 7.0, "other_int8_psnr_gain_db": 6.0}
    source = tmp_path / "live.safetensors"
    replace_facts(exported[0], replace(facts, metrics=metrics), source)
    before = load_file(source)
    paths = export_weights(source, tmp_path, calibrate=pairs)
    assert [path.name for path in paths] == ["live.safetensors", "live.onnx", "live.int8.onnx"]
    after = load_file(paths[0])
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert paths[1].stat().st_size == pytest.approx(exported[1].stat().st_size, rel=0.01)
    kept = find_model(paths[0]).read_facts()
    assert kept.metrics["other_fp32_psnr_gain_db"] == 7
    assert not [name for name in kept.metrics if "int8" in name or name.startswith("frame_")]
    assert kept == replace(facts, metrics=kept.metrics, measured_on="")
    pixels = rng.integers(0, 256, (8, 8, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    results = []
    for path, precision in zip(paths[1:], ("fp32", "int8"), strict=True):
        with Restorer(path, precision=precision) as restorer:
            results.append(restorer.restore(pixels).astype(int))
    correction = np.abs(results[0] - pixels).mean()
    assert correction > 0.1
    assert np.abs(results[0] - results[1]).mean() < 0.5 * correction


def test_what_a_model_is_calibrated_with_is_checked_first(
    exported: list[Path], pairs: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match=r"live.onnx is there already"):
        export_weights(exported[0], exported[0].parent, calibrate=pairs)
    with pytest.raises(InputError, match="holds no pictures to calibrate with; give a folder"):
        export_weights(exported[0], tmp_path / "other", calibrate=tmp_path)
    card = find_generator("live_recurrent")
    remembering = NetworkFacts("live_recurrent", "", card.size_rule, state_maps=card.state_maps)
    save_checkpoint(card.build(), remembering, tmp_path / "live_recurrent.safetensors")
    with pytest.raises(ModelError, match="is calibrated with sequences, not with pictures"):
        export_weights(tmp_path / "live_recurrent.safetensors", tmp_path / "other", calibrate=pairs)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("count", "first", "last"), [(3, [0, 1, 2], 2), (239, [0, 1, 3], 237)])
def test_pictures_to_calibrate_with_come_from_all_over_the_folder(
    count: int, first: list[int], last: int, tmp_path: Path
) -> None:
    for index in range(count):
        pixels = np.full((8, 300 if index == 0 else 8, 3), index, np.uint8)
        write_picture(picture_of(pixels), tmp_path / f"{index:03}.png")
    found = list(read_blurry(tmp_path))
    levels = [int(pixels[0, 0, 0]) for pixels in found]
    assert len(levels) == min(count, 120)
    assert (levels[:3], levels[-1]) == (first, last)
    assert found[0].shape == (8, 256, 3)


def test_of_pairs_only_the_blurry_pictures_are_read(tmp_path: Path) -> None:
    for part in ("blurry", "sharp"):
        (tmp_path / part).mkdir()
        write_picture(picture_of(np.full((8, 8, 3), 5, np.uint8)), tmp_path / part / "a.png")
    (tmp_path / "sharp" / "a.png").write_bytes(b"damaged")
    (found,) = read_blurry(tmp_path)
    assert found.shape == (8, 8, 3)


def test_the_facts_tell_of_the_training_and_of_what_was_measured(exported: list[Path]) -> None:
    for path, precision in zip(exported, ("fp32", "fp32", "int8"), strict=True):
        with Restorer(path, precision=precision) as restorer:
            assert "30 steps of muon" in restorer.facts.training_runs[0]
            assert restorer.facts.metrics["mine_int8_psnr_gain_db"] == pytest.approx(0, abs=3)
            assert restorer.facts.metrics["frame_1280x720_fp32_ms"] > 0
            assert restorer.facts.metrics["frame_1280x720_int8_ms"] > 0
            assert "OpenVINO" in restorer.facts.measured_on
            assert restorer.facts.parameter_count == 1_776_512
            assert restorer.facts.licence == "CC-BY-4.0"


def test_weights_are_exported_as_a_network_that_has_the_same(
    checkpoint: Path, tmp_path: Path
) -> None:
    paths = export_bundle(checkpoint, tmp_path, network="live_fast")
    assert [path.name for path in paths][1:] == ["live_fast.onnx", "live_fast.int8.onnx"]
    with Restorer(paths[0]) as restorer:
        assert restorer.facts.size_rule.multiple_of == 48
    with pytest.raises(ModelError, match="weights of 'live', which are not those of 'live_large'"):
        export_bundle(checkpoint, tmp_path, network="live_large")


def test_weights_of_an_earlier_form_are_told(checkpoint: Path, tmp_path: Path) -> None:
    state = run_state.read_state(checkpoint)
    state["averaged"].pop("generator.gate.weight")
    run_state.save_state(state, tmp_path / "old.pt")
    with pytest.raises(ModelError, match="weights of 'live' as it was once"):
        export_bundle(tmp_path / "old.pt", tmp_path)


def test_a_checkpoint_is_exported_where_its_relative_paths_lead_to_its_pairs(
    checkpoint: Path, tmp_path: Path
) -> None:
    state = run_state.read_state(checkpoint)
    options = small_run(checkpoint.parents[1]).model_dump(mode="json")
    options["data"]["cache"] = "runs/cache"
    run_state.save_state({**state, "options": json.dumps(options)}, tmp_path / "last.pt")
    with pytest.raises(InputError, match=r"runs/cache, are not in .*; go to the folder in which"):
        export_bundle(tmp_path / "last.pt", tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e6])
def test_weights_that_are_not_finite_are_refused(
    checkpoint: Path, pairs: Path, tmp_path: Path, value: float
) -> None:
    state = run_state.read_state(checkpoint)
    name, tensor = next(it for it in state["averaged"].items() if it[0].startswith("generator."))
    tensor[(0,) * tensor.ndim] = value
    diverged, target = tmp_path / "last.pt", tmp_path / "models"
    run_state.save_state(state, diverged)
    told = f"holds weights that are not finite, .*{name.removeprefix('generator.')}"
    with pytest.raises(ModelError, match=rf"last\.pt {told}"):
        export_bundle(diverged, target)
    generator = find_generator("live").build()
    generator.load_state_dict(bundle._averaged(state))
    model = tmp_path / "live.safetensors"
    save_checkpoint(generator, bundle._describe(small_run(tmp_path).model_dump(), state), model)
    for calibrate in (None, pairs):
        with pytest.raises(ModelError, match=rf"live\.safetensors {told}"):
            export_weights(model, target, calibrate=calibrate)
    assert not target.exists()


def test_pictures_that_are_too_small_for_the_network_are_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    generator = find_generator("live_fast").build()
    facts = NetworkFacts("live_fast", "", SizeRule(48, 48))
    small, large = (np.zeros((side, 60, 3), np.uint8) for side in (40, 100))
    (example,) = calibration_examples(generator, facts, [small, large])
    assert example["blurry"].shape == (1, 96, 48, 3)
    assert "1 blurred pictures of less than 48 px are left out" in caplog.text
    with pytest.raises(InputError, match=r"none of the 2 blurred pictures .* has 48 px or more"):
        next(calibration_examples(generator, facts, [small, small]))
    minimum = NetworkFacts("official_mobilenet", "", SizeRule(1, 64))
    with pytest.raises(InputError, match="has 64 px or more"):
        next(calibration_examples(generator, minimum, [large]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("live", set[str]()), ("mobilenet", {"lateral.0", "lateral.1", "lateral.2"})],
)
def test_convolutions_that_add_up_few_products_stay_in_float(name: str, expected: set[str]) -> None:
    card = find_generator(name)
    model = export_onnx(card.build(), NetworkFacts(name, "", card.size_rule))
    left = set(left_in_float(model))
    assert {
        f"lateral.{level}" for level in range(4) if f"/lateral.{level}/Conv" in left
    } == expected


def test_depthwise_convolutions_stay_in_float_however_large() -> None:
    names = ["depthwise", "dense"]
    nodes = [
        helper.make_node("Conv", ["x", "d"], ["y"], "depthwise", group=8),
        helper.make_node("Conv", ["y", "k"], ["z"], "dense"),
        helper.make_node("Identity", ["z"], ["result"], "end"),
    ]
    shapes = {"d": (8, 1, 7, 7), "k": (8, 8, 3, 3)}
    weights = [
        numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in shapes.items()
    ]
    ends = [helper.make_tensor_value_info(name, 1, None) for name in ("x", "result")]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], weights))
    assert [name for name in names if name in left_in_float(model)] == ["depthwise"]


@pytest.mark.parametrize(("name", "count"), [("live", 1), ("live_fast", 2)])
def test_what_enlarges_a_correction_stays_in_float(name: str, count: int) -> None:
    card = find_generator(name)
    facts = NetworkFacts(name, "", card.size_rule)
    model = export_onnx(card.build(), facts)
    fixed = {node.output[0] for node in model.graph.node if node.op_type == "Constant"}
    left = set(left_in_float(model))
    enlarging = {
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and node.input[1] in fixed and node.name in left
    }
    assert len(enlarging) == count


def test_model_files_that_are_there_are_kept(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "live.int8.onnx").write_bytes(b"mine")
    (tmp_path / "live.onnx").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"live.onnx is there already; replace it \(--overwrite"):
        export_bundle(checkpoint, tmp_path)
    model = find_model("live").find("safetensors")
    with pytest.raises(OutputError, match=r"live.onnx is there already"):
        export_weights(model, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "live.onnx": b"mine",
        "live.int8.onnx": b"mine",
    }
    export_weights(model, tmp_path, overwrites=True)
    assert (tmp_path / "live.onnx").stat().st_size > 1_000_000


def test_a_disk_that_fills_leaves_none_of_the_three_files(
    exported: list[Path], pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(bundle, "replace_facts", Mock(side_effect=full))
    weights = next(path for path in exported if path.suffix == ".safetensors")
    with pytest.raises(OutputError, match="the disk is full; free some space"):
        export_weights(weights, tmp_path / "new", calibrate=pairs)
    assert list((tmp_path / "new").iterdir()) == []


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_text("hello")
    with pytest.raises(ModelError, match="is not a readable checkpoint"):
        export_bundle(tmp_path / "a.pt", tmp_path)
    torch.save({"step": 1}, tmp_path / "b.pt")
    with pytest.raises(ModelError, match="is not a checkpoint of a training run"):
        export_bundle(tmp_path / "b.pt", tmp_path)
    with pytest.raises(ModelError, match="there is no checkpoint"):
        export_bundle(tmp_path / "c.pt", tmp_path)


def test_data_that_are_not_there_are_told_before_the_work(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing holds no pairs; expected pictures in blurry/"):
        export_bundle(checkpoint, tmp_path / "models", data={"mine": tmp_path / "nothing"})
    assert not (tmp_path / "models").exists()


def test_pictures_and_figures_that_cannot_be_kept_are_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A network that keeps a picture to the last bit has an infinite PSNR; JSON has none."""
    before = MeanScore("mine", "blurry input", "", "", 1, 0)
    after = replace(before, model="live", gain_db=-math.inf, sharp_kept_psnr_db=math.inf)
    monkeypatch.setattr(bundle, "mean_scores", lambda _: [before, after])
    run = Mock(score=lambda _: [], faults=["mine: a.png: a.png is empty"])
    monkeypatch.setattr(bundle, "QualityRun", lambda _: run)
    monkeypatch.setattr(bundle, "Candidate", Mock())
    assert bundle._measure(find_model("live"), [PictureSet("mine", ())]) == {}
    assert caplog.messages == ["mine: a.png: a.png is empty"]
