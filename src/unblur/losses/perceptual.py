"""Distance of pictures in the features of a network that knows objects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from unblur.errors import ModelError
from unblur.models.tensor_files import read_tensors

_LAYERS = (
    ("conv1_1", 0, 3, 64),
    ("conv1_2", 2, 64, 64),
    ("conv2_1", 5, 64, 128),
    ("conv2_2", 7, 128, 128),
    ("conv3_1", 10, 128, 256),
    ("conv3_2", 12, 256, 256),
    ("conv3_3", 14, 256, 256),
)
"""VGG's convolutions up to conv3_3: name, place in torchvision's list, channels in and out."""
_POOLED_BEFORE = {"conv2_1", "conv3_1"}
_TORCHVISION_MEAN, _TORCHVISION_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
_CAFFE_SCALE = 255 * 0.226
"""How much larger pictures of the original normalisation are: 255 levels, times the mean of
torchvision's standard deviations. Features grow alike, since ReLU networks are homogeneous
but for their biases."""


class PerceptualLoss(nn.Module):
    """Mean squared difference of VGG's relu3_3 features (arXiv:1603.08155; L_X of 1908.03826).

    Shapes: two (B, 3, H, W) RGB tensors in 0..1 to a scalar; every picture of the batch is
    normalised. `weights` is "vgg19", which torchvision downloads, or a file of VGG19 or VGG16
    (.safetensors, or .pth opened without running what it holds): with torchvision's names
    (`features.0.weight`, ...) and its normalisation, or with the names of the paper's layers
    (`conv1_1.weight`, ...) and the original one, BGR in 0..255 less the mean. Features of the
    original normalisation are brought to the scale of the other, so that a weight means the
    same with both. Nothing in it is trained.

    Raises ModelError when the weights cannot be had, or the file does not hold those layers.
    """

    def __init__(self, weights: Path | Literal["vgg19"]) -> None:
        super().__init__()
        tensors = _download() if weights == "vgg19" else read_tensors(weights)
        self.is_caffe = "conv1_1.weight" in tensors
        self.features = nn.Sequential(*_make_layers(tensors, weights, is_caffe=self.is_caffe))
        self.requires_grad_(requires_grad=False)
        mean, std = _CAFFE_MEAN_BGR if self.is_caffe else _TORCHVISION_MEAN, _TORCHVISION_STD
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, restored: Tensor, sharp: Tensor) -> Tensor:
        """Give the distance; the gradient goes to `restored` alone."""
        with torch.no_grad():
            wanted = self._see(sharp)
        return functional.mse_loss(self._see(restored), wanted)

    def _see(self, pictures: Tensor) -> Tensor:
        """The features of normalised pictures."""
        if self.is_caffe:
            return self.features(pictures.flip(1) * 255 - self.mean) / _CAFFE_SCALE
        return self.features((pictures - self.mean) / self.std)


def _download() -> dict[str, Tensor]:
    """VGG19's weights from where torchvision has them; raises ModelError."""
    try:
        from torchvision.models import VGG19_Weights

        return dict(VGG19_Weights.IMAGENET1K_V1.get_state_dict(progress=False, check_hash=True))
    except Exception as error:  # of the network, of the disk, or no torchvision
        raise ModelError(
            f"torchvision could not get VGG19's weights ({type(error).__name__}); give the path "
            "of a file of VGG19 or VGG16 weights, or leave the perceptual loss out"
        ) from error


def _make_layers(
    tensors: dict[str, Tensor], path: Path | str, *, is_caffe: bool
) -> Iterator[nn.Module]:
    """The layers up to relu3_3 with their weights; raises ModelError when some are missing."""
    for name, place, in_channels, out_channels in _LAYERS:
        key = name if is_caffe else f"features.{place}"
        conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        try:
            values = {part: tensors[f"{key}.{part}"].float() for part in ("weight", "bias")}
            conv.load_state_dict(values)
        except (KeyError, RuntimeError) as error:
            raise ModelError(
                f"{path} does not hold VGG up to conv3_3: no fitting {key}.weight and .bias"
            ) from error
        if name in _POOLED_BEFORE:
            yield nn.MaxPool2d(2)
        yield conv
        yield nn.ReLU()
