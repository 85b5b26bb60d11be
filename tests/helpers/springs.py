"""Molecules of water held by springs, in place of an approximate potential."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

SPRINGS = {"bond": 0.97, "bond_constant": 50.0, "width": 1.53, "width_constant": 10.0}
"""Å and eV/Å^2."""


class Springs(Calculator):  # type: ignore[misc]
    """Molecules of water that do not see each other."""

    implemented_properties = ("energy", "forces")

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        molecules = self.atoms.positions.reshape(-1, 3, 3)
        forces = np.zeros_like(molecules)
        energy = 0.0
        for first, second, kind in ((0, 1, "bond"), (0, 2, "bond"), (1, 2, "width")):
            vectors = molecules[:, second] - molecules[:, first]
            lengths = np.linalg.norm(vectors, axis=1)
            stretch = lengths - SPRINGS[kind]
            energy += 0.5 * SPRINGS[f"{kind}_constant"] * (stretch**2).sum()
            pull = (SPRINGS[f"{kind}_constant"] * stretch / lengths)[:, None] * vectors
            forces[:, first] += pull
            forces[:, second] -= pull
        self.results = {"energy": energy, "forces": forces.reshape(-1, 3)}


def bonds_of(atoms: Atoms) -> np.ndarray:
    """O-H bonds in Å, shape ``(n_molecules, 2)``; atoms are O, H, H, O, H, H, …"""
    molecules = atoms.positions.reshape(-1, 3, 3)
    return np.asarray(np.linalg.norm(molecules[:, 1:] - molecules[:, :1], axis=2))
