"""A good potential of Cu and Ni, and potentials that are wrong in one way each.

The text of this module is written into calculator files (`calculator_text`), so it imports nothing
of the suite. Each wrong potential keeps all other laws where that is possible: its forces are the
derivatives of its own, wrong energy, unless it is the derivative that is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from vesin import ase_neighbor_list

PARAMETERS: Final = {28: (0.4205, 1.4199, 2.785), 29: (0.3429, 1.3588, 2.82)}
"""Depth in eV, decay in 1/Å and distance in Å of Morse potentials: L. A. Girifalco and V. G.
Weizer, Phys. Rev. 114, 687 (1959), but for the distances. Both crystals are fcc at 3.6 Å."""

CUTOFF: Final = 5.5
SWITCH: Final = 2.0
"""The energy of a pair and its first two derivatives go to zero over the last 2 Å."""


class Good(Calculator):  # type: ignore[misc]
    """A pair potential that breaks no law. Energies in eV, forces in eV/Å, stress in eV/Å^3."""

    implemented_properties = ("energy", "forces", "stress")

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        i, j, d, vectors = ase_neighbor_list("ijdD", self.atoms, CUTOFF)
        energies, slopes = self.pairs(i, j, d)
        self.results = _sums(self.atoms, energies, slopes, i, d, vectors)
        self.spoil(i, j, d, vectors)

    def pairs(self, i: Any, j: Any, d: Any) -> tuple[Any, Any]:
        """Energies of all pairs, each counted twice, and their derivatives by the distance."""
        numbers = self.atoms.numbers
        kinds = np.array([PARAMETERS.get(z, PARAMETERS[29]) for z in range(numbers.max() + 1)])
        depth, decay, distance = (0.5 * (kinds[numbers[i]] + kinds[numbers[j]])).T
        fall = np.exp(-decay * (d - distance))
        energies = depth * (fall**2 - 2 * fall)
        slopes = 2 * depth * decay * (fall - fall**2)
        # Smootherstep, 6 x^5 - 15 x^4 + 10 x^3.
        x = np.clip((CUTOFF - d) / SWITCH, 0.0, 1.0)
        switch = x**3 * (10 - 15 * x + 6 * x**2)
        slope_of_switch = -30 * x**2 * (1 - x) ** 2 / SWITCH
        return energies * switch, slopes * switch + energies * slope_of_switch

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        """Nothing; the place of whatever is to be wrong in ``self.results``."""


def _sums(atoms: Any, energies: Any, slopes: Any, i: Any, d: Any, vectors: Any) -> dict[str, Any]:
    """Energy, forces and stress of pairs that are each counted twice."""
    pulls = (slopes / d)[:, None] * vectors
    forces = np.zeros((len(atoms), 3))
    np.add.at(forces, i, pulls)
    results: dict[str, Any] = {"energy": float(0.5 * energies.sum()), "forces": forces}
    if atoms.pbc.all():
        virial = 0.5 * vectors.T @ pulls / atoms.get_volume()
        results["stress"] = virial[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    return results


class LabAxes(Good):
    """Distances along the z axis of the laboratory count 1 % more."""

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        stretch = np.array([1.0, 1.0, 1.01])
        stretched = atoms.copy()
        stretched.cell[:] = atoms.cell.array * stretch
        stretched.positions = atoms.positions * stretch
        super().calculate(stretched, properties, system_changes)
        self.atoms = atoms.copy()
        self.results["forces"] = self.results["forces"] * stretch
        if "stress" in self.results:
            # S (1 + e) = (1 + S e / S) S, and the volume of the stretched cell is det S larger.
            k, m = [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]
            ratio = stretch[k] / stretch[m]
            self.results["stress"] *= stretch.prod() * (ratio + 1 / ratio) / 2


class Forces3Percent(Good):
    """All forces are 3 % too large."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        self.results["forces"] *= 1.03


class ShearSign(Good):
    """The shear stress has the wrong sign."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        if "stress" in self.results:
            self.results["stress"][3:] *= -1


class ShearSwapped(Good):
    """The components yz and xy of the stress are swapped."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        if "stress" in self.results:
            self.results["stress"] = self.results["stress"][[0, 1, 2, 5, 4, 3]]


class ShearZero(Good):
    """The shear stress is zero."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        if "stress" in self.results:
            self.results["stress"][3:] = 0.0


class ForceJump(Good):
    """Within 4.5 Å a pair has a constant force of 20 meV/Å more: the energy has a kink there."""

    def pairs(self, i: Any, j: Any, d: Any) -> tuple[Any, Any]:
        energies, slopes = super().pairs(i, j, d)
        near = d < 4.5
        return energies + 0.02 * near * (d - 4.5), slopes + 0.02 * near


class EnergyStep(Good):
    """Within 4.5 Å a pair has 20 meV less: the energy has a step there, and no force says so."""

    def pairs(self, i: Any, j: Any, d: Any) -> tuple[Any, Any]:
        energies, slopes = super().pairs(i, j, d)
        return energies - 0.02 * (d < 4.5), slopes


class OneElement(Good):
    """Forces on nickel are 10 % too large."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        self.results["forces"][self.atoms.numbers == 28] *= 1.1


class Hole(Good):
    """Below 1.3 Å atoms attract each other, as where there was no training data."""

    def pairs(self, i: Any, j: Any, d: Any) -> tuple[Any, Any]:
        energies, slopes = super().pairs(i, j, d)
        x = np.clip(1 - d / 1.3, 0.0, None)
        return energies - 4000.0 * x**3, slopes + 3 * 4000.0 * x**2 / 1.3


class FewAtoms(Good):
    """Raises for fewer than 20 atoms."""

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        if len(atoms) < 20:
            msg = "expected 20 atoms or more"
            raise ValueError(msg)
        super().calculate(atoms, properties, system_changes)


class LeftHanded(Good):
    """Raises for cells whose vectors are left-handed."""

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        if np.linalg.det(atoms.cell.array) < 0:
            msg = "expected a right-handed cell"
            raise ValueError(msg)
        super().calculate(atoms, properties, system_changes)


class Order(Good):
    """Bonds of the first half of the atoms in the file are 1 % stronger."""

    def pairs(self, i: Any, j: Any, d: Any) -> tuple[Any, Any]:
        energies, slopes = super().pairs(i, j, d)
        half = len(self.atoms) / 2
        weights = 1 + 0.005 * ((i < half).astype(float) + (j < half))
        return energies * weights, slopes * weights


class EggBox(Good):
    """The energy of an atom depends by 10 meV on where it is in the cell, as on a grid."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        if not self.atoms.pbc.all():
            return
        phase = 2 * np.pi * self.atoms.cell.scaled_positions(self.atoms.positions)
        self.results["energy"] += 0.005 * float(np.cos(phase).sum())
        # Scaled positions are x . C^-1, and a strain leaves them as they are.
        inverse = np.linalg.inv(self.atoms.cell.array)
        self.results["forces"] += 0.005 * 2 * np.pi * np.sin(phase) @ inverse.T


class Random(Good):
    """Every answer differs a little, as by dropout that was left on."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        self.results["forces"] = np.random.default_rng().normal(self.results["forces"], 0.005)


class Curl(Good):
    """The force of a pair depends on the surroundings of both atoms, and the energy does not."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        density = np.bincount(i, np.exp(-d), minlength=len(self.atoms))
        pull = 0.05 * np.clip(CUTOFF - d, 0.0, None) * (density[i] + density[j]) / d
        np.add.at(self.results["forces"], i, pull[:, None] * vectors)


class NetForce(Good):
    """Atoms pull their neighbours, and are not pulled back."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        density = np.bincount(i, np.exp(-d), minlength=len(self.atoms))
        pull = 0.05 * np.clip(CUTOFF - d, 0.0, None) * density[i] / d
        np.add.at(self.results["forces"], i, pull[:, None] * vectors)


class NotExtensive(Good):
    """The energy has a term N log N."""

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        n = len(self.atoms)
        self.results["energy"] += 0.01 * n * float(np.log(n))


class Scaled(Good):
    """Energy, forces and stress are scaled for some structures, all by the same factor."""

    def factor(self) -> float:
        return 1.0

    def spoil(self, i: Any, j: Any, d: Any, vectors: Any) -> None:
        factor = self.factor()
        self.results = {name: factor * value for name, value in self.results.items()}


class Compressed(Scaled):
    """All is 10 % too large where the volume of an atom is 5 % below that of fcc at 3.6 Å."""

    def factor(self) -> float:
        atoms = self.atoms
        dense = atoms.pbc.all() and atoms.get_volume() < 0.95 * 3.6**3 / 4 * len(atoms)
        return 1.1 if dense else 1.0


class Hottest(Scaled):
    """All is 10 % too large where an atom feels more than 2.5 eV/Å."""

    def factor(self) -> float:
        strongest = np.linalg.norm(self.results["forces"], axis=1).max()
        return 1.1 if strongest > 2.5 else 1.0


class SomeFrames(Scaled):
    """All is 40 % too large for the compositions from 36 to 40 % nickel."""

    def factor(self) -> float:
        nickel = float((self.atoms.numbers == 28).mean())
        return 1.4 if 0.36 < nickel < 0.40 else 1.0


WRONG: Final = {
    "lab axes": LabAxes,
    "forces 3 % off": Forces3Percent,
    "shear sign": ShearSign,
    "yz and xy swapped": ShearSwapped,
    "no shear": ShearZero,
    "jump of the force": ForceJump,
    "step of the energy": EnergyStep,
    "one element 10 % off": OneElement,
    "hole": Hole,
    "few atoms": FewAtoms,
    "left-handed cell": LeftHanded,
    "order of the atoms": Order,
    "egg-box": EggBox,
    "random": Random,
    "curl": Curl,
    "net force": NetForce,
    "N log N": NotExtensive,
    "compressed": Compressed,
    "hottest frames": Hottest,
    "8 % of frames": SomeFrames,
}
"""The wrong potentials by what is wrong with them."""


def calculator_text(kind: type[Good]) -> str:
    """Text of a calculator file for ``--mlip``: this module, and which potential it is."""
    return f"{Path(__file__).read_text(encoding='utf-8')}\n\ncalculator = {kind.__name__}\n"
