"""Backbones: which fit, and what starts them."""

import pytest

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

from safetensors.torch import save_file  # noqa: E402

from tests.conftest import SHARED_DATA  # noqa: E402
from unblur.errors import ModelError, UnknownNameError  # noqa: E402
from unblur.facts import NetworkFacts  # noqa: E402
from unblur.models.catalog import find_generator  # noqa: E402
from unblur.models.encoders import TimmEncoder  # noqa: E402
from unblur.weights.checkpoint import save_checkpoint  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("name", ["mobilenetv2_100", "resnet18", "efficientnet_lite0"])
def test_the_maps_lie_at_their_strides(name):
    encoder = TimmEncoder(name).eval()
    maps = encoder(torch.rand(1, 3, 64, 96))
    assert [tuple(one.shape[-2:]) for one in maps] == [
        (64 // s, 96 // s) for s in (2, 4, 8, 16, 32)
    ]
    assert tuple(one.shape[1] for one in maps) == encoder.channels


def test_unpadded_convolutions_are_padded():
    maps = TimmEncoder("inception_resnet_v2").eval()(torch.rand(1, 3, 96, 96))
    assert [one.shape[-1] for one in maps] == [48, 24, 12, 6, 3]


def test_any_backbone_makes_a_generator():
    generator = find_generator("timm:resnet18").build().eval()
    blurry = torch.rand(1, 3, 64, 64)
    assert torch.equal(generator(blurry), blurry)


def test_an_unknown_backbone_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match=r"nearest: .*mobilenetv2_100"):
        find_generator("timm:mobilenetv2_10").build()


def test_a_backbone_without_a_pyramid_is_refused():
    with pytest.raises(ModelError, match=r"has maps at strides|gives no feature maps"):
        TimmEncoder("vit_tiny_patch16_224")


def test_weights_from_a_file(tmp_path):
    tensors = timm.create_model("resnet18").state_dict()
    save_file(tensors, tmp_path / "w.safetensors")
    encoder = TimmEncoder("resnet18")
    encoder.load_weights(tmp_path / "w.safetensors")
    assert torch.equal(encoder.network.state_dict()["conv1.weight"], tensors["conv1.weight"])


def test_a_backbone_starts_from_that_of_a_model(tmp_path):
    generator = find_generator("mobilenet").build()
    torch.nn.init.normal_(generator.encoder.network.conv_stem.weight)
    save_checkpoint(generator, NetworkFacts("mobilenet", "x"), tmp_path / "m.safetensors")
    encoder = find_generator("mobilenet_dsc").build().encoder
    encoder.load_weights(tmp_path / "m.safetensors")
    learned = generator.encoder.network.conv_stem.weight
    assert torch.equal(encoder.network.conv_stem.weight, learned.half().float())


def test_weights_of_another_network_name_the_three_choices(tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"choose 'timm'.*'none'"):
        TimmEncoder("resnet18").load_weights(tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"cannot read .*missing\.pth"):
        TimmEncoder("resnet18").load_weights(tmp_path / "missing.pth")


def test_no_network_means_a_sentence_with_the_three_choices(monkeypatch):
    def refuse(*arguments, **options):
        raise ConnectionError("no route")

    encoder = TimmEncoder("resnet18")
    monkeypatch.setattr(timm, "create_model", refuse)
    with pytest.raises(ModelError, match=r"could not get.*ConnectionError.*choose 'timm'"):
        encoder.load_weights("timm")


@pytest.mark.shared
def test_the_development_weights_fit_mobilenet():
    path = SHARED_DATA.parent / "weights" / "mobilenetv2_100_imagenet.safetensors"
    encoder = TimmEncoder("mobilenetv2_100")
    before = encoder.network.state_dict()["conv_stem.weight"].clone()
    encoder.load_weights(path)
    assert not torch.equal(encoder.network.state_dict()["conv_stem.weight"], before)
