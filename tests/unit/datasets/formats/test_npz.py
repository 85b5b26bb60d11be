from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.units import Bohr, Hartree, kcal, mol

from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.npz import read_npz
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.readers.foreign import Asked
from tests.helpers.npz_archives import arrays, npz

KCAL = Units(energy="kcal/mol", forces="kcal/mol/Å")


RMD17 = {
    "positions": "coords",
    "symbols": "nuclear_charges",
    "energies": "energies",
    "forces": "forces",
}
MD17 = {"positions": "R", "symbols": "z", "energies": "E", "forces": "F"}


def renamed(tmp_path: Path, names: dict[str, str], **more: Any) -> Path:
    """An archive of molecules with other names."""
    content = arrays() | {"symbols": np.array([14, 8, 8])}
    path = tmp_path / "x.npz"
    np.savez(path, **{names[key]: content[key] for key in names}, **more)
    return path


def test_without_cells_nothing_is_periodic(tmp_path: Path) -> None:
    images = list(read_npz(npz(tmp_path, cells=None)))
    assert not any(atoms.pbc.any() for atoms in images)


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"positions": None}, DatasetError, "expected arrays positions, symbols, .*found symbols"),
        ({"symbols": None}, DatasetError, r"found positions \(6, 3, 3\)"),
        ({"energies": None, "forces": None}, LabelError, "no labels. Expected energies and forces"),
        ({"positions": np.zeros((6, 9))}, DatasetError, r"`positions` must have shape .*\(6, 9\)"),
        ({"forces": np.zeros((5, 3, 3))}, DatasetError, r"`forces` must have shape \(6, 3, 3\)"),
        ({"energies": np.zeros(5)}, DatasetError, "`energies` must have shape"),
        ({"energies": np.array(["a"] * 6)}, DatasetError, "`energies` must be numbers"),
        ({"cells": np.zeros((6, 3))}, DatasetError, "`cells` must have shape"),
        ({"symbols": np.array(["Si", "O"])}, DatasetError, "`symbols` must have shape"),
        ({"symbols": np.array(["Si", "O", "Qq"])}, DatasetError, "chemical symbols, found Qq"),
        ({"symbols": np.array(["Si", "O", "X"])}, DatasetError, "chemical symbols, found X"),
        ({"symbols": np.array(["Si", "O", None])}, DatasetError, "without Python objects"),
        ({"symbols": np.array([14, 8, 0])}, DatasetError, "atomic numbers, found zeros"),
        ({"symbols": np.array([14, 8, 300])}, DatasetError, r"atomic numbers, found \[300\]"),
    ],
)
def test_other_layouts_are_refused(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], match: str
) -> None:
    path = npz(tmp_path, **changes)
    with pytest.raises(error, match=match):
        import_data([path], tmp_path / "y.extxyz")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["x.npz"]


@pytest.mark.parametrize("names", [RMD17, MD17])
def test_archives_of_molecules_need_a_unit(names: dict[str, str], tmp_path: Path) -> None:
    more = {"old_indices": np.arange(6)} if names is RMD17 else {"theory": np.array("DFT")}
    path = renamed(tmp_path, names, **more)
    hint = r"MD17 and rMD17 are in kcal/mol .* --units energy=kcal/mol forces=kcal/mol/Å$"
    with pytest.raises(DatasetError, match=hint):
        import_data([path], tmp_path / "y.extxyz")
    keys = LabelKeys(energy=names["energies"], forces=names["forces"])
    for asked in (Asked(units=KCAL), Asked(keys, KCAL)):
        card = import_data([path], tmp_path / "y.extxyz", asked=asked, overwrite=True)
        dataset = open_dataset(str(card))
        expected = arrays()
        np.testing.assert_allclose(dataset.labels.energy, expected["energies"] * (kcal / mol))
        np.testing.assert_allclose(
            dataset.labels.forces.reshape(6, 3, 3), expected["forces"] * (kcal / mol), atol=1e-7
        )
        assert dataset.frames.numbers[:3].tolist() == [14, 8, 8]
        assert not dataset.frames.pbc.any()


def test_names_that_others_use_for_eV_need_a_unit_too(tmp_path: Path) -> None:  # noqa: N802
    names = {"positions": "R", "symbols": "Z", "energies": "energy", "forces": "forces"}
    path = renamed(tmp_path, names)
    with pytest.raises(DatasetError, match=r"not always in eV\. Add --units energy=… forces=…$"):
        list(read_npz(path))
    (first, *_) = read_npz(path, units=Units("eV", "eV/Å"))
    assert first.info["REF_energy"] == arrays()["energies"][0]


def test_units_that_the_archive_states(tmp_path: Path) -> None:
    """As sGDML writes them; forces are energies per length."""
    path = renamed(tmp_path, MD17, e_unit=np.array("Hartree"), r_unit=np.array("bohr"))
    (first, *_) = read_npz(path)
    expected = arrays()
    assert first.info["REF_energy"] == pytest.approx(expected["energies"][0] * Hartree)
    np.testing.assert_allclose(first.positions, expected["positions"][0] * Bohr, rtol=1e-6)
    np.testing.assert_allclose(
        first.arrays["REF_forces"], expected["forces"][0] * (Hartree / Bohr), rtol=1e-6
    )


def test_a_unit_that_says_too_little_or_nothing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"for some labels only \(energy in kcal/mol"):
        list(read_npz(renamed(tmp_path, MD17, e_unit=np.array("kcal/mol"))))
    with pytest.raises(DatasetError, match="unknown unit 'furlong'"):
        list(read_npz(renamed(tmp_path, MD17, e_unit=np.array("furlong"))))


def test_names_that_a_person_gives(tmp_path: Path) -> None:
    path = npz(tmp_path, dft=np.arange(6.0))
    asked = Asked(LabelKeys(energy="dft"))
    dataset = open_dataset(str(import_data([path], tmp_path / "y.extxyz", asked=asked)))
    np.testing.assert_array_equal(dataset.labels.energy, np.arange(6.0))
    assert dataset.labels.forces is not None
    with pytest.raises(LabelError, match=r"there is no array 'E' for `energy`; found symbols"):
        list(read_npz(path, keys={"energy": "E"}))


def test_molecules_of_different_sizes(tmp_path: Path) -> None:
    numbers = np.array([[14, 8, 8]] * 5 + [[14, 8, 0]])
    images = list(read_npz(npz(tmp_path, symbols=numbers, cells=None)))
    assert [len(atoms) for atoms in images] == [3] * 5 + [2]
    np.testing.assert_allclose(images[-1].arrays["REF_forces"], arrays()["forces"][-1][:2])


def test_objects_beside_the_data_are_not_read(tmp_path: Path) -> None:
    images = list(read_npz(npz(tmp_path, notes=np.array([{"a": 1}], dtype=object))))
    assert len(images) == 6


def test_damaged_archives(tmp_path: Path) -> None:
    data = npz(tmp_path).read_bytes()
    for content in (data[: len(data) // 2], b"PK\x03\x04" + data[:100], b"nothing"):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(DatasetError, match="cannot be read as a NumPy archive"):
            list(read_npz(tmp_path / "bad.npz"))


def test_archives_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(DatasetError, match="there is no file"):
        list(read_npz(path))
    for content in (b"", b"PK\x03\x04 broken", b"text"):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="cannot be read as a NumPy archive"):
            list(read_npz(path))
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DatasetError, match="cannot be read as a NumPy archive"):
        list(read_npz(path))


def test_charges_and_moments_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ions.npz"
    np.savez(
        path,
        positions=np.random.default_rng(0).random((2, 2, 3)),
        symbols=np.array(["H", "O"]),
        energies=np.array([1.0, 2.0]),
        Charge=np.array([-1, 1]),
        initial_magmoms=np.array([[0.5, 0.0], [1.0, 0.0]]),
    )
    first, second = read_npz(path)
    assert [atoms.info["Charge"] for atoms in (first, second)] == [-1, 1]
    assert second.get_initial_magnetic_moments().tolist() == [1.0, 0.0]
