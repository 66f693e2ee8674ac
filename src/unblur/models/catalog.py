"""Every network by name, with what must be known to build and run it.

To add one: write its file, add its line here (CONTRIBUTING.md).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from unblur.errors import UnknownNameError
from unblur.facts import SizeRule, StateMap
from unblur.models.blocks import SeparableConv2d
from unblur.models.encoders import TimmEncoder
from unblur.models.generator import Generator
from unblur.models.generators.fpn import FpnGenerator, FpnLayout
from unblur.models.generators.live import (
    LiveGenerator,
    RecurrentLiveGenerator,
    ReducedLiveGenerator,
)
from unblur.models.generators.official import (
    build_official_inception,
    build_official_mobilenet,
    build_official_resnet,
)
from unblur.models.generators.resnet import ResnetGenerator


@dataclass(frozen=True, slots=True)
class GeneratorCard:
    """How to build a generator, and the facts that follow from its layers alone."""

    build: Callable[[], Generator]
    summary: str
    size_rule: SizeRule
    halo_px: int | None
    paper: str
    state_maps: tuple[StateMap, ...] = ()


_STRIDE_32 = SizeRule(multiple_of=32, minimum=32)
_LIVE_HALO_PX = 320
"""Of a reach of 603: docs/decisions/halo.md."""

GENERATORS: dict[str, GeneratorCard] = {
    "live": GeneratorCard(
        build=lambda: LiveGenerator((32, 64, 128), (1, 2, 4)),
        summary="For video and camera streams on a CPU.",
        size_rule=_STRIDE_32,
        halo_px=_LIVE_HALO_PX,
        paper="arXiv:1908.03826",
    ),
    "live_large": GeneratorCard(
        build=lambda: LiveGenerator((48, 96, 160), (1, 2, 4)),
        summary="Wider: sharper pictures at 1.8 times the cost.",
        size_rule=_STRIDE_32,
        halo_px=_LIVE_HALO_PX,
        paper="arXiv:1908.03826",
    ),
    "live_fast": GeneratorCard(
        build=lambda: ReducedLiveGenerator((32, 64, 128), (1, 2, 4)),
        summary="live at two thirds of the size: half its time.",
        size_rule=SizeRule(multiple_of=48, minimum=48),
        halo_px=3 * _LIVE_HALO_PX // 2,
        paper="arXiv:1908.03826",
    ),
    "live_recurrent": GeneratorCard(
        build=lambda: RecurrentLiveGenerator((32, 64, 128), (1, 2, 4)),
        summary="live with a memory of the frame before: for video.",
        size_rule=_STRIDE_32,
        halo_px=_LIVE_HALO_PX,
        paper="arXiv:1908.03826",
        state_maps=(StateMap(32, 8), StateMap(64, 16), StateMap(128, 32)),
    ),
    "mobilenet": GeneratorCard(
        build=lambda: FpnGenerator(TimmEncoder("mobilenetv2_100"), FpnLayout()),
        summary="DeblurGAN-v2 on MobileNetV2: the paper's fast one.",
        size_rule=_STRIDE_32,
        halo_px=347,
        paper="arXiv:1908.03826",
    ),
    "mobilenet_dsc": GeneratorCard(
        build=lambda: FpnGenerator(
            TimmEncoder("mobilenetv2_100"), FpnLayout(convolution=SeparableConv2d)
        ),
        summary="DeblurGAN-v2 on MobileNetV2, all separable: the paper's fastest.",
        size_rule=_STRIDE_32,
        halo_px=347,
        paper="arXiv:1908.03826",
    ),
    "inception": GeneratorCard(
        build=lambda: FpnGenerator(
            TimmEncoder("inception_resnet_v2"), FpnLayout(pyramid_channels=256, head_channels=128)
        ),
        summary="DeblurGAN-v2 on Inception-ResNet-v2: the paper's best, made for GPUs.",
        size_rule=_STRIDE_32,
        halo_px=1617,
        paper="arXiv:1908.03826",
    ),
    "resnet_v1": GeneratorCard(
        build=ResnetGenerator,
        summary="DeblurGAN's generator: where the paper's ablation begins.",
        size_rule=SizeRule(multiple_of=4, minimum=8),
        halo_px=84,
        paper="arXiv:1711.07064",
    ),
}
"""Ours, to be trained: every norm folds, and tiles join without a seam."""

OFFICIAL_GENERATORS: dict[str, GeneratorCard] = {
    "official_mobilenet": GeneratorCard(
        build=build_official_mobilenet,
        summary="The authors' released MobileNetV2 generator; whole pictures only.",
        size_rule=SizeRule(minimum=32),
        halo_px=None,
        paper="arXiv:1908.03826",
    ),
    "official_inception": GeneratorCard(
        build=build_official_inception,
        summary="The authors' released Inception-ResNet-v2 generator; whole pictures only.",
        size_rule=SizeRule(minimum=96),
        halo_px=None,
        paper="arXiv:1908.03826",
    ),
    "official_resnet": GeneratorCard(
        build=build_official_resnet,
        summary="The authors' released DeblurGAN generator; whole pictures only.",
        size_rule=SizeRule(minimum=8),
        halo_px=None,
        paper="arXiv:1711.07064",
    ),
}
"""As released, for imported weights: see `models.generators.official`."""

_TIMM = "timm:"


def find_generator(name: str) -> GeneratorCard:
    """The card of the generator called `name`; raises UnknownNameError.

    `timm:NAME` is the FPN on the backbone that timm calls NAME. How far it reaches is not
    known, so it takes whole pictures only.
    """
    if name.startswith(_TIMM):
        backbone = name.removeprefix(_TIMM)
        return GeneratorCard(
            build=lambda: FpnGenerator(TimmEncoder(backbone), FpnLayout()),
            summary=f"DeblurGAN-v2's feature pyramid on {backbone}.",
            size_rule=_STRIDE_32,
            halo_px=None,
            paper="arXiv:1908.03826",
        )
    known = {**GENERATORS, **OFFICIAL_GENERATORS}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UnknownNameError(
            f"no generator named {name!r}; {hint}known: {', '.join(sorted(known))}, timm:BACKBONE"
        )
    return known[name]
