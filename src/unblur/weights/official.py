"""The published checkpoints of DeblurGAN-v2's authors, read into our networks.

A checkpoint is a pickle of `{"model": tensors}`; it is opened with `weights_only`, so that it
cannot run code. Its keys are given new names here; the values are not touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from unblur.errors import ModelError
from unblur.facts import NetworkFacts
from unblur.media.atomic import make_folder
from unblur.models.catalog import OFFICIAL_GENERATORS
from unblur.models.generators.official import (
    OfficialGenerator,
    Statistics,
    build_official_inception,
    build_official_mobilenet,
    build_official_resnet,
)
from unblur.models.tensor_files import read_tensors
from unblur.weights.checkpoint import save_checkpoint

_ENCODER = re.compile(r"fpn\.enc(\d)\.")
_RENAMED: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"^fpn\.lateral(\d)"), lambda found: f"lateral.{found[1]}"),
    (re.compile(r"^fpn\.td(\d)"), lambda found: f"top_down.{int(found[1]) - 1}"),
    (
        re.compile(r"^head(\d)\.block(\d)"),
        lambda found: f"heads.{int(found[1]) - 1}.{2 * int(found[2])}",
    ),
)
_COPIES = ("fpn.features.", "fpn.inception.")
"""The whole backbone again, of which only the stages count."""
_LICENCE = "LicenseRef-DeblurGANv2"


@dataclass(frozen=True, slots=True)
class _Release:
    """A published network: how it is recognised and built."""

    mark: str
    """A key that only its checkpoints have."""
    build: Callable[[Statistics], OfficialGenerator]


_RELEASES = {
    "official_mobilenet": _Release("fpn.enc0.0.0.weight", build_official_mobilenet),
    "official_inception": _Release("fpn.enc0.conv.weight", build_official_inception),
    "official_resnet": _Release("model.10.conv_block.1.weight", build_official_resnet),
}


def import_official(source: Path, folder: Path = Path()) -> Path:
    """Write the checkpoint `source` as `NAME.safetensors` into `folder`; gives the path.

    Raises ModelError when `source` cannot be read or holds something else.
    """
    tensors = read_official(source)
    name = recognise(tensors)
    generator = _RELEASES[name].build("stored")
    load_official(generator, tensors)
    generator = rebuild_with_picture_statistics(name, generator)
    card = OFFICIAL_GENERATORS[name]
    facts = NetworkFacts(
        name=name,
        summary=card.summary,
        size_rule=card.size_rule,
        halo_px=card.halo_px,
        parameter_count=sum(parameter.numel() for parameter in generator.parameters()),
        paper=card.paper,
        licence=_LICENCE,
        training_runs=(f"by the authors of the paper; imported from {source.name}",),
    )
    make_folder(folder)
    target = folder / f"{name}.safetensors"
    save_checkpoint(generator, facts, target, is_halved=False)
    return target


def read_official(source: Path) -> dict[str, Tensor]:
    """The tensors of a published checkpoint, without the `module.` of their names."""
    return {key.removeprefix("module."): value for key, value in read_tensors(source).items()}


def recognise(tensors: Mapping[str, Tensor]) -> str:
    """The catalog name of the network that the tensors belong to; raises ModelError."""
    for name, release in _RELEASES.items():
        if release.mark in tensors:
            return name
    raise ModelError(
        "this checkpoint is of another network; expected one of the released DeblurGAN-v2: "
        "fpn_inception, fpn_mobilenet or resnet"
    )


def load_official(generator: OfficialGenerator, tensors: Mapping[str, Tensor]) -> None:
    """Load tensors with the released names into a generator with stored statistics.

    The backbone's tensors stand in the same order in both and are matched by it, each with
    its kind and shape compared; the others have new names. Raises ModelError.
    """
    network = generator.network
    own = network.state_dict()
    theirs = {key: value for key, value in tensors.items() if not key.startswith(_COPIES)}
    encoder = [key for key in theirs if _ENCODER.match(key)]
    own_encoder = [key for key in own if key.startswith("encoder.")]
    renamed = dict(zip(encoder, own_encoder, strict=False))
    loaded = {renamed.get(key) or _rename(key): value for key, value in theirs.items()}
    kinds_fit = all(
        old.rpartition(".")[2] == new.rpartition(".")[2] for old, new in renamed.items()
    )
    if not kinds_fit or set(loaded) != set(own):
        odd = sorted(set(loaded) ^ set(own))
        raise ModelError(
            f"the checkpoint does not fit the released network: {len(odd)} names differ, "
            f"for example {odd[0] if odd else encoder[0]}"
        )
    try:
        network.load_state_dict(loaded)
    except RuntimeError as error:
        fault = str(error).splitlines()[1].strip()
        raise ModelError(f"the checkpoint does not fit the released network: {fault}") from error


def rebuild_with_picture_statistics(name: str, stored: OfficialGenerator) -> OfficialGenerator:
    """The same weights in the network as it is released to run; its own copy."""
    generator = _RELEASES[name].build("picture")
    wanted = generator.state_dict()
    generator.load_state_dict(
        {key: value for key, value in stored.state_dict().items() if key in wanted}
    )
    return generator


def _rename(key: str) -> str:
    """Our name of a tensor outside the backbone."""
    for pattern, new in _RENAMED:
        if pattern.match(key):
            return pattern.sub(new, key)
    return key
