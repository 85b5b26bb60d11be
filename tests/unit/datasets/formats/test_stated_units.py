from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.db import connect
from ase.io import write
from ase.units import Bohr, Hartree, kcal, mol

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.datasets.formats.stated_units import is_unit_key, stated_units
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.readers.foreign import Asked


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"e_unit": "kcal/mol", "r_unit": "Ang"}, Units(energy="kcal/mol", length="Ang")),
        ({"energy_unit": np.array("eV"), "forces_units": b"eV/A"}, Units("eV", "eV/A")),
        (
            {"_property_unit_dict": {"energy": "Hartree"}, "_distance_unit": "Ang"},
            Units(energy="Hartree", length="Ang"),
        ),
        ({"units": {"energy": "Ry", "forces": "Ry/bohr"}}, Units("Ry", "Ry/bohr")),
        ({"units": "metal"}, Units("eV", "eV/Å", length="Å")),
        ({"time_unit": "fs", "community": "x", "dipole_unit": "D"}, Units()),
    ],
)
def test_what_files_state(values: dict[str, object], expected: Units) -> None:
    assert stated_units(values, "x") == expected


def test_a_unit_of_nothing_in_particular_is_refused() -> None:
    with pytest.raises(DatasetError, match="states units = 'kcal/mol', but not of which labels"):
        stated_units({"units": "kcal/mol"}, "x.db")
    with pytest.raises(DatasetError, match=r"x\.db: unknown unit 'furlong'"):
        stated_units({"energy_unit": "furlong"}, "x.db")


@pytest.mark.parametrize("key", ["e_unit", "units", "EnergyUnit", "_property_unit_dict"])
def test_keys_of_units(key: str) -> None:
    assert is_unit_key(key)


@pytest.mark.parametrize("key", ["unity", "time_unit", "community", "energy"])
def test_other_keys(key: str) -> None:
    assert not is_unit_key(key)


def copper(n: int = 4) -> list[Atoms]:
    images = []
    for index in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.05, seed=index)
        atoms.calc = EMT()
        atoms.get_potential_energy()
        images.append(atoms)
    return images


def plain(images: list[Atoms], energy: float, forces: float) -> list[Atoms]:
    """The same with labels as plain entries, divided by the factors of their units."""
    result = []
    for image in images:
        atoms = Atoms(image.numbers, image.positions, cell=image.cell, pbc=True)
        atoms.info["REF_energy"] = image.get_potential_energy() / energy
        atoms.arrays["REF_forces"] = image.get_forces() / forces
        result.append(atoms)
    return result


def same_labels(dataset: Dataset, images: list[Atoms]) -> None:
    np.testing.assert_allclose(
        dataset.labels.energy, [atoms.get_potential_energy() for atoms in images], rtol=1e-7
    )
    expected = np.concatenate([atoms.get_forces() for atoms in images])
    np.testing.assert_allclose(dataset.labels.forces, expected, atol=1e-6)


def test_import_in_the_units_that_a_person_states(tmp_path: Path) -> None:
    images = copper()
    write(tmp_path / "a.extxyz", plain(images, kcal / mol, kcal / mol))
    asked = Asked(units=Units.parse(["energy=kcal/mol", "forces=kcal/mol/Å"]))
    card = import_data([tmp_path / "a.extxyz"], tmp_path / "b.extxyz", asked=asked)
    same_labels(open_dataset(str(card)), images)


def test_import_of_lengths_in_bohr(tmp_path: Path) -> None:
    images = copper()
    scaled = plain(images, Hartree, Hartree / Bohr)
    for atoms in scaled:
        atoms.set_cell(atoms.cell / Bohr, scale_atoms=True)
    write(tmp_path / "a.extxyz", scaled)
    asked = Asked(units=Units.parse(["energy=hartree", "length=bohr"]))
    dataset = open_dataset(
        str(import_data([tmp_path / "a.extxyz"], tmp_path / "b.extxyz", asked=asked))
    )
    same_labels(dataset, images)
    np.testing.assert_allclose(dataset.frames.cells[0], images[0].cell.array, rtol=1e-6)


def test_a_unit_of_one_label_only_is_not_enough(tmp_path: Path) -> None:
    write(tmp_path / "a.extxyz", plain(copper(), kcal / mol, 1.0))
    asked = Asked(units=Units(energy="kcal/mol"))
    with pytest.raises(DatasetError, match=r"not for forces\. State them too: --units energy=… f"):
        import_data([tmp_path / "a.extxyz"], tmp_path / "b.extxyz", asked=asked)


@pytest.mark.parametrize(
    "metadata",
    [
        {"_property_unit_dict": {"energy": "kcal/mol", "forces": "kcal/mol/Ang"}},
        {"energy_unit": "kcal/mol", "forces_unit": "kcal/mol/Å"},
        {"units": {"energy": "kcal/mol", "forces": "kcal/mol/Å"}},
    ],
)
def test_metadata_of_a_database_count(metadata: dict[str, object], tmp_path: Path) -> None:
    images = copper()
    with connect(tmp_path / "x.db") as database:
        for atoms in plain(images, kcal / mol, kcal / mol):
            data = {"energy": np.array([atoms.info["REF_energy"]])}
            data["forces"] = atoms.arrays["REF_forces"]
            database.write(
                Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True), data=data
            )
        database.metadata = metadata
    dataset = open_dataset(str(tmp_path / "x.db"))
    same_labels(dataset, images)
    (finding,) = [f for f in dataset.findings if f.code == "units-converted"]
    assert "energy in kcal/mol" in finding.message
    # An import must not leave the unit beside labels that are in eV then.
    card = import_data([tmp_path / "x.db"], tmp_path / "y.extxyz")
    same_labels(open_dataset(str(card)), images)


def test_metadata_that_do_not_say_enough_are_refused(tmp_path: Path) -> None:
    with connect(tmp_path / "x.db") as database:
        for atoms in copper():
            database.write(atoms)
        database.metadata = {"unit": "Hartree"}
    with pytest.raises(DatasetError, match="states unit = 'Hartree', but not of which labels"):
        open_dataset(str(tmp_path / "x.db"))


def test_units_among_the_keys_of_frames(tmp_path: Path) -> None:
    images = copper()
    hartree = plain(images, Hartree, Hartree / Bohr)
    for atoms in hartree:
        atoms.info |= {"energy_unit": "hartree", "forces_unit": "hartree/bohr"}
    write(tmp_path / "x.extxyz", hartree)
    dataset = open_dataset(str(tmp_path / "x.extxyz"))
    same_labels(dataset, images)
    same_labels(
        open_dataset(str(import_data([tmp_path / "x.extxyz"], tmp_path / "y.extxyz"))), images
    )
    hartree[0].info["energy_unit"] = "eV"
    write(tmp_path / "z.extxyz", hartree)
    with pytest.raises(DatasetError, match="its frames state different units"):
        open_dataset(str(tmp_path / "z.extxyz"))


def test_the_units_of_the_suite_need_no_remark(tmp_path: Path) -> None:
    images = plain(copper(), 1.0, 1.0)
    for atoms in images:
        atoms.info["energy_unit"] = "eV"
    write(tmp_path / "x.extxyz", images)
    codes = [finding.code for finding in open_dataset(str(tmp_path / "x.extxyz")).findings]
    assert "units-converted" not in codes


def test_energies_of_a_trajectory_of_cp2k_are_in_hartree(tmp_path: Path) -> None:
    path = tmp_path / "water-pos-1.xyz"
    head = " i = {}, time = {}.5, E =      -17.2{}\n"
    rows = "  O 0.0 0.0 0.1\n  H 0.0 0.8 -0.5\n  H 0.0 -0.8 -0.5\n"
    path.write_text("".join(f"3\n{head.format(n, n, n)}{rows}" for n in range(3)))
    asked = Asked(LabelKeys(energy="E"))
    dataset = open_dataset(str(import_data([path], tmp_path / "y.extxyz", asked=asked)))
    np.testing.assert_allclose(dataset.labels.energy, np.array([-17.20, -17.21, -17.22]) * Hartree)
