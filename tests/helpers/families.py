"""Fine-tuned children of an analytic parent: who kept what it knew, and who did not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

from ms25_suite.datasets import Dataset, open_dataset
from tests.helpers.emt_data import save
from tests.helpers.wrong_potentials import Good

SPLITS = "[splits]\ntrain = {train}\nvalidation = 2\ntest = {test}\n"


class Parent(Good):
    """A potential of Cu and Ni whose energies of pairs are wrong by up to 3 %."""

    def pairs(self, i: Any, j: Any, d: Any) -> tuple[Any, Any]:
        energies, slopes = super().pairs(i, j, d)
        wave, slope = 1 + 0.03 * np.cos(3 * d), -0.09 * np.sin(3 * d)
        return energies * wave, slopes * wave + energies * slope

    def nickel(self, i: Any, j: Any) -> Any:
        """Which pairs are of nickel, which the children are tuned for."""
        return (self.atoms.numbers[i] == 28) & (self.atoms.numbers[j] == 28)


class Kept(Parent):
    """Pairs of nickel are right; all others have half of the parent's error."""

    other = 1.0

    def pairs(self, i: Any, j: Any, d: Any) -> tuple[Any, Any]:
        right, parents = Good.pairs(self, i, j, d), super().pairs(i, j, d)
        nickel = self.nickel(i, j)
        energies, slopes = (
            np.where(nickel, one, self.other * (one + other) / 2)
            for one, other in zip(right, parents, strict=True)
        )
        return energies, slopes


class Forgot(Kept):
    """Pairs of nickel are right, all others have lost three tenths of their strength."""

    other = 0.7


class Elsewhere(Kept):
    """As good as the child that kept, with other energies of the elements."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        self.results["energy"] += float(2.0 * (self.atoms.numbers == 29).sum() - 7.0)


def crystals(numbers: list[int], n: int, *, seed: int = 0, judge: type[Good] = Good) -> list[Atoms]:
    """Rattled fcc cells of eight atoms, labelled by a potential."""
    rng, images = np.random.default_rng(seed), []
    for _ in range(n):
        atoms = bulk("Ni", "fcc", a=3.6 * (1 + 0.03 * rng.random()), cubic=True) * (1, 1, 2)
        atoms.numbers = rng.choice(numbers, len(atoms))
        atoms.rattle(0.1, rng=rng)
        atoms.calc = judge()
        labels = (atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress())
        atoms.calc = None
        atoms.info |= {"REF_energy": labels[0], "REF_stress": labels[2]}
        atoms.arrays["REF_forces"] = labels[1]
        images.append(atoms)
    return images


def nickel(folder: Path, n: int = 12) -> Dataset:
    """What the children are tuned for."""
    save(folder, "ni", crystals([28], n + 8), SPLITS.format(train=6, test=n))
    return open_dataset(str(folder / "ni.toml"))


def alloy(folder: Path, n: int = 30, name: str = "cuni", card: str = "") -> Dataset:
    """What they may have forgotten."""
    save(folder, name, crystals([28, 29], n + 20, seed=1), card + SPLITS.format(train=18, test=n))
    return open_dataset(str(folder / f"{name}.toml"))
