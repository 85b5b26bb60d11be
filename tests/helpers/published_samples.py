"""Frames such as an archive of the paper's data may hold, with made-up labels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import add_adsorbate, bulk, fcc111, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read

HEA = ("Fe", "Ni", "Cr", "Co", "Cu")


def labelled(atoms: Atoms, rng: np.random.Generator, stress: bool = False) -> Atoms:
    """A rattled copy with labels as results of a calculator."""
    atoms = atoms.copy()
    atoms.positions += rng.normal(0, 0.03, (len(atoms), 3))
    results = {"energy": rng.normal(), "forces": rng.normal(0, 1, (len(atoms), 3))}
    if stress and atoms.pbc.all():
        results["stress"] = rng.normal(0, 0.01, 6)
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def many(atoms: Atoms, n: int, seed: int = 0, stress: bool = False) -> list[Atoms]:
    rng = np.random.default_rng(seed)
    return [labelled(atoms, rng, stress) for _ in range(n)]


def hea() -> Atoms:
    atoms = bulk("Ni", a=3.58, cubic=True) * 2
    atoms.symbols[:] = [HEA[index % 5] for index in range(len(atoms))]
    return atoms


def mgo(repeat: int, faces: bool = True, layers: int = 4) -> Atoms:
    """MgO(001); the repeated cell is a face of the cubic cell, or its primitive half."""
    a = 4.21
    if faces:
        atoms = Atoms("MgOMgO", cell=(a, a, a / 2), pbc=True)
        atoms.positions = a / 2 * np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    else:
        side = a / np.sqrt(2)
        atoms = Atoms("MgO", cell=(side, side, a / 2), pbc=True)
        atoms.positions = [[0, 0, 0], [side / 2, side / 2, 0]]
    slab = atoms * (repeat, repeat, layers)
    # The next layer has Mg over O.
    height = slab.positions[:, 2]
    for layer in range(1, layers, 2):
        here = np.isclose(height, layer * a / 2)
        slab.numbers[here] = 20 - slab.numbers[here]
    slab.center(vacuum=8.0, axis=2)
    return slab[np.argsort(slab.numbers != 12, kind="stable")]


def water(n: int) -> Atoms:
    side = int(np.ceil(n ** (1 / 3)))
    box = (30.0 * n) ** (1 / 3)
    atoms = Atoms(cell=[box] * 3, pbc=True)
    grid = np.argwhere(np.ones((side, side, side)))[:n]
    for place in grid:
        one = molecule("H2O")
        one.positions += place * box / side
        atoms += one
    return atoms


def reaction() -> Atoms:
    slab = fcc111("Pt", (4, 4, 4), vacuum=8.0)
    add_adsorbate(slab, molecule("CH4"), 3.0, "ontop")
    slab.pbc = True
    slab.info.clear()
    return slab


def zro(n_zr: int = 4, n_o: int = 8) -> Atoms:
    rng = np.random.default_rng(n_zr)
    atoms = Atoms(f"Zr{n_zr}O{n_o}", cell=[6.0] * 3, pbc=True)
    grid = rng.permutation(np.argwhere(np.ones((3, 3, 3))))[: len(atoms)]
    atoms.positions = grid * 2.0
    return atoms


def zeolite(shared_data: Path, code: str) -> Atoms:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        atoms = read(shared_data / "zeolites" / f"{code}.cif")
    return Atoms(atoms.get_chemical_symbols(), atoms.positions, cell=atoms.cell, pbc=True)


def primitive_cha(shared_data: Path) -> Atoms:
    """The rhombohedral cell, from the hexagonal one in its obverse setting."""
    hexagonal = zeolite(shared_data, "CHA")
    vectors = np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3 @ hexagonal.cell.array
    atoms = Atoms(cell=vectors, pbc=True)
    scaled = np.linalg.solve(vectors.T, hexagonal.positions.T).T % 1.0
    kept: list[np.ndarray] = []
    for symbol, place in zip(hexagonal.get_chemical_symbols(), scaled, strict=True):
        far = [np.abs((place - other + 0.5) % 1.0 - 0.5).max() > 1e-3 for other in kept]
        if all(far):
            kept.append(place)
            atoms += Atoms(symbol, [place @ vectors])
    assert len(atoms) == 36
    return atoms


def outcar(images: Sequence[Atoms]) -> str:
    """What ASE's reader needs of an OUTCAR of VASP; its labels are those of the calculators."""
    first = images[0]
    symbols = list(dict.fromkeys(first.get_chemical_symbols()))
    # VASP wants the atoms of an element together.
    assert first.get_chemical_symbols() == sorted(first.get_chemical_symbols())
    counts = [first.get_chemical_symbols().count(symbol) for symbol in symbols]
    lines = [" vasp.6.4.1 05Apr23 (build) complex"]
    lines += [f" POTCAR:    PAW_PBE {symbol} 01Jan2000" for symbol in symbols * 2]
    lines += [
        "   ISPIN  =      1    spin polarized calculation?",
        "   ions per type =             " + " ".join(map(str, counts)),
        f"   number of dos      NEDOS =    301   number of ions     NIONS = {len(first):6d}",
        " Dimension of arrays:",
    ]
    for number, atoms in enumerate(images, 1):
        energy = atoms.get_potential_energy()
        lines += [
            f"----------------------------------------- Iteration {number:6d}(   1)  ------",
            "",
            " VOLUME and BASIS-vectors are now :",
            " -----------------------------------------------------------------------------",
            "      direct lattice vectors                 reciprocal lattice vectors",
        ]
        for row, inverse in zip(atoms.cell.array, atoms.cell.reciprocal(), strict=True):
            lines.append(" " + "".join(f"{value:13.9f}" for value in [*row, *inverse]))
        lines += ["", " POSITION                                       TOTAL-FORCE (eV/Angst)"]
        lines += [" " + "-" * 83]
        for place, force in zip(atoms.positions, atoms.get_forces(), strict=True):
            lines.append(" " + "".join(f"{value:13.5f}" for value in [*place, *force]))
        lines += [
            " " + "-" * 83,
            "    total drift:                                0.000000     0.000000     0.000000",
            "",
            "  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)",
            "  ---------------------------------------------------",
            f"  free  energy   TOTEN  = {energy:18.8f} eV",
            "",
            f"  energy  without entropy= {energy:18.8f}  energy(sigma->0) = {energy:18.8f}",
            "",
        ]
    return "\n".join(lines) + "\n"
