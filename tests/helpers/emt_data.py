"""Datasets of Cu-Ni that Effective Medium Theory labels in no time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write


def crystals(
    structure: str,
    repeat: tuple[int, int, int],
    n: int,
    *,
    a: float = 3.6,
    rattle: float = 0.1,
    seed: int = 0,
) -> list[Atoms]:
    """Rattled crystals of random composition with energies, forces and stresses."""
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(n):
        atoms = bulk("Ni", structure, a=a * (1 + 0.03 * rng.random()), cubic=True) * repeat
        atoms.numbers = rng.choice([28, 29], len(atoms))
        atoms.rattle(rattle, rng=rng)
        images.append(labelled(atoms))
    return images


def labelled(atoms: Atoms) -> Atoms:
    """The structure with energy, forces and stress."""
    found = atoms.copy()
    found.calc = EMT()
    energy, forces, stress = found.get_potential_energy(), found.get_forces(), found.get_stress()
    found.calc = None
    found.info |= {"REF_energy": energy, "REF_stress": stress}
    found.arrays["REF_forces"] = forces
    return found


def save(folder: Path, name: str, images: list[Atoms], card: str = "") -> None:
    """Write frames, and a card beside them."""
    write(folder / f"{name}.extxyz", images)
    (folder / f"{name}.toml").write_text(card)


def strained(numbers: list[int], name: str, *, a: float = 3.6, span: float = 0.05) -> list[Atoms]:
    """A conventional fcc cell at 7 lattice constants within ``span`` of ``a``, with energies."""
    images = []
    for factor in np.linspace(1 - span, 1 + span, 7):
        atoms = bulk("Cu", "fcc", a=a * factor, cubic=True)
        atoms.numbers = np.array(numbers)
        atoms.calc = EMT()
        labelled = atoms.copy()
        labelled.info |= {"REF_energy": atoms.get_potential_energy(), "curve": name}
        images.append(labelled)
    return images
