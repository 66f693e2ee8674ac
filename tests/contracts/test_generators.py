"""What every generator in the catalog must hold."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.torch_tools import give_random_weights  # noqa: E402
from unblur.errors import UnknownNameError  # noqa: E402
from unblur.export.onnx_export import export_onnx  # noqa: E402
from unblur.facts import NetworkFacts  # noqa: E402
from unblur.images.state import empty_state, state_names  # noqa: E402
from unblur.models.bytes import BytesInBytesOut  # noqa: E402
from unblur.models.catalog import GENERATORS, OFFICIAL_GENERATORS, find_generator  # noqa: E402
from unblur.models.generator import RecurrentGenerator  # noqa: E402
from unblur.weights.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402

pytestmark = pytest.mark.torch
_REACH_PX = dict.fromkeys(("live", "live_large", "live_recurrent"), 603) | {"live_fast": 905}
"""Of networks whose halo is less: docs/decisions/halo.md."""


@pytest.fixture(params=sorted({**GENERATORS, **OFFICIAL_GENERATORS}))
def name(request):
    return request.param


def only_ours(name):
    if name in OFFICIAL_GENERATORS:
        pytest.skip("imported, not trained here")


def fitting_side(name, cells=2):
    """A side that the network takes: `cells` times its multiple, and no less than its minimum."""
    rule = find_generator(name).size_rule
    return max(cells * rule.multiple_of, rule.minimum + rule.padding(rule.minimum))


@pytest.fixture
def generator(name):
    return give_random_weights(find_generator(name).build())


def facts_of(name):
    card = find_generator(name)
    return NetworkFacts(
        name, card.summary, card.size_rule, card.halo_px, state_maps=card.state_maps
    )


@pytest.mark.parametrize("cells", [(1, 1), (2, 3)])
def test_output_has_the_input_s_shape_and_is_finite(name, generator, cells):
    blurry = torch.rand(2, 3, *(fitting_side(name, count) for count in cells))
    restored = generator.eval()(blurry)
    assert restored.shape == blurry.shape
    assert torch.isfinite(restored).all()
    assert not torch.equal(restored, blurry)


def test_a_gradient_reaches_every_parameter(name, generator):
    only_ours(name)
    side = fitting_side(name, 4)
    blurry = torch.rand(2, 3, side, side)
    if isinstance(generator, RecurrentGenerator):
        state = [torch.rand_like(it) for it in generator.no_state(blurry)]
        restored = blurry + generator.correct_next(blurry, state)[0]
    else:
        restored = generator(blurry)
    restored.square().sum().backward()
    for parameter_name, parameter in generator.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


def test_a_new_network_leaves_pictures_alone(name):
    blurry = torch.rand(1, 3, fitting_side(name), fitting_side(name))
    restored = find_generator(name).build().eval()(blurry)
    assert torch.allclose(restored, blurry, atol=0.02 if name in OFFICIAL_GENERATORS else 0)


def test_the_declared_halo_is_the_measured_reach_or_a_known_part_of_it(name, generator):
    """A NaN in one column turns all into NaN that it reaches, and nothing else."""
    only_ours(name)
    card = find_generator(name)
    multiple = card.size_rule.multiple_of
    expected = _REACH_PX.get(name, card.halo_px)
    side = 2 * (expected // multiple + 2) * multiple
    reach = 0
    for offset in range(multiple - 1, -1, -5 if multiple > 16 else -1):
        strip = torch.ones(1, 3, fitting_side(name, 1), side)
        column = side // 2 + offset
        strip[..., column] = torch.nan
        with torch.no_grad():
            restored = generator.eval()(strip)
        touched = restored.isnan().any(dim=(0, 1, 2)).nonzero().flatten()
        reach = max(reach, column - int(touched.min()), int(touched.max()) - column)
    assert reach == expected
    assert card.halo_px <= expected


def test_the_declared_size_rule_is_the_least_that_works(name, generator):
    """Tiles begin at multiples: the network must move with its input by one, not by less."""
    only_ours(name)
    multiple = find_generator(name).size_rule.multiple_of
    if multiple == 1:
        assert generator(torch.rand(1, 3, 13, 7)).shape == (1, 3, 13, 7)
        return
    side = fitting_side(name, 2)
    blurry = torch.rand(1, 3, side, side + multiple // 2)
    try:
        restored = generator.eval()(blurry)
    except RuntimeError:
        return
    assert restored.shape == blurry.shape
    centre = 2 * multiple
    generator = generator.double()
    spot = torch.zeros(1, 3, side, 4 * multiple + 64, dtype=torch.float64)
    spot[..., centre : centre + 2] = 1
    with torch.no_grad():
        moved = generator(spot.roll(multiple // 2, 3)).roll(-multiple // 2, 3)
        apart = (generator(spot) - moved)[..., centre : centre + 2].abs().max()
    assert apart > 1e-9


def test_saving_and_loading_gives_the_same_network(name, generator, tmp_path):
    is_ours = name in GENERATORS  # norms by the picture's statistics magnify the rounding to fp16
    save_checkpoint(generator, facts_of(name), tmp_path / "x.safetensors", is_halved=is_ours)
    loaded, facts = load_checkpoint(tmp_path / "x.safetensors")
    again, _ = load_checkpoint(tmp_path / "x.safetensors")
    blurry = torch.rand(1, 3, fitting_side(name), fitting_side(name))
    generator.eval()
    assert facts == facts_of(name)
    assert torch.equal(loaded(blurry), again(blurry))
    assert torch.allclose(loaded(blurry), generator(blurry), atol=5e-3)


def test_the_exported_network_gives_the_same_picture(name, generator):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = export_onnx(generator, facts_of(name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    height, width = fitting_side(name, 3), fitting_side(name, 5)
    pixels = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
    generator.eval()
    facts = facts_of(name)
    state = dict(zip(state_names(facts)[0], empty_state(facts, height, width), strict=True))
    exported = session.run(None, {"blurry": pixels, **state})[0]
    with torch.no_grad():
        expected = BytesInBytesOut(generator)(torch.from_numpy(pixels)).numpy()
    assert np.abs(exported.astype(int) - expected).max() <= 1


def test_an_unknown_generator_names_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"did you mean 'live'.* known: .*live, live_fast, "):
        find_generator("lvie")
