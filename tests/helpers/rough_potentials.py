"""A smooth, repulsive pair potential of any metal, and potentials that are not.

The text of this module is put into calculator files of tests: it imports nothing of the suite.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from vesin import ase_neighbor_list

CUTOFF = 4.8


class Smooth(Calculator):  # type: ignore[misc]
    """Morse potential of copper, zero at the cutoff with two derivatives, and what `extra` adds."""

    implemented_properties = ("energy", "forces")

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        i, d, vectors = ase_neighbor_list("idD", self.atoms, CUTOFF)
        decay = np.exp(-1.3588 * (d - 2.75))
        pair = 0.3429 * (decay**2 - 2 * decay)
        slope = 0.3429 * 2 * 1.3588 * (decay - decay**2)
        x = np.clip((CUTOFF - d) / 2.0, 0.0, 1.0)
        switch = x**3 * (10 - 15 * x + 6 * x**2)
        slope = slope * switch - pair * 30 * x**2 * (1 - x) ** 2 / 2.0
        more, steeper = self.extra(d)
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, i, ((slope + steeper) / d)[:, None] * vectors)
        energy = float(0.5 * (pair * switch + more).sum())
        self.results = {"energy": energy, "forces": forces}

    def extra(self, d: Any) -> tuple[Any, Any]:
        """Further energies of pairs and their derivatives: none."""
        return 0.0 * d, 0.0 * d


class Step(Smooth):
    """The energy of a pair has a step of 10 meV at 3.9 Å, and no force says so."""

    def extra(self, d: Any) -> tuple[Any, Any]:
        return -0.01 * (d < 3.9), 0.0 * d


class Kink(Smooth):
    """The force of a pair jumps by 12 meV/Å at 4.3 Å, and is the derivative of its energy."""

    def extra(self, d: Any) -> tuple[Any, Any]:
        near = d < 4.3
        return 0.012 * near * (d - 4.3), 0.012 * near


class Waves(Smooth):
    """A wave of 1 meV and 0.12 Å."""

    def extra(self, d: Any) -> tuple[Any, Any]:
        k = 2 * np.pi / 0.12
        return 1e-3 * np.sin(k * d), 1e-3 * k * np.cos(k * d)


class Hole(Smooth):
    """Pairs that are closer than 1.3 Å attract each other."""

    def extra(self, d: Any) -> tuple[Any, Any]:
        x = np.clip(1 - d / 1.3, 0.0, None)
        return -4000 * x**3, 12000 * x**2 / 1.3


class LowWall(Smooth):
    """The energy of a pair falls again inside of 2.2 Å."""

    def extra(self, d: Any) -> tuple[Any, Any]:
        x = np.clip(2.2 - d, 0.0, None)
        return -30 * x**2, 60 * x


class Shoulder(Smooth):
    """The force of a pair is 3.5 eV/Å smaller around 2.1 Å: a soft shoulder of the wall."""

    def extra(self, d: Any) -> tuple[Any, Any]:
        x = (2.1 - d) / 0.08
        return -0.28 * (np.tanh(x) + 1.0), 3.5 / np.cosh(x) ** 2


class Collapse(Smooth):
    """A pressure that pulls the cell together, without any force on an atom."""

    def calculate(self, *args: Any, **kwargs: Any) -> None:
        super().calculate(*args, **kwargs)
        if len(self.atoms) > 2:
            smaller = max(0.0, 11.5 - self.atoms.get_volume() / len(self.atoms))
            self.results["energy"] -= 0.1 * len(self.atoms) * smaller**3


class FewAtoms(Smooth):
    """Refuses pairs."""

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        if len(atoms) < 3:
            msg = "expected a crystal"
            raise ValueError(msg)
        super().calculate(atoms, properties, system_changes)


class NoNumber(Smooth):
    """NaN for pairs that are closer than 1 Å."""

    def extra(self, d: Any) -> tuple[Any, Any]:
        return np.where(d < 1.0, np.nan, 0.0), 0.0 * d


def calculator_text(kind: type[Smooth]) -> str:
    """Text of a calculator file for ``--mlip``: this module, and which potential it is."""
    return f"{Path(__file__).read_text(encoding='utf-8')}\n\ncalculator = {kind.__name__}\n"
