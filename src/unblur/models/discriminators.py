"""Discriminators: how real does a picture look, near and as a whole (arXiv:1908.03826, 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

_FIRST_CHANNELS = 64
_MOST_CHANNELS = 512
PATCH_LAYERS = 3
GLOBAL_LAYERS = 5


class PatchDiscriminator(nn.Module):
    """Scores overlapping patches of a picture (arXiv:1611.07004).

    Shapes: (B, 3, H, W) in -1..1 to (B, 1, h, w), one score for each patch, not bounded.
    `layer_count` convolutions halve the resolution: 3 for patches of 70x70 pixels, 5 for
    patches larger than the crops of training, so that each score is on all of the picture.
    """

    def __init__(
        self,
        layer_count: int = PATCH_LAYERS,
        norm: Callable[[int], nn.Module] = nn.InstanceNorm2d,
    ) -> None:
        super().__init__()
        widths = [min(_FIRST_CHANNELS * 2**i, _MOST_CHANNELS) for i in range(layer_count + 1)]
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, stride=2, padding=2), _leaky()]
        for index, (before, after) in enumerate(pairwise(widths), start=1):
            stride = 2 if index < layer_count else 1
            conv = nn.Conv2d(before, after, 4, stride=stride, padding=2)
            layers += [conv, norm(after), _leaky()]
        layers.append(nn.Conv2d(widths[-1], 1, 4, padding=2))
        self.model = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        """Give a score for each patch."""
        return self.model(pictures)


class DoubleScaleDiscriminator(nn.Module):
    """A patch and a global discriminator side by side: (B, 3, H, W) to both scores."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = PatchDiscriminator(PATCH_LAYERS)
        self.whole = PatchDiscriminator(GLOBAL_LAYERS)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Give the scores of the patches, then those of the whole."""
        return self.patch(pictures), self.whole(pictures)


DISCRIMINATORS: dict[str, Callable[[], nn.Module]] = {
    "patch": PatchDiscriminator,
    "global": lambda: PatchDiscriminator(GLOBAL_LAYERS),
    "double_scale": DoubleScaleDiscriminator,
}
"""The kinds of discriminators by name."""


def _leaky() -> nn.LeakyReLU:
    return nn.LeakyReLU(0.2, inplace=True)
