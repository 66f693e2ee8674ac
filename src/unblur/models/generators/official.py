"""The authors' released networks, as they are released: for their published weights.

Facts from the released code (VITA-Group/DeblurGANv2, commit c16bd9f): which maps of the
backbones are used, how they are padded, where biases stand, and that pictures are restored
with the statistics of the very picture ("train mode"), padded to one cell of 32 more than fits.
What is built is our own FPN and residual network; only this data differs.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from unblur.models.encoders import StagedEncoder
from unblur.models.generator import Generator
from unblur.models.generators.fpn import FpnGenerator, FpnLayout
from unblur.models.generators.resnet import ResnetGenerator

Statistics = Literal["picture", "stored"]
"""By what the norms normalise: the picture itself, or averages from the training."""

_CELL_PX = 32
_MOBILENET_STAGES = (
    ("conv_stem", "bn1", "blocks.0"),
    ("blocks.1",),
    ("blocks.2",),
    ("blocks.3",),
    ("blocks.4", "blocks.5.0", "blocks.5.1"),
)
_INCEPTION_STAGES = (
    ("conv2d_1a",),
    ("conv2d_2a", "conv2d_2b", "maxpool_3a"),
    ("conv2d_3b", "conv2d_4a", "maxpool_5a"),
    ("mixed_5b", "repeat", "mixed_6a"),
    ("repeat_1", "mixed_7a"),
)
_INCEPTION_PADDING = ((0, 1, 0, 1), (1, 1, 1, 1), (1, 2, 1, 2), (1, 1, 1, 1), (1, 1, 1, 1))
_tracking_norm = partial(nn.InstanceNorm2d, affine=False, track_running_stats=True)


class OfficialGenerator(Generator):
    """A released network with the padding of the released program round it."""

    def __init__(self, network: Generator, statistics: Statistics = "picture") -> None:
        super().__init__()
        self.network = network
        if statistics == "picture":
            normalise_by_picture(self.network)

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to the pictures, -1/2..1/2."""
        height, width = blurry.shape[-2:]
        right, bottom = (_CELL_PX - side % _CELL_PX for side in (width, height))
        padded = functional.pad(blurry, (0, right, 0, bottom), value=0.5)
        return self.network.correction(padded)[..., :height, :width]


class PictureNorm(nn.Module):
    """A norm by the statistics of each picture, in the place of one by stored statistics.

    Keeps the weights of `norm`, and the activation that timm's norms carry.
    """

    def __init__(self, norm: nn.BatchNorm2d | nn.InstanceNorm2d) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps
        act: object = getattr(norm, "act", None)
        self.act = act if isinstance(act, nn.Module) else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Give normalised features."""
        normed = functional.instance_norm(
            features, weight=self.weight, bias=self.bias, eps=self.eps
        )
        return self.act(normed)


def normalise_by_picture(network: nn.Module) -> None:
    """Replace every norm with stored statistics by one that takes the picture's own."""
    for name, child in list(network.named_children()):
        if isinstance(child, nn.BatchNorm2d | nn.InstanceNorm2d):
            setattr(network, name, PictureNorm(child))
        else:
            normalise_by_picture(child)


def build_official_mobilenet(statistics: Statistics = "picture") -> OfficialGenerator:
    """The released `fpn_mobilenet`."""
    encoder = StagedEncoder("mobilenetv2_100", _MOBILENET_STAGES, (16, 24, 32, 64, 160))
    layout = FpnLayout(norm=_tracking_norm, has_bias_before_norm=True)
    return OfficialGenerator(FpnGenerator(encoder, layout), statistics)


def build_official_inception(statistics: Statistics = "picture") -> OfficialGenerator:
    """The released `fpn_inception`."""
    encoder = StagedEncoder("inception_resnet_v2", _INCEPTION_STAGES, (32, 64, 192, 1088, 2080))
    layout = FpnLayout(
        pyramid_channels=256,
        head_channels=128,
        norm=_tracking_norm,
        has_bias_before_norm=True,
        lateral_padding=_INCEPTION_PADDING,
    )
    return OfficialGenerator(FpnGenerator(encoder, layout), statistics)


def build_official_resnet(statistics: Statistics = "picture") -> OfficialGenerator:
    """The released `resnet`: DeblurGAN's generator."""
    return OfficialGenerator(ResnetGenerator(_tracking_norm, has_bias_before_norm=True), statistics)
