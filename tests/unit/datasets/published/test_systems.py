from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.io import read

from ms25_suite.datasets.formats.npz import read_npz
from ms25_suite.datasets.published.systems import SYSTEMS, UnknownSystemError, recognise
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.datasets.registry import builtin_card
from tests.helpers.published_samples import hea, mgo, reaction, water, zro


def alloy(*elements: str) -> Atoms:
    """The alloy without some of its elements."""
    atoms = hea()
    atoms.symbols[:] = [elements[index % len(elements)] for index in range(len(atoms))]
    return atoms


@pytest.mark.parametrize(
    ("atoms", "expected"),
    [
        (mgo(2), "mgo-2x2"),
        (mgo(4), "mgo-4x4"),
        (water(64), "water-64"),
        (water(192), "water-192"),
        (reaction(), "reaction"),
        (hea(), "hea"),
        (zro(), "zro"),
        (zro(12, 0), "zro"),
        (zro(1, 20), "zro"),
        (bulk("Zr"), "zro"),
        (bulk("ZrO", "rocksalt", a=4.6), "zro"),
        (alloy("Fe", "Ni", "Cr", "Co"), "hea"),
        (alloy("Fe", "Cu", "Cr"), "hea"),
    ],
)
def test_systems(atoms: Atoms, expected: str) -> None:
    assert recognise(atoms) == expected
    assert expected in [system.name for system in SYSTEMS]
    order = np.random.default_rng(0).permutation(len(atoms))
    moved = atoms[order]
    moved.positions += (1.3, -2.1, 9.7)
    moved.wrap()
    assert recognise(moved) == expected


def test_atoms_of_the_slabs() -> None:
    """Whole faces of the cubic cell: 16 and 64 atoms in each of four layers."""
    assert [len(mgo(2)), len(mgo(4))] == [64, 256]


def test_a_slab_with_another_axis_and_without_periodicity_there() -> None:
    slab = mgo(2)
    turned = Atoms(slab.numbers, slab.positions[:, [2, 0, 1]], pbc=(False, True, True))
    turned.cell = np.diag(slab.cell.lengths()[[2, 0, 1]])
    assert recognise(turned) == "mgo-2x2"
    turned.cell[0] = 0.0
    assert recognise(turned) == "mgo-2x2"


def without_cell(atoms: Atoms) -> Atoms:
    return Atoms(atoms.numbers, atoms.positions)


@pytest.mark.parametrize(
    ("atoms", "match"),
    [
        (bulk("MgO", "rocksalt", a=4.21, cubic=True) * 2, "Mg32O32: MgO with no vacuum"),
        (mgo(3), "a slab of about 4.0 layers of MgO with 18"),
        (mgo(2, layers=6), "about 6.0 layers"),
        (mgo(4, layers=1), "about 1.0 layers"),
        (mgo(2, faces=False), r"4.0 Mg atoms each; expected 4 layers of 8 \(2x2, 64 atoms\)"),
        (mgo(4, faces=False), r"16.0 Mg atoms each; .* or 32 \(4x4, 256 atoms\)"),
        (mgo(2) * (2, 1, 1), "not with a square surface"),
        (water(65), "expected 64 or 192 molecules"),
        (without_cell(water(64)), "the frame has no cell"),
        (without_cell(hea()), r"Co Cr Cu Fe Ni \(32 atoms\): the frame has no cell"),
        (fcc111("Pt", (4, 4, 4), vacuum=8.0), "no system of the paper consists of these"),
        (bulk("Cu"), "Cu: no system of the paper"),
        (Atoms("Mg", cell=[9] * 3, pbc=True), "Mg: no system"),
        (Atoms("ZrO", [[0, 0, 0], [1.7, 0, 0]], cell=[9] * 3, pbc=True), "Å.3 for each atom: no s"),
        (bulk("FeNi", "cesiumchloride", a=2.9), "FeNi: no system of the paper"),
        (Atoms("SiO2", cell=[9] * 3, pbc=True), "O2Si: SiO2 in which some O atoms do not bridge"),
        (Atoms("SiO", cell=[9] * 3, pbc=True), "twice as many O"),
    ],
)
def test_what_is_not_guessed(atoms: Atoms, match: str) -> None:
    if atoms.get_chemical_symbols() == ["Si", "O", "O"]:
        atoms.positions = [[0, 0, 0], [1.6, 0, 0], [0, 1.6, 0]]
    with pytest.raises(UnknownSystemError, match=match):
        recognise(atoms)


def test_thin_water() -> None:
    atoms = water(64)
    atoms.set_cell(atoms.cell * 1.5, scale_atoms=True)
    with pytest.raises(UnknownSystemError, match="water with 101 Å"):
        recognise(atoms)


def test_real_frames(shared_data: Path) -> None:
    """MD of DFT at 298 to 1000 K; bulk MgO and ZrO2."""
    for code in ("cha", "lta"):
        images = list(read_npz(shared_data / "si-zeo22" / f"{code}.npz"))[::40]
        assert {recognise(atoms) for atoms in images} == {code}
    oxide = read(shared_data / "amlt-ZrO2-relax-29.extxyz")
    assert recognise(oxide) == "zro"
    magnesia = next(iter(read_images(shared_data / "pypolymlp-MgO-1000.extxyz.xz")))
    with pytest.raises(UnknownSystemError, match="MgO with no vacuum"):
        recognise(magnesia)


@pytest.mark.parametrize("name", [system.name for system in SYSTEMS])
def test_the_built_in_frames(name: str) -> None:
    """Every tenth of the frames that are shipped under this name."""
    card = builtin_card(name)
    if card is None:
        pytest.skip(f"no built-in dataset {name}")
    images = list(read_images(card.frame_files[0].path))[::10]
    assert {recognise(atoms) for atoms in images} == {card.name}
