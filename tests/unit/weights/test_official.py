"""The released networks: our import gives what the original code gave.

`tests/data/official_outputs.npz` holds every eighth pixel of what the released code gave for
made weights, and the names and shapes of its tensors; where the whole outputs are, they count.
"""

import json
import pickle
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.conftest import SHARED_DATA  # noqa: E402
from unblur.errors import ModelError  # noqa: E402
from unblur.models.discriminators import PatchDiscriminator  # noqa: E402
from unblur.models.generators.official import (  # noqa: E402
    build_official_inception,
    build_official_mobilenet,
    build_official_resnet,
)
from unblur.restoration.restorer import Restorer  # noqa: E402
from unblur.weights.official import (  # noqa: E402
    import_official,
    load_official,
    read_official,
    rebuild_with_picture_statistics,
    recognise,
)

pytestmark = pytest.mark.torch
SMALL = Path(__file__).parents[2] / "data" / "official_outputs.npz"
WHOLE = SHARED_DATA.parent / "golden" / "official_outputs.npz"
GENERATORS = {
    "fpn_mobilenet": ("official_mobilenet", build_official_mobilenet),
    "fpn_inception": ("official_inception", build_official_inception),
    "resnet": ("official_resnet", build_official_resnet),
}
DISCRIMINATORS = {"discriminator_patch": 3, "discriminator_full": 5}


@pytest.fixture(scope="module")
def golden():
    with np.load(SMALL) as stored:
        arrays = dict(stored)
    arrays["keys"] = json.loads(arrays["keys"].tobytes())
    arrays["input"] = make_input(arrays["input_signs"])
    return arrays


def make_input(signs):
    """The picture that the released code was given: two of its channels are waves."""
    y, x = np.mgrid[:256, :320]
    waves = [0.9 * np.sin(x / 7 + y / 31), 0.9 * np.sin(x / 50) * np.cos(y / 5), 0.63 * signs]
    return np.asarray(waves, np.float32)


def make_tensor(key, shape):
    """The value that the golden weights have for a key: seeded by its name."""
    values = np.random.RandomState(zlib.crc32(key.encode())).standard_normal(shape)
    last = key.rpartition(".")[2]
    if last == "num_batches_tracked":
        return torch.tensor(0)
    if last == "running_var":
        values = 1 + 0.1 * np.abs(values)
    elif last in ("running_mean", "bias"):
        values = 0.1 * values
    elif len(shape) == 1:
        values = 1 + 0.1 * values
    else:
        values = values * np.sqrt(1 / np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(values, np.float32))


def make_checkpoint(golden, name):
    return {key: make_tensor(key, tuple(shape)) for key, shape in golden["keys"][name].items()}


def check(output, golden, name, mode):
    small = golden[f"{name}_{mode}"]
    every = 8 if name in GENERATORS else 1
    assert np.abs(output[:, ::every, ::every] - small).max() < 1e-3
    if WHOLE.is_file():
        with np.load(WHOLE) as whole:
            assert np.abs(output - whole[f"{name}_{mode}"]).max() < 1e-3


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_the_generators_give_what_the_released_code_gave(golden, name):
    tensors = {
        key.removeprefix("module."): value for key, value in make_checkpoint(golden, name).items()
    }
    ours, build = GENERATORS[name]
    assert recognise(tensors) == ours
    stored = build("stored").eval()
    load_official(stored, tensors)
    picture = rebuild_with_picture_statistics(ours, stored).eval()
    pixels = torch.from_numpy(golden["input"])[None]
    for mode, generator in (("eval", stored), ("train", picture)):
        with torch.no_grad():
            correction = generator.network.correction((pixels + 1) / 2)
        check((pixels + 2 * correction).clamp(-1, 1)[0].numpy(), golden, name, mode)


@pytest.mark.parametrize("name", sorted(DISCRIMINATORS))
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_the_discriminators_give_what_the_released_code_gave(golden, name, mode):
    norm = partial(torch.nn.InstanceNorm2d, affine=False, track_running_stats=True)
    network = PatchDiscriminator(DISCRIMINATORS[name], norm)
    network.load_state_dict(
        {k.removeprefix("module."): v for k, v in make_checkpoint(golden, name).items()}
    )
    network.train(mode == "train")
    with torch.no_grad():
        scores = network(torch.from_numpy(golden["input"])[None])
    check(scores[0].numpy(), golden, name, mode)


def test_an_imported_file_restores_and_refuses_tiles(golden, tmp_path):
    torch.save({"model": make_checkpoint(golden, "fpn_mobilenet")}, tmp_path / "fpn_mobilenet.h5")
    target = import_official(tmp_path / "fpn_mobilenet.h5", tmp_path / "models")
    assert target == tmp_path / "models" / "official_mobilenet.safetensors"
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    with Restorer(target, runtime="torch") as restorer:
        assert restorer.restore(pixels).shape == pixels.shape
        assert restorer.facts.halo_px is None
    with (
        Restorer(target, runtime="torch", tile_px=32) as restorer,
        pytest.raises(ModelError, match="whole pictures only"),
    ):
        restorer.restore(pixels)


def test_an_imported_file_gives_the_same_picture_in_every_runtime(golden, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from unblur.export.bundle import export_weights

    torch.save({"model": make_checkpoint(golden, "fpn_mobilenet")}, tmp_path / "x.h5")
    target = import_official(tmp_path / "x.h5", tmp_path)
    (exported,) = export_weights(target, tmp_path)
    levels = np.rint((golden["input"].transpose(1, 2, 0)[:100, :150] + 1) * 127.5)
    pixels = np.ascontiguousarray(levels.astype(np.uint8))
    expected = Restorer(target, runtime="torch").restore(pixels).astype(int)
    assert np.abs(expected - pixels).max() > 10
    for runtime in ("openvino", "onnxruntime"):
        given = Restorer(exported, runtime=runtime).restore(pixels)
        assert np.abs(given - expected).max() <= 1, runtime


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "x.h5").write_bytes(pickle.dumps({"model": Evil()}))
    with pytest.raises(ModelError, match="holds no weights"):
        read_official(tmp_path / "x.h5")
    assert not (tmp_path / "ran").exists()


def test_other_files_are_refused_with_a_sentence(golden, tmp_path):
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.h5 holds no weights"):
        import_official(tmp_path / "text.h5")
    with pytest.raises(ModelError, match="cannot read"):
        import_official(tmp_path / "missing.h5")
    torch.save({"model": {"module.x": torch.zeros(1)}}, tmp_path / "other.h5")
    with pytest.raises(ModelError, match="of another network"):
        import_official(tmp_path / "other.h5")
    tensors = make_checkpoint(golden, "fpn_mobilenet")
    del tensors["module.final.bias"]
    torch.save({"model": tensors}, tmp_path / "cut.h5")
    with pytest.raises(ModelError, match=r"does not fit.*final\.bias"):
        import_official(tmp_path / "cut.h5", tmp_path)
    assert not list(tmp_path.glob("*.safetensors"))
