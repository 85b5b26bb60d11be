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

    def _rows(self, atoms: Atoms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Energy, forces and stress for each parameter: ``(n + 1, …)``."""
        i, r, vectors = neighbor_list("idD", atoms, CUTOFF)
        x = (r[:, None] - self.centres) / self.width
        smooth = 0.5 * (1 + np.cos(np.pi * r / CUTOFF))[:, None]
        slope = -0.5 * np.pi / CUTOFF * np.sin(np.pi * r / CUTOFF)[:, None]
        gauss = np.exp(-(x**2) / 2)
        values = (gauss * smooth).T
        slopes = (gauss * (slope - x / self.width * smooth)).T
        # Each pair is listed from both sides.
        energy = np.append(values.sum(axis=1) / 2, len(atoms))
        along = vectors / r[:, None]
        forces = np.zeros((len(self.parameters), len(atoms), 3))
        for k, one in enumerate(slopes):
            np.add.at(forces[k], i, one[:, None] * along)
        stress = np.zeros((len(self.parameters), 3, 3))
        stress[:-1] = np.einsum("kp,pa,pb->kab", slopes / 2, along, vectors) / atoms.get_volume()
        return energy, forces, stress

    def fit(self, training: list[Atoms]) -> PairPotential:
        """Fit energies per atom and forces, by least squares."""
        rows, labels = [], []
        for atoms in training:
            energy, forces, _ = self._rows(atoms)
            # An energy of 1 meV/atom weighs as much as a force of 10 meV/Å.
            rows += [10 * energy[None] / len(atoms), forces.reshape(len(energy), -1).T]
            labels += [[10 * atoms.get_potential_energy() / len(atoms)], atoms.get_forces().ravel()]
        self.parameters = np.linalg.lstsq(np.vstack(rows), np.concatenate(labels), rcond=1e-10)[0]
        return self

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        """Predict energy, forces and stress."""
        super().calculate(atoms, properties, system_changes)
        energy, forces, stress = self._rows(self.atoms)
        self.results = {
            "energy": float(self.parameters @ energy),
            "free_energy": float(self.parameters @ energy),
            "forces": np.tensordot(self.parameters, forces, axes=1),
            "stress": full_3x3_to_voigt_6_stress(np.tensordot(self.parameters, stress, axes=1)),
        }

    def save(self, file: str) -> None:
        """Keep the parameters."""
        np.savetxt(file, self.parameters)


def load(file: str | Path) -> PairPotential:
    """The potential with the parameters of a file."""
    parameters = np.loadtxt(file)
    found = PairPotential(len(parameters) - 1)
    found.parameters = parameters
    return found
