"""What is compared: our models, and any other program that restores a picture file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

from unblur.evaluation.command_model import CommandModel
from unblur.facts import Precision
from unblur.images.arrays import Pixels
from unblur.restoration.frame_memory import FrameMemory, RestoreNext
from unblur.restoration.restorer import Restorer
from unblur.restoration.self_ensemble import SelfEnsemble
from unblur.runtimes.base import RuntimeName


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that restores pictures, under the name it is compared by."""

    name: str
    restore: Callable[[Pixels], Pixels]
    """(H, W, 3) uint8 RGB in, the same out; raises UnblurError when it fails."""
    runtime: str = ""
    precision: str = ""
    network: str = ""
    """Its name in the catalog of generators, where it is one of ours."""
    self_ensemble: int = 1
    """How often the network computes for a picture."""
    restore_next: RestoreNext | None = None
    """For the frames of a video, where it remembers those before: None for the first."""

    def for_video(self) -> Callable[[Pixels], Pixels]:
        """What restores the frames of one video, one after the other."""
        if self.restore_next is None:
            return self.restore
        return FrameMemory(self.restore_next).restore

    @classmethod
    def of_model(
        cls,
        model: str,
        runtime: RuntimeName | Literal["auto"] = "auto",
        precision: Precision | Literal["auto"] = "auto",
        *,
        self_ensemble: SelfEnsemble | Literal["auto"] = 1,
        is_one_of_several: bool = False,
    ) -> Self:
        """One of our models, opened; raises what `Restorer` raises.

        Where it `is_one_of_several` precisions of a model, its name tells which, as it tells
        of a `self_ensemble` of more than 1.
        """
        restorer = Restorer(
            model, runtime=runtime, precision=precision, self_ensemble=self_ensemble
        )
        name = f"{model} {restorer.precision}" if is_one_of_several else model
        taken = restorer.self_ensemble
        return cls(
            name if taken == 1 else f"{name}, self-ensemble {taken}",
            restorer.restore,
            restorer.runtime_name,
            restorer.precision,
            restorer.facts.name,
            taken,
            restorer.restore_next if restorer.has_memory else None,
        )

    @classmethod
    def of_command(cls, template: str, timeout_s: float) -> Self:
        """Another program; raises ConfigError when the template cannot be one."""
        model = CommandModel(template, timeout_s)
        return cls(model.name, model.restore, "command")
