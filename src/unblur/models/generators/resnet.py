"""DeblurGAN's generator: a residual network (arXiv:1711.07064), where the ablation begins."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from unblur.models.blocks import start_at_zero
from unblur.models.generator import Generator

_CHANNELS = 64
_BLOCK_COUNT = 9


class ResnetGenerator(Generator):
    """Restores pictures whose sides are multiples of 4; shapes as `Generator` has them.

    Two steps down to 256 channels at 1/4, nine residual blocks, two steps up by transposed
    convolutions. `norm` BatchNorm2d folds into the convolutions; the original is InstanceNorm2d.
    """

    def __init__(
        self,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
        *,
        has_bias_before_norm: bool = False,
    ) -> None:
        super().__init__()
        self.norm, self.bias = norm, has_bias_before_norm
        width = _CHANNELS
        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            *self._normed(nn.Conv2d(3, width, 7, bias=self.bias)),
            *self._normed(self._down(width)),
            *self._normed(self._down(2 * width)),
            *(_Block(4 * width, norm, has_bias=self.bias) for _ in range(_BLOCK_COUNT)),
            *self._normed(self._up(4 * width)),
            *self._normed(self._up(2 * width)),
            nn.ReflectionPad2d(3),
            start_at_zero(nn.Conv2d(width, 3, 7)),
            nn.Tanh(),
        )

    def correction(self, blurry: Tensor) -> Tensor:
        """Give what is to be added to the pictures, -1/2..1/2."""
        return self.model(blurry * 2 - 1) / 2

    def _down(self, channels: int) -> nn.Conv2d:
        return nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=self.bias)

    def _up(self, channels: int) -> nn.ConvTranspose2d:
        return nn.ConvTranspose2d(
            channels, channels // 2, 3, stride=2, padding=1, output_padding=1, bias=self.bias
        )

    def _normed(self, conv: nn.Conv2d | nn.ConvTranspose2d) -> tuple[nn.Module, ...]:
        return conv, self.norm(conv.out_channels), nn.ReLU(inplace=True)


class _Block(nn.Module):
    """Two normed 3x3 convolutions with reflected borders, added to their input."""

    def __init__(self, channels: int, norm: Callable[[int], nn.Module], *, has_bias: bool) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=has_bias),
            norm(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=has_bias),
            norm(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Give `features` plus what the block finds in them."""
        return features + self.conv_block(features)
