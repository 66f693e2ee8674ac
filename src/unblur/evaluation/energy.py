"""What the processor consumes, where the machine tells: Intel's and AMD's RAPL counters."""

from __future__ import annotations

from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


class EnergyMeter:
    """Adds up the counters of all processor packages, in joules.

    The counters count everything that runs, and start again at zero now and then, which
    is noticed as long as they are read more often than that (minutes).
    """

    def __init__(self, folders: list[Path]) -> None:
        self._files = [folder / "energy_uj" for folder in folders]
        self._ranges_uj = [int((folder / "max_energy_range_uj").read_text()) for folder in folders]
        self._last_uj = [int(file.read_text()) for file in self._files]
        self._total_uj = 0

    def read_j(self) -> float:
        """Joules since the meter was made."""
        now_uj = [int(file.read_text()) for file in self._files]
        for now, last, span in zip(now_uj, self._last_uj, self._ranges_uj, strict=True):
            self._total_uj += (now - last) % span
        self._last_uj = now_uj
        return self._total_uj / 1e6


def find_meter(powercap: Path = POWERCAP) -> tuple[EnergyMeter | None, str]:
    """A meter, or None and a sentence on why there is none."""
    folders = sorted(
        folder
        for folder in powercap.glob("*-rapl:*")
        if folder.name.count(":") == 1 and (folder / "energy_uj").exists()
    )
    if not folders:
        return None, f"Energy is not to be had here: this machine has no counters in {powercap}"
    try:
        return EnergyMeter(folders), ""
    except OSError as error:
        return None, (
            f"Energy is not to be had here: {error.filename} cannot be read "
            f"({error.strerror}); root may"
        )
