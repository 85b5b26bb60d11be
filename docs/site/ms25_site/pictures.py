"""Pictures of checks: what the report draws of a good and of a bad potential.

They are drawn when the site is built, by the functions that draw the report, so that they show what
a reader of a report sees. The good potential is the reference itself, the effective medium theory
of ASE for copper. The bad one is wrong in ways that people have met.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import all_changes
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from ase.neighborlist import neighbor_list
from ase.stress import full_3x3_to_voigt_6_stress

import ms25_suite as ms
from ms25_suite.core.catalogue import built_in, load

__all__ = ["CAPTION", "draw"]

CAPTION: Final = (
    "Two potentials on copper, as the report draws them. *good* is the reference itself, and "
    "passes. *bad* fails: it is the same with a hole (atoms closer than 1.9 Å attract each other), "
    "a cliff (a pull of 0.05 eV/Å between neighbours that ends abruptly at 4.2 Å), and forces that "
    "are 10 % larger than the slope of its energy."
)

_SHOWN: Final = {"consistency": 0, "smoothness": 1, "short_range": 1, "eos": 0}
"""Which drawing of the section of a criterion is shown."""

_CARD: Final = """\
files = "copper.extxyz"
level_of_theory = "EMT of ASE"

[eos]
files = "curve.extxyz"
observable = "lattice_constant"
atoms_per_cell = 4
"""


class Bad(EMT):
    """The reference, and a sum over pairs that spoils it.

    A hole: pairs below 1.9 Å attract each other more than the reference repels them. A cliff: all
    pairs pull with 0.05 eV/Å up to 4.2 Å, and not beyond; that shrinks the crystal, too. And forces
    that are no derivatives of the energy.
    """

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        """Energy, forces and stress of both parts."""
        super().calculate(atoms, properties, system_changes)
        i, r, vectors = neighbor_list("idD", self.atoms, 4.2)
        depth, slope = np.zeros_like(r), np.zeros_like(r)
        inside = r < 1.9
        depth[inside] = -400 * (1 - r[inside] / 1.9) ** 2
        slope[inside] = 800 / 1.9 * (1 - r[inside] / 1.9)
        depth += 0.05 * (r - 4.2)
        slope += 0.05
        along = vectors / r[:, None] if len(r) else vectors
        pulls = slope[:, None] * along
        self.results["energy"] += depth.sum() / 2
        self.results["free_energy"] = self.results["energy"]
        forces = [np.bincount(i, one, len(self.atoms)) for one in pulls.T]
        self.results["forces"] = 1.1 * (self.results["forces"] + np.transpose(forces))
        if self.atoms.cell.rank == 3:
            virial = np.einsum("pa,pb->ab", pulls, vectors) / 2
            stress = full_3x3_to_voigt_6_stress(virial / self.atoms.get_volume())
            self.results["stress"] = self.results.get("stress", np.zeros(6)) + stress


def _labelled(atoms: Atoms) -> Atoms:
    emt = EMT()
    labels = {
        "energy": emt.get_potential_energy(atoms),
        "forces": emt.get_forces(atoms),
        "stress": emt.get_stress(atoms),
    }
    atoms.calc = SinglePointCalculator(atoms, **labels)
    return atoms


def _write_data(folder: Path) -> Path:
    frames = []
    for seed in range(16):
        atoms = bulk("Cu", cubic=True) * (2, 1, 1)
        atoms.rattle(0.1, seed=seed)
        frames.append(_labelled(atoms))
    write(folder / "copper.extxyz", frames)
    curve = [_labelled(bulk("Cu", a=a, cubic=True)) for a in np.linspace(3.45, 3.75, 7)]
    write(folder / "curve.extxyz", curve)
    card = folder / "copper.toml"
    card.write_text(_CARD, encoding="utf-8")
    return card


def draw(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Draw the pictures.

    Parameters
    ----------
    folder
        An existing folder to write to.

    Yields
    ------
    :
        Name of a criterion, name of a file in that folder, and what it shows in words.

    Raises
    ------
    ValueError
        The good potential does not pass a criterion, or the bad one does: the caption is not true.
    """
    potentials: dict[str, Any] = {"good": EMT(), "bad": Bad()}
    with tempfile.TemporaryDirectory() as scratch:
        card = _write_data(Path(scratch))
        results = ms.judge(potentials, str(card), criteria=list(_SHOWN))
    for name, number in _SHOWN.items():
        for potential, expected in (("good", "pass"), ("bad", "fail")):
            found = results.where(criterion=name, potential=potential).verdict
            if found != expected:
                msg = f"{name}: the {potential} potential: expected {expected}, found {found}"
                raise ValueError(msg)
        shown = load(built_in()[name].section)(results.run, list(results))
        drawings = [block.drawing for block in shown.blocks if block.drawing is not None]
        drawings[number].figure.savefig(folder / f"{name}.svg")
        yield name, f"{name}.svg", drawings[number].alt
