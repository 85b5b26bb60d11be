"""A pair potential that costs less than a millisecond, and can be spoiled in one way.

Its text is put into calculator files of tests: it imports nothing of the suite.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from matscipy.neighbours import neighbour_list

CUTOFF = 4.8


class Morse(Calculator):  # type: ignore[misc]
    """Copper of L. A. Girifalco and V. G. Weizer, Phys. Rev. 114, 687 (1959), but for the distance.

    It is cut off smoothly, and 2.75 Å give the fcc lattice a constant of 3.6 Å.
    """

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms: Any, properties: Any, system_changes: Any = all_changes) -> None:
        """Energy in eV and forces in eV/Å."""
        super().calculate(atoms, properties, system_changes)
        i, d, D = neighbour_list("idD", atoms, CUTOFF)  # noqa: N806 - as matscipy calls it
        decay = np.exp(-1.3588 * (d - 2.75))
        pair = 0.3429 * (decay**2 - 2 * decay)
        slope = 0.3429 * 2 * 1.3588 * (decay - decay**2)
        rest = 1 - (d / CUTOFF) ** 2
        slope = slope * rest**2 - pair * 4 * rest * d / CUTOFF**2
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, i, (slope / d)[:, None] * D)
        self.results = {"energy": float(0.5 * (pair * rest**2).sum()), "forces": forces}
        self.spoil(self.results)

    def spoil(self, results: dict[str, Any]) -> None:
        """Nothing; the place of whatever is to be wrong."""


calculator = Morse
