"""The table of frameworks against independent facts, and against the files of the database."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from ase.neighborlist import neighbor_list

from ms25_suite.core.errors import UsageError
from ms25_suite.reference.zeolites.frameworks import (
    FRAMEWORKS,
    framework_atoms,
    repeated_primitive_cell,
)

# T-atoms for 1000 Å^3, as the Atlas of Zeolite Framework Types gives them (FD_Si), and the
# number of T-atoms of the cell of the frames.
DENSITY = {"CHA": (15.1, 36), "LTA": (14.2, 24), "FAU": (13.3, 48), "MFI": (18.4, 96)}


@pytest.mark.parametrize("code", FRAMEWORKS)
def test_is_a_four_connected_net_of_tetrahedra(code: str) -> None:
    atoms = framework_atoms(code.lower())
    n_silicon = len(atoms) // 3
    assert atoms.get_chemical_symbols() == ["Si"] * n_silicon + ["O"] * 2 * n_silicon
    assert np.abs(np.triu(atoms.cell.array, 1)).max() == 0.0
    first, lengths = neighbor_list("id", atoms, 1.9)
    bonds = np.bincount(first, minlength=len(atoms))
    assert (bonds[:n_silicon] == 4).all()
    assert (bonds[n_silicon:] == 2).all()
    assert lengths.min() > 1.4


@pytest.mark.parametrize("code", DENSITY)
def test_density_is_that_of_the_atlas(code: str) -> None:
    density, n_silicon = DENSITY[code]
    atoms = framework_atoms(code)
    assert np.count_nonzero(atoms.numbers == 14) == n_silicon
    assert 1000 * n_silicon / atoms.get_volume() == pytest.approx(density, abs=0.06)


@pytest.mark.parametrize("code", FRAMEWORKS)
def test_distances_are_those_of_the_database(code: str, shared_data: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ASE on the settings of space groups
        theirs = read(shared_data / "zeolites" / f"{code}.cif")
    ours = framework_atoms(code)

    def distances(atoms: Atoms) -> tuple[np.ndarray, int]:
        silicon = atoms[atoms.numbers == 14]
        return np.sort(neighbor_list("d", silicon, 6.0)), len(silicon)

    (a, n_a), (b, n_b) = distances(ours), distances(theirs)
    assert n_b % n_a == 0  # FAU: the primitive cell is a quarter of the conventional one
    np.testing.assert_allclose(np.repeat(a, n_b // n_a), b, atol=2e-3)


def test_repeated_primitive_cell_is_the_same_crystal() -> None:
    """36 atoms for each primitive cell of CHA; the distances of the hexagonal cell of 108 atoms."""
    hexagonal = framework_atoms("CHA")
    hexagonal.rattle(0.003, seed=1)  # as far off its symmetry as after a relaxation
    supercell = repeated_primitive_cell(hexagonal, 2)
    assert len(supercell) == 288
    assert supercell.get_chemical_symbols() == ["Si"] * 96 + ["O"] * 192
    assert np.abs(np.triu(supercell.cell.array, 1)).max() < 1e-9
    assert supercell.get_volume() / 288 == pytest.approx(hexagonal.get_volume() / 108)
    lengths, angles = supercell.cell.lengths(), supercell.cell.angles()
    np.testing.assert_allclose([*lengths / lengths[0], *angles / angles[0]], 1.0)
    found = [
        np.sort(neighbor_list("d", atoms, 6.0))[:: len(atoms) // 36]
        for atoms in (hexagonal, supercell)
    ]
    n = min(map(len, found))
    np.testing.assert_allclose(found[0][:n], found[1][:n], atol=0.05)
    assert abs(len(found[0]) - len(found[1])) < 0.01 * n


def test_a_lattice_that_is_not_rhombohedral_has_no_such_primitive_cell() -> None:
    with pytest.raises(ValueError, match="expected 72 atoms of a rhombohedral lattice"):
        repeated_primitive_cell(framework_atoms("LTA"), 2)


def test_unknown_framework_is_refused() -> None:
    with pytest.raises(UsageError, match="CHA, LTA, FAU, MFI, BEA, found 'SOD'"):
        framework_atoms("SOD")


def test_frameworks_are_those_of_the_paper_and_bea() -> None:
    assert set(FRAMEWORKS) == {"CHA", "LTA", "FAU", "MFI", "BEA"}
