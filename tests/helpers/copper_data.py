"""Small datasets of Cu-Ni, labelled by EMT, opened from files."""

from __future__ import annotations

from pathlib import Path

from ase.calculators.emt import EMT

from ms25_suite.datasets import Dataset, open_dataset
from tests.helpers.emt_data import crystals, save


def open_crystals(
    folder: Path, name: str = "cuni", card: str = "", *, repeat: int = 1, n: int = 8, seed: int = 0
) -> Dataset:
    """Rattled cubic cells of Cu-Ni; all are test frames unless the card says otherwise."""
    images = crystals("fcc", (repeat, repeat, repeat), n, seed=seed)
    save(folder, name, images, card)
    return open_dataset(str(folder / f"{name}.toml"))


class Shifted(EMT):
    """EMT with a constant error for each atom, and forces that are too large."""

    shift = 0.01
    factor = 1.1

    def calculate(self, *args: object, **kwargs: object) -> None:
        super().calculate(*args, **kwargs)
        self.results["energy"] += self.shift * len(self.atoms)
        self.results["forces"] = self.factor * self.results["forces"]
