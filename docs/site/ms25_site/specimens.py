"""What the pictures of the checks are made of: copper frames, and potentials right and wrong.

The reference is the effective medium theory of ASE. The wrong potentials are wrong in ways that
people have met.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from ase.build import add_adsorbate, bulk, fcc100
from ase.calculators.calculator import all_changes
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.io import write
from ase.mep import NEB
from ase.neighborlist import neighbor_list
from ase.optimize import BFGS, FIRE
from ase.stress import full_3x3_to_voigt_6_stress
from copper import frames, labelled

__all__ = ["Bad", "Forgetful", "Member", "Soft", "write_copper", "write_displaced", "write_hop"]

_CARD: Final = """\
files = "copper.extxyz"
level_of_theory = "EMT of ASE"

[extensivity]
partner = "large.toml"

[transfer]
to = ["bcc.toml", "hcp.toml"]

[eos]
files = "curve.extxyz"
observable = "lattice_constant"
atoms_per_cell = 4
"""

_PARTNER: Final = 'files = "{name}.extxyz"\nlevel_of_theory = "EMT of ASE"\n'


def add_pairs(calculator: EMT, i: Any, r: Any, vectors: Any, depth: Any, slope: Any) -> None:
    """Add a sum over pairs to the results: its values in eV, and their slopes in eV/Å."""
    results, count = calculator.results, len(calculator.atoms)
    results["energy"] += depth.sum() / 2
    results["free_energy"] = results["energy"]
    pulls = slope[:, None] * (vectors / r[:, None])
    forces = [np.bincount(i, one, count) for one in pulls.T]
    results["forces"] = results["forces"] + np.transpose(forces)
    if calculator.atoms.cell.rank == 3:
        virial = np.einsum("pa,pb->ab", pulls, vectors) / 2
        stress = full_3x3_to_voigt_6_stress(virial / calculator.atoms.get_volume())
        results["stress"] = results.get("stress", np.zeros(6)) + stress


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
        add_pairs(self, i, r, vectors, depth, slope)
        self.results["forces"] = 1.1 * self.results["forces"]


class Forgetful(EMT):
    """The reference, with a neighbour list that is not made anew: each frame adds to the error."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        """Energy and forces that depend on how many frames came before."""
        super().calculate(atoms, properties, system_changes)
        self._calls += 1
        drift = 1 + 1e-3 * self._calls
        self.results["energy"] *= drift
        self.results["free_energy"] = self.results["energy"]
        self.results["forces"] = drift * self.results["forces"]


class Soft(EMT):
    """The reference, too soft: all energies are 70 % of what they should be."""

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        """Energy, forces and stress, scaled."""
        super().calculate(atoms, properties, system_changes)
        self.results = {name: 0.7 * value for name, value in self.results.items()}


def write_copper(folder: Path) -> Path:
    """Write crystals, larger ones, other structures, and a curve; returns the card."""
    sources = {
        "copper": bulk("Cu", cubic=True) * (2, 1, 1),
        "large": bulk("Cu", cubic=True) * (2, 2, 2),
        "bcc": bulk("Cu", "bcc", a=2.87, cubic=True) * (2, 2, 1),
        "hcp": bulk("Cu", "hcp", a=2.55, c=4.16, orthorhombic=True) * (2, 1, 1),
    }
    for name, crystal in sources.items():
        made = []
        for seed in range(16):
            atoms = crystal.copy()
            atoms.rattle(0.1, seed=seed)
            made.append(labelled(atoms))
        write(folder / f"{name}.extxyz", made)
        (folder / f"{name}.toml").write_text(_PARTNER.format(name=name), encoding="utf-8")
    curve = [labelled(bulk("Cu", a=a, cubic=True)) for a in np.linspace(3.45, 3.75, 7)]
    write(folder / "curve.extxyz", curve)
    card = folder / "copper.toml"
    card.write_text(_CARD, encoding="utf-8")
    return card


def write_displaced(folder: Path) -> Path:
    """Write crystals whose atoms are displaced a little, and some much; returns the file."""
    file = folder / "displaced.extxyz"
    sizes = (0.05, 0.1, 0.2, 0.3)
    write(file, [one for seed, size in enumerate(sizes) for one in frames(18, seed, size)])
    return file


def write_hop(folder: Path) -> Path:
    """Write the path of an atom that hops on a surface; returns the card."""
    slab = fcc100("Cu", (3, 2, 2), vacuum=5.0)
    add_adsorbate(slab, "Cu", 1.7, "hollow")
    slab.pbc = True
    slab.info.clear()
    slab.set_constraint(FixAtoms(mask=slab.get_tags() == 2))
    last = slab.copy()
    last.positions[-1, 0] += slab.cell[0, 0] / 3
    for atoms in (slab, last):
        atoms.calc = EMT()
        BFGS(atoms, logfile=None).run(fmax=0.005)
    images = [slab, *(slab.copy() for _ in range(5)), last]
    calculator = EMT()
    for atoms in images:
        atoms.calc = calculator
    band = NEB(images, k=0.1, climb=True, method="improvedtangent", allow_shared_calculator=True)
    band.interpolate(mic=True, apply_constraint=False)
    FIRE(band, logfile=None).run(fmax=0.01, steps=200)
    made = [labelled(atoms) for atoms in images]
    write(folder / "path.extxyz", made)
    write(folder / "hop.extxyz", made)
    card = folder / "hop.toml"
    energies = [atoms.get_potential_energy() for atoms in made]
    barrier = max(energies) - energies[0]
    text = _PARTNER.format(name="hop") + f'\n[neb]\npath = "path.extxyz"\nbarrier = {barrier:.4f}\n'
    card.write_text(text, encoding="utf-8")
    return card


class Member(EMT):
    """The reference, and a sum over pairs whose function is drawn at random: one of a committee.

    Parameters
    ----------
    common, own
        Seeds of the function that all members share, and of that of this one.
    sizes
        Size of both functions in eV.
    """

    def __init__(self, common: int, own: int, sizes: tuple[float, float]) -> None:
        super().__init__()
        centres = np.linspace(1.9, 4.0, 8)
        draws = [np.random.default_rng(seed).normal(0, 1, len(centres)) for seed in (common, own)]
        self._wrong = centres, sizes[0] * draws[0] + sizes[1] * draws[1]

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        """Energy, forces and stress of both parts."""
        super().calculate(atoms, properties, system_changes)
        i, r, vectors = neighbor_list("idD", self.atoms, 5.5)
        centres, weights = self._wrong
        x = (r - centres[:, None]) / 0.3
        bumps = weights[:, None] * np.exp(-(x**2) / 2)
        add_pairs(self, i, r, vectors, bumps.sum(axis=0), (-x / 0.3 * bumps).sum(axis=0))
