"""The perceptual loss, with made weights and with real ones where they are."""

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402
from torch.nn import functional  # noqa: E402

from tests.conftest import SHARED_DATA  # noqa: E402
from tests.torch_tools import CAFFE, TORCHVISION, made_vgg  # noqa: E402
from unblur.errors import ModelError  # noqa: E402
from unblur.losses.perceptual import PerceptualLoss  # noqa: E402

pytestmark = pytest.mark.torch


def test_every_picture_of_the_batch_is_normalised(tmp_path):
    save_file(made_vgg(TORCHVISION), tmp_path / "vgg.safetensors")
    loss = PerceptualLoss(tmp_path / "vgg.safetensors")
    a, b = torch.rand(2, 2, 3, 32, 32)
    apart = [loss(a[i : i + 1], b[i : i + 1]) for i in range(2)]
    assert loss(a, b).item() == pytest.approx(torch.stack(apart).mean().item(), rel=1e-4)
    assert loss(a, a).item() == 0


def test_the_features_are_relu3_3_of_a_normalised_picture(tmp_path):
    tensors = made_vgg(TORCHVISION)
    torch.save(tensors, tmp_path / "vgg.pth")
    picture = torch.rand(1, 3, 16, 16)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    features = (picture - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    for index, name in enumerate(TORCHVISION):
        if index in (2, 4):
            features = functional.max_pool2d(features, 2)
        features = functional.relu(
            functional.conv2d(features, tensors[f"{name}.weight"], padding=1)
        )
    black = torch.zeros_like(picture)
    loss = PerceptualLoss(tmp_path / "vgg.pth")
    expected = functional.mse_loss(features, loss._see(black))
    assert loss(picture, black).item() == pytest.approx(expected.item(), rel=1e-4)


def test_the_original_names_mean_bgr_bytes(tmp_path):
    save_file(made_vgg(CAFFE), tmp_path / "vgg.safetensors")
    loss = PerceptualLoss(tmp_path / "vgg.safetensors")
    mean_rgb = torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1) / 255
    assert loss._see(mean_rgb.expand(1, 3, 8, 8)).abs().max() < 1e-3


def test_only_the_restored_picture_gets_a_gradient(tmp_path):
    save_file(made_vgg(CAFFE), tmp_path / "vgg.safetensors")
    restored, sharp = torch.rand(2, 1, 3, 16, 16).requires_grad_().unbind()
    restored, sharp = restored.detach().requires_grad_(), sharp.detach().requires_grad_()
    loss = PerceptualLoss(tmp_path / "vgg.safetensors")
    loss(restored, sharp).backward()
    assert restored.grad.abs().sum() > 0
    assert sharp.grad is None
    assert all(parameter.grad is None for parameter in loss.parameters())


def test_a_file_without_those_layers_is_an_error(tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "vgg.safetensors")
    with pytest.raises(ModelError, match=r"no fitting features\.0\.weight"):
        PerceptualLoss(tmp_path / "vgg.safetensors")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(ModelError, match="holds no weights"):
        PerceptualLoss(tmp_path / "text.pth")


@pytest.mark.shared
def test_more_blur_is_farther_with_real_weights():
    loss = PerceptualLoss(SHARED_DATA.parent / "weights" / "vgg16_conv1_1_to_conv3_3.safetensors")
    rng = torch.Generator().manual_seed(0)
    sharp = torch.rand(1, 3, 64, 64, generator=rng)
    blurs = [functional.avg_pool2d(sharp, k, 1, k // 2) for k in (3, 5, 9)]
    distances = [loss(blurred, sharp).item() for blurred in blurs]
    assert distances == sorted(distances)
    assert distances[0] > 0
