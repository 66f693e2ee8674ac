"""What every generator in the catalog must hold."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.torch_tools import give_random_weights  # noqa: E402
from unblur.errors import UnknownNameError  # noqa: E402
from unblur.export.onnx_export import export_onnx  # noqa: E402
from unblur.facts import NetworkFacts  # noqa: E402
from unblur.models.bytes import BytesInBytesOut  # noqa: E402
from unblur.models.catalog import GENERATORS, find_generator  # noqa: E402
from unblur.weights.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(params=sorted(GENERATORS))
def name(request):
    return request.param


@pytest.fixture
def generator(name):
    return give_random_weights(find_generator(name).build())


def facts_of(name):
    card = find_generator(name)
    return NetworkFacts(name, card.summary, card.size_rule, card.halo_px)


@pytest.mark.parametrize("cells", [(1, 1), (2, 3)])
def test_output_has_the_input_s_shape_and_is_finite(name, generator, cells):
    side = find_generator(name).size_rule.multiple_of
    blurry = torch.rand(2, 3, cells[0] * side, cells[1] * side)
    restored = generator(blurry)
    assert restored.shape == blurry.shape
    assert torch.isfinite(restored).all()
    assert not torch.equal(restored, blurry)


def test_a_gradient_reaches_every_parameter(name, generator):
    side = 4 * find_generator(name).size_rule.multiple_of
    generator(torch.rand(1, 3, side, side)).square().sum().backward()
    for parameter_name, parameter in generator.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


def test_a_new_network_leaves_pictures_alone(name):
    blurry = torch.rand(1, 3, 32, 32)
    assert torch.equal(find_generator(name).build()(blurry), blurry)


def test_the_declared_halo_is_the_measured_reach(name, generator):
    """Positive weights and a positive input: nothing cancels, so the reach is exact."""
    card = find_generator(name)
    assert card.halo_px is not None
    generator = generator.double()
    with torch.no_grad():
        for module in generator.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.weight.fill_(1 / module.weight[0].numel())
                module.bias.zero_()
    side = 2 * (card.halo_px // 16 + 2) * 16
    reach = 0
    for offset in range(card.size_rule.multiple_of):
        strip = torch.ones(1, 3, 16, side, dtype=torch.float64, requires_grad=True)
        column = side // 2 + offset - 8
        (gradient,) = torch.autograd.grad(generator(strip)[..., column].sum(), strip)
        touched = gradient.abs().sum((0, 1, 2)).nonzero().flatten()
        reach = max(reach, column - int(touched.min()), int(touched.max()) - column)
    assert reach == card.halo_px


def test_the_declared_size_rule_is_the_least_that_works(name, generator):
    side = find_generator(name).size_rule.multiple_of
    if side == 1:
        assert generator(torch.rand(1, 3, 13, 7)).shape == (1, 3, 13, 7)
        return
    with pytest.raises(RuntimeError):
        generator(torch.rand(1, 3, side, side + side // 2))


def test_saving_and_loading_gives_the_same_network(name, generator, tmp_path):
    save_checkpoint(generator, facts_of(name), tmp_path / "x.safetensors")
    loaded, facts = load_checkpoint(tmp_path / "x.safetensors")
    again, _ = load_checkpoint(tmp_path / "x.safetensors")
    blurry = torch.rand(1, 3, 32, 32)
    assert facts == facts_of(name)
    assert torch.equal(loaded(blurry), again(blurry))
    assert torch.allclose(loaded(blurry), generator(blurry), atol=2e-3)


def test_the_exported_network_gives_the_same_picture(name, generator):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = export_onnx(generator, facts_of(name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    pixels = np.random.default_rng(0).integers(0, 256, (1, 48, 80, 3), np.uint8)
    (exported,) = session.run(None, {"blurry": pixels})
    with torch.no_grad():
        expected = BytesInBytesOut(generator)(torch.from_numpy(pixels)).numpy()
    assert np.abs(exported.astype(int) - expected).max() <= 1


def test_an_unknown_generator_names_the_known_ones():
    with pytest.raises(UnknownNameError, match="known: live, live_large"):
        find_generator("lvie")
