"""The options of a training run, one TOML file each (see `configs/`)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from unblur.config import Options
from unblur.data.blur_synthesis import BlurOptions


class DataOptions(Options):
    """Where the pairs come from."""

    photos: Path
    """Folder of sharp pictures, or of tar archives of them."""
    cache: Path
    """Folder for the pairs made from them; made once, then reused."""
    pair_count: int = Field(default=26000, gt=0)
    """Pairs in the cache."""
    pair_px: int = Field(default=208, gt=0)
    """Height and width of a cached pair, in pixels."""
    blur: BlurOptions = BlurOptions()
    """Which blur."""


class CurriculumOptions(Options):
    """From short straight blur to everything; moments are shares of the run, 0..1."""

    first_path_px: float = Field(default=6.0, gt=0)
    """Longest path at the start; it grows without limit until `full_length_at`."""
    full_length_at: float = Field(default=0.35, ge=0, le=1)
    """From here on pairs of any length come."""
    mixture_from: float = Field(default=0.02, ge=0, le=1)
    """Until here only straight kernels; then the full mixture comes in evenly ..."""
    mixture_until: float = Field(default=0.3, ge=0, le=1)
    """... until here, where it has reached `mixture_share`."""
    mixture_share: float = Field(default=0.92, ge=0, le=1)
    """Share of each batch that the full mixture ends at."""


class TrainingOptions(Options):
    """One run: network, data, budget, optimizer."""

    network: str = "live"
    """Catalog name of the generator."""
    data: DataOptions
    curriculum: CurriculumOptions = CurriculumOptions()
    output: Path
    """Folder for checkpoints and the log."""
    start_from: Path | None = None
    """A finished checkpoint whose weights the run starts from, for a second run."""
    maximum_steps: int = Field(default=60000, gt=0)
    """Length of the run in optimizer steps."""
    maximum_minutes: float = Field(default=120.0, gt=0)
    """Length of the run in minutes: what comes first ends it."""
    batch_size: int = Field(default=16, gt=0)
    """Crops to a step at the final crop size; smaller crops come in larger batches."""
    crop_px: int = Field(default=160, gt=0)
    """Height and width of a training crop at the end, a multiple of what the network needs."""
    first_crop_px: int = Field(default=112, gt=0)
    """The same at the start; it grows until `final_crop_at`, the work of a step stays the same."""
    final_crop_at: float = Field(default=0.6, ge=0, le=1)
    """From this share of the run on crops have their final size."""
    optimizer: Literal["muon", "adamw"] = "muon"
    learning_rate: float = Field(default=1e-3, gt=0)
    """Of Muon's matrices, or of AdamW."""
    outer_learning_rate_scale: float = Field(default=0.5, gt=0)
    """With Muon: the rate of what AdamW learns (stem, heads, biases), over `learning_rate`."""
    weight_decay: float = Field(default=0.01, ge=0)
    gradient_limit: float = Field(default=3.0, gt=1)
    """A gradient longer than this many times the usual one is shortened to that."""
    warmup_steps: int = Field(default=200, ge=0)
    """Steps in which the learning rate rises from 0; then it falls as a cosine."""
    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    """Decay of the averaged weights, which are what is validated and kept."""
    coarse_loss_weight: float = Field(default=0.5, ge=0)
    """Weight of the losses at 1/2 and 1/4 of the resolution."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the network's passes; the weights are always fp32."""
    checkpoint_minutes: float = Field(default=4.0, gt=0)
    """How often the run is saved and validated."""
    seed: int = 1
