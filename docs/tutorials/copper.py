"""What the tutorials share: copper frames, and a small machine-learned potential.

The frames are labelled by the effective medium theory of ASE, which takes the place of DFT here.
The potential is a sum over pairs that is linear in its parameters, so that a least-squares fit to
energies and forces trains it in a second. It is good near what it has seen, and no better than
pairs can be.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.neighborlist import neighbor_list
from ase.stress import full_3x3_to_voigt_6_stress

CUTOFF = 5.0
"""Cutoff of the potential in Å: the third shell of copper is inside."""


def labelled(atoms: Atoms) -> Atoms:
    """The atoms with energy (eV), forces (eV/Å) and stress (eV/Å^3) of the reference."""
    emt = EMT()
    labels = {
        "energy": emt.get_potential_energy(atoms),
        "forces": emt.get_forces(atoms),
        "stress": emt.get_stress(atoms),
    }
    atoms.calc = SinglePointCalculator(atoms, **labels)
    return atoms


def frames(count: int, seed: int, displacement: float = 0.1) -> list[Atoms]:
    """Copper cells of 32 atoms: strained by up to 3 %, atoms displaced by some 0.1 Å."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        strain = np.eye(3) + rng.uniform(-0.03, 0.03, (3, 3))
        atoms.set_cell(atoms.cell @ (strain + strain.T) / 2, scale_atoms=True)
        atoms.positions += rng.normal(0.0, displacement, atoms.positions.shape)
        made.append(labelled(atoms))
    return made


class PairPotential(Calculator):
    """A sum over pairs of atoms, linear in `n` radial functions.

    Parameters
    ----------
    n
        Number of radial functions, and one parameter more: the energy of an atom.
    """

    implemented_properties = ("energy", "free_energy", "forces", "stress")

    def __init__(self, n: int = 12) -> None:
        super().__init__()
        self.centres = np.linspace(1.8, CUTOFF, n)
        self.width = self.centres[1] - self.centres[0]
        self.parameters = np.zeros(n + 1)

    def _functions(self, atoms: Atoms) -> tuple[np.ndarray, ...]:
        """First atom, vector and direction of each pair; radial functions and their slopes."""
        i, r, vectors = neighbor_list("idD", atoms, CUTOFF)
        x = (r - self.centres[:, None]) / self.width
        gauss = np.exp(-(x**2) / 2)
        smooth = 0.5 * (1 + np.cos(np.pi * r / CUTOFF))
        slope = -0.5 * np.pi / CUTOFF * np.sin(np.pi * r / CUTOFF)
        values, slopes = gauss * smooth, gauss * (slope - x / self.width * smooth)
        return i, vectors, vectors / r[:, None], values, slopes

    def fit(self, training: list[Atoms]) -> PairPotential:
        """Fit energies per atom and forces, by least squares."""
        rows, labels = [], []
        for atoms in training:
            i, _, along, values, slopes = self._functions(atoms)
            # Each pair is listed from both sides. The last parameter is the energy of an atom.
            energy = np.append(values.sum(axis=1) / 2, len(atoms))
            forces = [_on_atoms(one, i, along, len(atoms)).ravel() for one in slopes]
            forces.append(np.zeros(3 * len(atoms)))
            # An energy of 1 meV/atom weighs as much as a force of 10 meV/Å.
            rows += [10 * energy[None] / len(atoms), np.transpose(forces)]
            labels += [[10 * atoms.get_potential_energy() / len(atoms)], atoms.get_forces().ravel()]
        self.parameters = np.linalg.lstsq(np.vstack(rows), np.concatenate(labels), rcond=1e-10)[0]
        return self

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        """Predict energy, forces and stress."""
        super().calculate(atoms, properties, system_changes)
        i, vectors, along, values, slopes = self._functions(self.atoms)
        *weights, of_atom = self.parameters
        pulls = np.array(weights) @ slopes
        energy = float(np.sum(weights @ values) / 2 + of_atom * len(self.atoms))
        virial = np.einsum("p,pa,pb->ab", pulls / 2, along, vectors)
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "forces": _on_atoms(pulls, i, along, len(self.atoms)),
            "stress": full_3x3_to_voigt_6_stress(virial / self.atoms.get_volume()),
        }

    def save(self, file: str) -> None:
        """Keep the parameters."""
        np.savetxt(file, self.parameters)


def _on_atoms(pulls: np.ndarray, i: np.ndarray, along: np.ndarray, count: int) -> np.ndarray:
    """Forces of pairs summed over the atoms, ``(count, 3)``."""
    return np.stack([np.bincount(i, pulls * one, count) for one in along.T], axis=1)


def load(file: str | Path) -> PairPotential:
    """The potential with the parameters of a file."""
    parameters = np.loadtxt(file)
    found = PairPotential(len(parameters) - 1)
    found.parameters = parameters
    return found
