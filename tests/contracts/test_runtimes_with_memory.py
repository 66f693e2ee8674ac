"""What every runtime must hold for a network with a memory."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("nncf")

from unblur.export.calibration import calibration_examples  # noqa: E402
from unblur.export.onnx_export import export_onnx  # noqa: E402
from unblur.export.quantize import quantize_onnx  # noqa: E402
from unblur.facts import NetworkFacts  # noqa: E402
from unblur.models.catalog import find_generator  # noqa: E402
from unblur.runtimes.base import RuntimeOptions  # noqa: E402
from unblur.runtimes.opening import RUNTIMES, open_runtime  # noqa: E402
from unblur.weights.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from unblur.weights.store import find_model  # noqa: E402

pytestmark = pytest.mark.torch
SCENE = np.kron(
    np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8), np.ones((8, 8, 1), np.uint8)
)
FRAMES = [np.ascontiguousarray(SCENE[: 48 + 16, shift : shift + 96]) for shift in (0, 3, 8, 10)]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The bundled live network with a random memory, in the three files of a model."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models")
    card = find_generator("live_recurrent")
    generator = card.build()
    live, _ = load_checkpoint(find_model("live").find("safetensors"))
    generator.load_state_dict({**generator.state_dict(), **live.state_dict()})
    for conv in generator.memory:
        torch.nn.init.normal_(conv.weight, std=0.06)
    facts = NetworkFacts(
        "live_recurrent", "", card.size_rule, card.halo_px, state_maps=card.state_maps
    )
    save_checkpoint(generator, facts, folder / "m.safetensors", is_halved=False)
    model = export_onnx(generator.eval(), facts)
    onnx.save(model, folder / "m.onnx")
    sequence = np.stack(FRAMES)
    quantized = quantize_onnx(model, calibration_examples(generator, facts, [sequence]))
    onnx.save(quantized, folder / "m.int8.onnx")
    return folder


def run(models, runtime_name, precision="fp32"):
    """The frames, restored one after the other."""
    end = "safetensors" if runtime_name == "torch" else "onnx"
    end = "int8.onnx" if precision == "int8" else end
    options = RuntimeOptions(models / f"m.{end}", "cpu", precision, thread_count=1)
    runtime, state, restored = open_runtime(runtime_name, options), None, []
    for frame in FRAMES:
        pixels, state = runtime.restore_next(frame, state)
        restored.append(pixels.astype(int))
    alone = [runtime.restore(frame).astype(int) for frame in FRAMES]
    started = [runtime.start(frame)().astype(int) for frame in FRAMES]
    return restored, alone, started


@pytest.mark.parametrize("runtime_name", sorted(RUNTIMES))
def test_all_runtimes_remember_the_same(models, runtime_name):
    reference, _, _ = run(models, "torch")
    restored, alone, started = run(models, runtime_name)
    assert np.array_equal(restored[0], alone[0])
    assert np.abs(restored[-1] - alone[-1]).max() > 1
    assert np.abs(np.array(started) - np.array(alone)).max() <= 1
    assert np.abs(np.array(restored) - np.array(reference)).max() <= 1


@pytest.mark.parametrize("runtime_name", ["onnxruntime", "openvino"])
def test_int8_stays_near_fp32_frame_after_frame(models, runtime_name):
    exact, _, _ = run(models, "torch")
    restored, _, _ = run(models, runtime_name, "int8")
    assert np.abs(np.array(restored) - np.array(exact)).mean() < 1.5


@pytest.mark.parametrize("runtime_name", sorted(RUNTIMES))
def test_a_network_without_a_memory_has_an_empty_state(runtime_name):
    form = "safetensors" if runtime_name == "torch" else "onnx"
    runtime = open_runtime(runtime_name, RuntimeOptions(find_model("live").find(form), "cpu"))
    restored, state = runtime.restore_next(FRAMES[0], None)
    assert np.array_equal(restored, runtime.restore(FRAMES[0]))
    assert state == ()
