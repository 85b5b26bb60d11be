from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.broken import refuse_broken
from ms25_suite.datasets.dataset import open_dataset
from ms25_suite.datasets.importers import import_data


def copper(**changes: Any) -> Atoms:
    atoms = bulk("Cu", cubic=True)
    for name, value in changes.items():
        setattr(atoms, name, value)
    return atoms


def scaled(factor: float) -> Atoms:
    atoms = copper()
    atoms.set_cell(atoms.cell.array * factor)
    return atoms


def oblique(shift: float) -> Atoms:
    atoms = copper()
    cell = atoms.cell.array
    cell[1] += shift * cell[0]
    atoms.set_cell(cell)
    return atoms


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (
            copper(numbers=[29, 0, 29, 29]),
            r"from 1 to 118, found 0 \(0 stands for X.*frame 1, atom 1",
        ),
        (copper(numbers=[29, 29, -5, 29]), "found -5 in frame 1, first in frame 1, atom 2"),
        (copper(numbers=[119, 200, 29, 29]), "found 119, 200 in frame 1"),
        (copper(positions=np.full((4, 3), np.nan)), "frame 1 are not finite"),
        (copper(positions=np.full((4, 3), 1e150)), r"at most 1e\+06 Å .*found up to 1e\+150 Å"),
        (scaled(1e150), r"at most 1e\+06 Å"),
        (scaled(1e9), r"at most 1e\+06 Å"),
        (scaled(1e-6), "faces are at least 0.1 Å apart, found 3.61e-06 Å in frame 1"),
        (scaled(0.1), "at least 0.05 Å.3 for each atom, found 0.0118"),
        (oblique(1e4), "faces are at least 0.1 Å apart"),
        (scaled(0.0), "frame 1 should be periodic"),
        (copper(cell=[[3, 0, 0], [6, 0, 0], [0, 0, 3]]), "frame 1 should be periodic"),
        (
            copper(cell=[[3, 0, 0], [6, 0, 0], [0, 0, 0]], pbc=[1, 1, 0]),
            "frame 1 should be periodic",
        ),
    ],
)
def test_structures_that_make_no_sense_are_refused(atoms: Atoms, message: str) -> None:
    frames = Frames.from_atoms([bulk("Cu"), atoms])
    with pytest.raises(DatasetError, match=message) as found:
        refuse_broken(frames, "some.extxyz")
    assert str(found.value).startswith("some.extxyz: ")


def test_structures_at_the_edge_of_sense_are_accepted() -> None:
    slab = copper(pbc=[1, 1, 0], cell=[[3.6, 0, 0], [0, 3.6, 0], [0, 3.6, 0]])
    dense = Atoms("H", cell=[0.86] * 3, pbc=True)
    lonely = Atoms("He", cell=[1e4] * 3, pbc=True)
    free = Atoms("Og", positions=[[1e5, 0, 0]])
    refuse_broken(Frames.from_atoms([slab, dense, lonely, free, oblique(20.0)]), "it")


def write_npz(path: Path, images: list[Atoms]) -> None:
    np.savez(
        path,
        positions=np.array([atoms.positions for atoms in images]),
        symbols=np.array(images[0].get_chemical_symbols()),
        energies=np.zeros(len(images)),
        forces=np.zeros((len(images), len(images[0]), 3)),
        cells=np.array([atoms.cell.array for atoms in images]),
    )


@pytest.mark.parametrize("suffix", ["extxyz", "traj", "db", "npz"])
@pytest.mark.parametrize("damage", ["X", "cell"])
def test_every_format_is_looked_through(tmp_path: Path, suffix: str, damage: str) -> None:
    images = [copper() for _ in range(3)]
    for atoms in images:
        if damage == "X":
            atoms.numbers[2] = 0
        else:
            atoms.set_cell(atoms.cell.array * 1e-5)
        zero = np.zeros((4, 3))
        atoms.calc = SinglePointCalculator(atoms, energy=0.0, forces=zero)
    path = tmp_path / f"frames.{suffix}"
    if suffix == "npz":
        write_npz(path, images)
    else:
        ase.io.write(path, images)
    expected = "expected cells" if damage == "cell" else "expected elements|X"
    out = tmp_path / "out.extxyz"
    read: Callable[[], object] = (
        partial(import_data, [path], out) if suffix == "npz" else partial(open_dataset, str(path))
    )
    with pytest.raises(DatasetError, match=expected):
        read()
    assert not out.exists()


@pytest.mark.parametrize(("columns", "row"), [("pos:R:3", "0 0 0"), ("Z:I:1:pos:R:3", "200 0 0 0")])
def test_a_file_without_elements(tmp_path: Path, columns: str, row: str) -> None:
    path = tmp_path / "frames.extxyz"
    path.write_text(f"1\nProperties={columns}:REF_forces:R:3 REF_energy=-1\n{row} 0 0 0\n" * 2)
    with pytest.raises(DatasetError, match="expected elements, atomic numbers from 1 to 118"):
        open_dataset(str(path))
