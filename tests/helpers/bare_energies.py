"""Frames of the built-in datasets as CP2K, ASE and people leave them: energies under ``E``."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import Bohr, Hartree

from ms25_suite.datasets import Dataset, open_dataset

__all__ = ["ATOMIC_FORCE", "bare", "same_labels"]

ATOMIC_FORCE = float(Hartree / Bohr)
"""eV/Å in one hartree/bohr."""


def bare(
    name: str = "cha",
    n: int = 24,
    *,
    forces: str | None = "forces",
    calculator: bool = False,
    header: bool = True,
    energy: float = float(Hartree),
    force: float = ATOMIC_FORCE,
) -> list[Atoms]:
    """The first frames of a built-in dataset, with their energies under ``E``.

    Parameters
    ----------
    name, n
        Dataset, and number of frames.
    forces
        Name of the array of forces; None for none.
    calculator
        Whether the forces are those of an attached calculator instead.
    header
        Whether ``i`` and ``time`` of CP2K stand beside the energy.
    energy, force
        Units in eV and eV/Å.
    """
    dataset = open_dataset(name)
    frames, labels = dataset.part(range(n))
    assert labels.energy is not None
    assert labels.forces is not None
    images = []
    for index in range(n):
        part = frames.atoms_of(index)
        atoms = Atoms(
            numbers=frames.numbers[part],
            positions=frames.positions[part],
            cell=frames.cells[index],
            pbc=frames.pbc[index],
        )
        atoms.info = {"i": 10 * index, "time": 5.0 * index} if header else {}
        atoms.info["E"] = float(labels.energy[index]) / energy
        own = np.array(labels.forces[part]) / force
        if forces is not None and calculator:
            atoms.calc = SinglePointCalculator(atoms, forces=own)
        elif forces is not None:
            atoms.arrays[forces] = own
        images.append(atoms)
    return images


def same_labels(dataset: Dataset, name: str = "cha", *, forces: bool = True) -> None:
    """Labels are those of the first frames of a built-in dataset, to 1e-9."""
    _, expected = open_dataset(name).part(range(len(dataset)))
    np.testing.assert_allclose(dataset.labels.energy, expected.energy, rtol=1e-9)
    if forces:
        # Text files have eight decimals.
        np.testing.assert_allclose(dataset.labels.forces, expected.forces, rtol=1e-9, atol=5e-7)
    else:
        assert dataset.labels.forces is None
