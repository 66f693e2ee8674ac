"""What every runtime must hold, on the bundled model."""

import shutil

import numpy as np
import pytest

from unblur.errors import ConfigError, ModelError
from unblur.restoration.tiling import restore_any_size
from unblur.runtimes.base import RuntimeOptions
from unblur.runtimes.opening import RUNTIMES, open_runtime, report_runtimes
from unblur.weights.store import find_model

PACKAGES = {"openvino": "openvino", "onnxruntime": "onnxruntime", "torch": "torch"}


@pytest.fixture(params=sorted(RUNTIMES))
def runtime_name(request):
    pytest.importorskip(PACKAGES[request.param])
    return request.param


def open_live(runtime_name, precision="fp32"):
    form = "safetensors" if runtime_name == "torch" else "onnx"
    form = "onnx_int8" if precision == "int8" else form
    path = find_model("live").find(form)
    options = RuntimeOptions(path, device="cpu", precision=precision, thread_count=1)
    return open_runtime(runtime_name, options)


def blocks(height=64, width=96):
    """A picture with edges: what a network finds something to do with."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    large = np.kron(small, np.ones((8, 8, 1), np.uint8)).astype(float)
    smeared = sum(np.roll(large, shift, axis=1) for shift in range(6)) / 6
    return smeared.astype(np.uint8)


def test_a_picture_comes_back_changed_and_of_the_same_kind(runtime_name):
    runtime = open_live(runtime_name)
    pixels = blocks()
    untouched = pixels.copy()
    restored = runtime.restore(pixels)
    assert restored.shape == pixels.shape
    assert restored.dtype == np.uint8
    assert not np.array_equal(restored, pixels)
    assert np.array_equal(pixels, untouched)
    assert (runtime.name, runtime.precision) == (runtime_name, "fp32")
    assert runtime.facts.name == "live"


def test_results_are_the_caller_s_to_keep(runtime_name):
    runtime = open_live(runtime_name)
    first = runtime.restore(blocks())
    kept = first.copy()
    runtime.restore(255 - blocks())
    assert np.array_equal(first, kept)


def test_all_runtimes_differ_by_at_most_one_grey_level(runtime_name):
    reference = open_live("openvino").restore(blocks())
    restored = open_live(runtime_name).restore(blocks())
    assert np.abs(restored.astype(int) - reference).max() <= 1


def test_several_sizes_in_turn_give_what_each_gives_alone(runtime_name):
    runtime = open_live(runtime_name)
    for size in [(32, 32), (96, 32), (32, 96), (64, 64), (96, 32), (32, 32)]:
        pixels = np.ascontiguousarray(blocks(96, 96)[: size[0], : size[1]])
        assert np.array_equal(runtime.restore(pixels), open_live(runtime_name).restore(pixels))


def test_pictures_in_flight_give_what_each_gives_alone(runtime_name):
    runtime = open_live(runtime_name)
    pictures = [np.roll(blocks(), shift, axis=0) for shift in range(0, 56, 8)]
    alone = [runtime.restore(pixels) for pixels in pictures]
    waits, restored = [], []
    for pixels in pictures:
        waits.append(runtime.start(pixels))
        if len(waits) >= runtime.in_flight_count:
            restored.append(waits.pop(0)())
    restored += [wait() for wait in waits]
    assert np.abs(np.array(restored, int) - np.array(alone, int)).max() <= 1
    assert not np.array_equal(restored[0], restored[1])


@pytest.mark.parametrize("tile_px", [64, 200])
def test_tiles_cannot_be_seen(runtime_name, tile_px):
    runtime = open_live(runtime_name)
    pixels = blocks(400, 560)
    whole = restore_any_size(pixels, runtime)
    tiled = restore_any_size(pixels, runtime, tile_px)
    assert np.abs(whole.astype(int) - tiled).max() <= 1


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_lower_precision_stays_near_fp32(runtime_name, precision):
    try:
        runtime = open_live(runtime_name, precision)
    except ConfigError as refusal:
        assert f"{precision}" in str(refusal)  # noqa: PT017
        return
    exact = open_live(runtime_name).restore(blocks()).astype(int)
    assert np.abs(runtime.restore(blocks()) - exact).mean() < 1


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x00" * 4000])
def test_a_file_that_is_no_model_is_an_error_in_one_sentence(runtime_name, content, tmp_path):
    path = tmp_path / ("x.safetensors" if runtime_name == "torch" else "x.onnx")
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        open_runtime(runtime_name, RuntimeOptions(path))
    assert "x." in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_program_s_onnx_file_is_refused(runtime_name, tmp_path):
    onnx = pytest.importorskip("onnx")
    if runtime_name == "torch":
        pytest.skip("PyTorch reads no ONNX files")
    helper, kind = onnx.helper, onnx.TensorProto.UINT8
    ends = [helper.make_tensor_value_info(name, kind, [1, None, None, 3]) for name in "xy"]
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = helper.make_graph([node], "other", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), tmp_path / "x.onnx")
    with pytest.raises(ModelError, match="carries no unblur facts"):
        open_runtime(runtime_name, RuntimeOptions(tmp_path / "x.onnx"))


@pytest.mark.parametrize("form", ["onnx", "onnx_int8"])
def test_weights_that_are_not_numbers_are_refused_by_openvino(form, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(find_model("live").find(form))
    weights = next(each for each in model.graph.initializer if "bias" in each.name)
    values = np.full_like(onnx.numpy_helper.to_array(weights), np.nan)
    weights.CopyFrom(onnx.numpy_helper.from_array(values, weights.name))
    onnx.save(model, tmp_path / "x.onnx")
    with pytest.raises(ModelError, match="some are not numbers"):
        open_runtime("openvino", RuntimeOptions(tmp_path / "x.onnx"))


def test_a_device_that_is_not_here_is_named(runtime_name):
    form = "safetensors" if runtime_name == "torch" else "onnx"
    with pytest.raises(ConfigError, match=r"NPU.*choose --device cpu"):
        open_runtime(runtime_name, RuntimeOptions(find_model("live").find(form), device="npu"))


def test_auto_takes_torch_for_its_own_files(tmp_path):
    pytest.importorskip("torch")
    path = shutil.copy(find_model("live").find("safetensors"), tmp_path / "mine.safetensors")
    assert open_runtime("auto", RuntimeOptions(path)).name == "torch"
    assert open_runtime("auto", RuntimeOptions(find_model("live").find("onnx"))).name == "openvino"


def test_the_report_names_every_runtime_and_how_to_get_it():
    for report in report_runtimes():
        assert report.is_available == bool(report.devices)
        assert report.is_available != ("pip install" in report.remedy)
