"""The options of a training run, one TOML file each (see `configs/`)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from unblur.config import Options
from unblur.data.blur_synthesis import BlurOptions
from unblur.data.photos import PhotoSource
from unblur.losses.adversarial import AdversarialName


class DataOptions(Options):
    """Where the pairs come from."""

    cache: Path
    """Folder of pairs: made from `photos` once, then reused; or made by `unblur data pack`."""
    more_caches: tuple[Path, ...] = ()
    """Further folders of pairs of the same size, to learn from all of them."""
    photos: PhotoSource | None = None
    """Folder of sharp pictures, or of tar archives of them; "drawn" for scenes that the package
    draws; not needed where `cache` is."""
    synthesis: Literal["cached", "workers", "device"] = "cached"
    """Where training pairs are made: ahead, in the cache; or new ones for every step, by the
    workers or by the device that trains (for a GPU). Validation pairs are in the cache always."""
    pair_count: int = Field(default=26000, gt=0)
    """Pairs in the cache, or to an epoch where they are made on the way."""
    frame_count: int = Field(default=1, ge=1)
    """Consecutive frames of each pair; more than 1 for a network that uses time. `pair_count`
    then counts sequences, and `batch_size` frames."""
    pair_px: int = Field(default=208, gt=0)
    """Height and width of a cached pair, in pixels."""
    sharp_share: float = Field(default=0.0, ge=0, lt=1)
    """Share of each batch whose blurry pictures are replaced by the sharp ones, beside the pairs
    that `blur` leaves sharp; see `loss.identity_weight`."""
    held_out_count: int = Field(default=200, gt=0)
    """Pairs for validation, from photos that are not trained on; always the same."""
    blur: BlurOptions = BlurOptions()
    """Which blur."""
    cache_on_device: bool = False
    """Whether the device that trains holds the pairs of the cache in its memory and cuts crops
    there: for a GPU with room for them, which workers cannot keep busy."""
    workers: int = Field(default=1, ge=0)
    """Processes that draw batches ahead; 0 draws them in the training process, which
    `cache_on_device` does always."""

    @property
    def drawing_workers(self) -> int:
        """How many processes draw batches."""
        return 0 if self.cache_on_device else self.workers

    @model_validator(mode="after")
    def _has_a_cache_to_hold(self) -> Self:
        if self.cache_on_device and self.synthesis != "cached":
            raise ValueError(
                f"cache_on_device holds the pairs of the cache, and synthesis is "
                f"{self.synthesis!r}; set it to cached, or cache_on_device to false"
            )
        return self


class CurriculumOptions(Options):
    """From short straight blur to everything; moments are shares of the run, 0..1."""

    first_path_px: float = Field(default=6.0, gt=0)
    """Longest path at the start, in pixels; it grows to 64 until `full_length_at`."""
    full_length_at: float = Field(default=0.35, ge=0, le=1)
    """From here on pairs of any length come."""
    mixture_from: float = Field(default=0.02, ge=0, le=1)
    """Until here only straight kernels; then the full mixture comes in evenly ..."""
    mixture_until: float = Field(default=0.3, ge=0, le=1)
    """... until here, where it has reached `mixture_share`."""
    mixture_share: float = Field(default=0.92, ge=0, le=1)
    """Share of each batch that the full mixture ends at."""


class LossOptions(Options):
    """What the generator makes small: a weighted sum. Pixels count in -1..1, as in the paper."""

    pixel: Literal["l1", "mse", "charbonnier"] = "l1"
    pixel_weight: float = Field(default=1.0, ge=0)
    """Of the pixel loss; the paper's L_p is mse with weight 0.5."""
    coarse_weight: float = Field(default=0.5, ge=0)
    """Of the pixel losses at 1/2 and 1/4 of the resolution, for networks that have such heads."""
    frequency_weight: float = Field(default=0.0, ge=0)
    """Of the L1 distance of Fourier transforms."""
    identity_weight: float = Field(default=0.0, ge=0)
    """Of the L1 distance over the pictures that came in sharp, which should stay as they are
    (arXiv:1703.10593, section 5.2); the adversary does not see those then, unless all are."""
    perceptual_weight: float = Field(default=0.0, ge=0)
    """Of the distance in VGG's relu3_3 features; the paper's is 0.006."""
    perceptual_network: Path | Literal["vgg19"] = "vgg19"
    """A file of VGG19 or VGG16 weights; "vgg19" lets torchvision download them."""


class AdversaryOptions(Options):
    """The discriminator, if there is one."""

    loss: AdversarialName | None = None
    """None: no discriminator; the paper's is ragan-ls."""
    weight: float = Field(default=0.01, ge=0)
    """Of the adversarial loss in the generator's sum (the paper's)."""
    discriminator: Literal["patch", "global", "double_scale"] = "double_scale"
    learning_rate: float = Field(default=1e-4, gt=0)
    """Of the discriminator's Adam."""
    pretraining_steps: int = Field(default=0, ge=0)
    """Steps at the start in which the discriminator alone learns: one that knows nothing yet
    spoils a generator that has learned much."""
    gradient_penalty_weight: float = Field(default=10.0, ge=0)
    """With wgan-gp."""


class MachineOptions(Options):
    """What the run is computed on; nothing here changes what is learned."""

    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    devices: int = Field(default=1, gt=0)
    """Devices (GPUs, or processes of a CPU) of each machine; each has batches of its own."""
    nodes: int = Field(default=1, gt=0)
    """Machines."""
    strategy: str = "auto"
    """How devices work together, as Lightning Fabric names it; auto is "ddp" for several."""
    compile: bool = False
    """Whether torch.compile makes the networks faster; it takes minutes to start."""


class TrainingOptions(Options):
    """One run: network, data, budget, optimizer."""

    network: str = "live"
    """Catalog name of the generator."""
    encoder_weights: Path | Literal["timm", "none"] = "timm"
    """What the backbone, if the network has one, starts from: what timm downloads, a file of
    timm's weights or of a model with the same backbone, or nothing."""
    frozen_encoder_epochs: float = Field(default=0.0, ge=0)
    """The backbone does not learn before this epoch (the paper's is 3)."""
    data: DataOptions
    curriculum: CurriculumOptions = CurriculumOptions()
    loss: LossOptions = LossOptions()
    adversary: AdversaryOptions = AdversaryOptions()
    machine: MachineOptions = MachineOptions()
    output: Path
    """Folder for checkpoints and logs."""
    start_from: Path | None = None
    """A checkpoint or a .safetensors model whose weights the run starts from."""
    maximum_steps: int | None = Field(default=None, gt=0)
    """Length of the run in optimizer steps."""
    maximum_epochs: float | None = Field(default=None, gt=0)
    """Length of the run in epochs, each as many crops as there are pairs."""
    maximum_minutes: float | None = Field(default=None, gt=0)
    """Length of the run in minutes. What comes first ends the run; the learning rate then
    follows the clock, and a resumed run is no longer the same bit for bit."""
    batch_size: int = Field(default=16, gt=0)
    """Crops to a step and device at the final crop size; smaller crops come in larger batches."""
    crop_px: int = Field(default=160, gt=0)
    """Height and width of a training crop at the end, a multiple of what the network needs."""
    first_crop_px: int | None = Field(default=None, ge=16)
    """The same at the start; it grows, by 16 or what the network needs at a time, until
    `final_crop_at`. None: the same from the start."""
    final_crop_at: float = Field(default=0.6, ge=0, le=1)
    """From this share of the run on crops have their final size."""
    optimizer: Literal["muon", "adamw", "adam"] = "muon"
    learning_rate: float = Field(default=1e-3, gt=0)
    """Of Muon's matrices, or of Adam."""
    outer_learning_rate_scale: float = Field(default=0.5, gt=0)
    """With Muon: the rate of what AdamW learns (stem, heads, biases), over `learning_rate`."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Of Muon and AdamW."""
    gradient_limit: float = Field(default=3.0, gt=1)
    """A gradient longer than this many times the usual one is shortened to that."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How learning rates fall after the warm-up."""
    constant_until: float = Field(default=0.0, ge=0, lt=1)
    """The share of the run up to which they do not fall (the paper's is 0.5, then linear)."""
    warmup_steps: int = Field(default=200, ge=0)
    """Steps in which learning rates rise from 0."""
    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    """Decay of the averaged weights, which are what is validated and kept."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    """Arithmetic of the networks' passes; the weights are always fp32."""
    checkpoint_minutes: float = Field(default=4.0, gt=0)
    """How often the run is saved and validated."""
    seed: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if not (self.maximum_steps or self.maximum_epochs or self.maximum_minutes):
            raise ValueError("give maximum_steps, maximum_epochs or maximum_minutes")
        return self

    @model_validator(mode="after")
    def _crops_fit(self) -> Self:
        first = self.first_crop_px or self.crop_px
        is_cached = self.data.synthesis == "cached"
        if first > self.crop_px or (is_cached and self.crop_px > self.data.pair_px):
            raise ValueError(
                f"crops grow from first_crop_px to crop_px and come from pairs of data.pair_px; "
                f"got {first}, {self.crop_px} and {self.data.pair_px}"
            )
        return self
