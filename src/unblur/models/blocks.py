"""Small parts that several networks are made of."""

from __future__ import annotations

from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a ReLU between, added to their input.

    Shapes: (B, `channels`, H, W) in and out. No norm, so nothing depends on the
    size, the tile or the batch. The second convolution starts at zero: a new
    block is the identity.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        start_at_zero(self.conv2)

    def forward(self, features: Tensor) -> Tensor:
        """Give `features` plus what the two convolutions find in them."""
        return features + self.conv2(self.relu(self.conv1(features)))


class PixelShuffleUpsample(nn.Module):
    """Twice the height and width: a 1x1 convolution and a pixel shuffle.

    Shapes: (B, `in_channels`, H, W) to (B, `out_channels`, 2H, 2W).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels * 4, 1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, features: Tensor) -> Tensor:
        """Give `features` at twice the resolution."""
        return self.shuffle(self.conv(features))


class SeparableConv2d(nn.Module):
    """A convolution in two: each channel on its own, then all of them at each pixel.

    Shapes as nn.Conv2d with the same arguments (arXiv:1704.04861).
    """

    def __init__(
        self, in_channels: int, out_channels: int, size: int, *, padding: int = 0, bias: bool = True
    ) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(
            in_channels, in_channels, size, padding=padding, groups=in_channels, bias=False
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=bias)

    def forward(self, features: Tensor) -> Tensor:
        """Give the convolved features."""
        return self.pointwise(self.depthwise(features))


def start_at_zero(conv: nn.Conv2d) -> nn.Conv2d:
    """Give `conv`, which now adds nothing until it has learned."""
    nn.init.zeros_(conv.weight)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
