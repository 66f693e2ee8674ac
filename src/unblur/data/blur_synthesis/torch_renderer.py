"""Plans to pairs with PyTorch: a whole batch at a time, on any device.

Gives what `numpy_renderer` gives, to a grey level, but for the noise, which is equal in
distribution. `unblur.data.blur_synthesis` does not import this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from unblur.data.blur_synthesis.camera_path import CameraPath, sampling_matrices
from unblur.data.blur_synthesis.degradation import compress
from unblur.data.blur_synthesis.layers import FLAT, LayerPlan
from unblur.data.blur_synthesis.lights import render_lights
from unblur.data.blur_synthesis.numpy_renderer import defocus_disc
from unblur.data.blur_synthesis.plan import BlurPlan


@dataclass(frozen=True, slots=True)
class SceneBatch:
    """What plans are rendered from: pictures of one size, and the things in front of each."""

    pictures: Tensor
    """(B, 3, H, W) uint8 RGB."""
    things: list[list[Tensor]]
    """For each picture, one (3, H, W) uint8 RGB for each layer of its plan."""

    @classmethod
    def of(
        cls,
        pictures: Sequence[np.ndarray],
        things: Sequence[Sequence[np.ndarray]],
        device: torch.device | str = "cpu",
    ) -> Self:
        """From (H, W, 3) uint8 RGB arrays; `things` are those of `cut_things`."""
        batch = torch.from_numpy(np.stack(pictures)).to(device).permute(0, 3, 1, 2)
        moved = [
            [torch.from_numpy(each).to(device).permute(2, 0, 1) for each in some] for some in things
        ]
        return cls(batch, moved)


@torch.no_grad()
def render_batch(
    plans: Sequence[BlurPlan], scenes: SceneBatch, *, margin_px: int = 16
) -> tuple[Tensor, Tensor]:
    """The blurry and the sharp pictures, (B, 3, h, w) uint8 RGB on the device of `scenes`.

    They are smaller than the scenes by `margin_px` on each side. The same plans and
    scenes give the same pairs on the same kind of device. In float32 throughout, also
    where the caller computes in less.
    """
    with torch.autocast(scenes.pictures.device.type, enabled=False):
        return _render(plans, scenes, margin_px)


def _render(plans: Sequence[BlurPlan], scenes: SceneBatch, margin_px: int) -> tuple[Tensor, Tensor]:
    """`render_batch`, in float32."""
    light = _to_light(scenes.pictures, plans)
    _add_lights(light, plans)
    seen = _inner(light, margin_px)
    exposed, sharp = seen.clone(), seen.clone()
    moved = [index for index, plan in enumerate(plans) if plan.kind in {"straight", "path"}]
    for has_layers in (False, True):
        chosen = [index for index in moved if bool(plans[index].layers) == has_layers]
        if chosen:
            chosen.sort(key=lambda index: -plans[index].sample_count)
            some = [plans[index] for index in chosen]
            layers = _layers(some, [scenes.things[index] for index in chosen])
            exposed[chosen], sharp[chosen] = _expose(some, light[chosen], layers, margin_px)
    for index, plan in enumerate(plans):
        if plan.kind == "defocus":
            exposed[index] = _inner(_defocus(light[index], plan.defocus_radius_px), margin_px)
    blurry = _compress(_to_grey_levels(exposed, plans, is_noisy=True), plans)
    return blurry, _to_grey_levels(sharp, plans, is_noisy=False)


def _per_picture(values: Sequence[float], like: Tensor) -> Tensor:
    """(B, 1, 1, 1) of one value for each picture."""
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1).to(like.device)


def _inner(pixels: Tensor, margin_px: int) -> Tensor:
    """`pixels` (..., H, W) without the margin."""
    height, width = pixels.shape[-2:]
    return pixels[..., margin_px : height - margin_px, margin_px : width - margin_px]


def _to_light(pixels: Tensor, plans: Sequence[BlurPlan]) -> Tensor:
    """Grey levels (B, 3, H, W) as light, float32."""
    gamma = _per_picture([plan.gamma for plan in plans], pixels)
    gain = _per_picture([plan.gain for plan in plans], pixels)
    return (pixels.float() / 255).pow_(gamma).mul_(gain)


def _add_lights(light: Tensor, plans: Sequence[BlurPlan]) -> None:
    """Add the lamps of each plan to its picture, in place."""
    for index, plan in enumerate(plans):
        if plan.lights:
            lamps = torch.from_numpy(render_lights(plan.lights, (plan.height, plan.width)))
            light[index] += lamps.permute(2, 0, 1).to(light.device)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One thing in front of each picture; none where its coverage is 0 everywhere."""

    pixels: Tensor
    """(B, 4, H, W): its light times its coverage, and what shows through it."""
    paths: list[CameraPath]


def _layers(plans: Sequence[BlurPlan], things: Sequence[Sequence[Tensor]]) -> list[_Layer]:
    """The farthest thing of each plan, then the next; as many as the fullest plan has."""
    depth = max(len(plan.layers) for plan in plans)
    return [_layer(plans, things, place) for place in range(depth)]


def _layer(plans: Sequence[BlurPlan], things: Sequence[Sequence[Tensor]], place: int) -> _Layer:
    """Layer number `place` of each plan, clear where a plan has fewer."""
    clear = torch.zeros((4, plans[0].height, plans[0].width), device=things[0][0].device)
    clear[3] = 1
    pixels: list[Tensor] = []
    paths: list[CameraPath] = []
    for plan, some in zip(plans, things, strict=True):
        if place >= len(plan.layers):
            pixels.append(clear)
            paths.append(plan.path)
            continue
        layer = plan.layers[place]
        covered = _coverage(layer, clear)
        light = _to_light(some[place][None], [plan])[0] * covered
        pixels.append(torch.cat([light, 1 - covered]))
        paths.append(layer.path)
    return _Layer(torch.stack(pixels), paths)


def _coverage(layer: LayerPlan, like: Tensor) -> Tensor:
    """`layers.coverage` as (1, H, W)."""
    cells = torch.from_numpy(layer.field).to(like.device)[None, None]
    size = like.shape[-2:]
    field = functional.interpolate(cells, size, mode="bicubic", align_corners=False)
    padded = functional.pad(field, (1, 1, 1, 1), mode="replicate")[0]
    across = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
    down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
    slope = (across**2 + down**2).sqrt() + FLAT / max(size)
    return ((field[0] - layer.threshold) / slope / layer.edge_px + 0.5).clamp(0, 1)


def _expose(
    plans: Sequence[BlurPlan], light: Tensor, layers: Sequence[_Layer], margin_px: int
) -> tuple[Tensor, Tensor]:
    """The means over the exposures and the pictures at their middle moments.

    The plans come longest first: at each moment the batch is those that still have one.
    """
    counts = [plan.sample_count for plan in plans]
    total = torch.zeros_like(_inner(light, margin_px))
    middle = torch.zeros_like(total)
    camera = _Grids([plan.path for plan in plans], plans, margin_px, light)
    moved = [_Grids(layer.paths, plans, margin_px, light) for layer in layers]
    for moment in range(counts[0]):
        active = sum(count > moment for count in counts)
        seen = camera.sample(light[:active], moment)
        for layer, grids in zip(layers, moved, strict=True):
            front = grids.sample(layer.pixels[:active], moment)
            seen = torch.addcmul(front[:, :3], seen, front[:, 3:])
        total[:active] += seen
        halfway = [index for index in range(active) if moment == counts[index] // 2]
        if halfway:
            middle[halfway] = seen[halfway]
    return total / _per_picture(counts, total), middle


class _Grids:
    """Samples pictures where paths take them, moment by moment."""

    def __init__(
        self, paths: Sequence[CameraPath], plans: Sequence[BlurPlan], margin_px: int, like: Tensor
    ) -> None:
        height, width = like.shape[-2:]
        matrices = np.zeros((len(plans), max(plan.sample_count for plan in plans), 2, 3))
        for index, (path, plan) in enumerate(zip(paths, plans, strict=True)):
            count = plan.sample_count
            matrices[index, :count] = sampling_matrices(path, count, (height, width), margin_px)
        matrices *= np.array([2 / (width - 1), 2 / (height - 1)])[:, None]
        matrices[..., 2] -= 1  # grid_sample counts from -1 to 1
        self._matrices = torch.from_numpy(matrices).float().to(like.device)
        rows, columns = height - 2 * margin_px, width - 2 * margin_px
        self._rows = torch.arange(rows, device=like.device).float().view(1, -1, 1, 1)
        self._columns = torch.arange(columns, device=like.device).float().view(1, 1, -1, 1)

    def sample(self, pixels: Tensor, moment: int) -> Tensor:
        """`pixels` (B, C, H, W) as they are seen at `moment`, (B, C, h, w)."""
        matrix = self._matrices[: len(pixels), moment, None, None]  # (B, 1, 1, 2, 3)
        columns, rows, offset = matrix.unbind(-1)
        grid = torch.addcmul(offset + columns * self._columns, rows, self._rows)
        return functional.grid_sample(
            pixels, grid, mode="bilinear", padding_mode="reflection", align_corners=True
        )


def _defocus(light: Tensor, radius_px: float) -> Tensor:
    """`light` (3, H, W) through a lens out of focus."""
    disc = torch.from_numpy(defocus_disc(radius_px)).to(light.device)[None, None]
    reach = disc.shape[-1] // 2
    padded = functional.pad(light[:, None], (reach, reach, reach, reach), mode="reflect")
    return functional.conv2d(padded, disc)[:, 0]


def _to_grey_levels(light: Tensor, plans: Sequence[BlurPlan], *, is_noisy: bool) -> Tensor:
    """Light as grey levels, uint8, with the noise of each plan where it is wanted."""
    inverse = _per_picture([1 / plan.gamma for plan in plans], light)
    noise = _noise(light, plans) if is_noisy else {}
    if noise:
        light = light.clone()
        for index, each in noise.items():
            plan = plans[index].degradation
            variance = plan.photon_noise * light[index] + plan.read_noise**2
            light[index] += variance.sqrt() * each
    grey = light.clamp(0, 1).pow_(inverse).mul_(255)
    for index, each in noise.items():
        grey[index] += plans[index].degradation.noise * each
    return grey.round_().clamp_(0, 255).byte()


def _noise(like: Tensor, plans: Sequence[BlurPlan]) -> dict[int, Tensor]:
    """Normal numbers for each picture whose plan has noise, from the plan's own seed."""
    noise: dict[int, Tensor] = {}
    for index, plan in enumerate(plans):
        if plan.degradation.is_noisy:
            generator = torch.Generator(like.device).manual_seed(plan.degradation.noise_seed)
            noise[index] = torch.randn(
                like.shape[1:], generator=generator, device=like.device, dtype=like.dtype
            )
    return noise


def _compress(blurry: Tensor, plans: Sequence[BlurPlan]) -> Tensor:
    """Put those pictures that a plan wants compressed through JPEG or H.264, on the CPU."""
    chosen = [index for index, plan in enumerate(plans) if plan.degradation.is_compressed]
    if not chosen:
        return blurry
    pictures = blurry[chosen].permute(0, 2, 3, 1).contiguous().cpu().numpy()
    compressed = [
        compress(picture, plans[index].degradation, plans[index].path.shift)
        for picture, index in zip(pictures, chosen, strict=True)
    ]
    moved = torch.from_numpy(np.stack(compressed)).permute(0, 3, 1, 2)
    blurry[chosen] = moved.to(blurry.device)
    return blurry
