from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.formats.deepmd import is_deepmd_folder, read_deepmd
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.readers.foreign import Asked


def alloy(n: int = 5) -> list[Atoms]:
    images = []
    for index in range(n):
        atoms = bulk("Cu", a=3.5, cubic=True)
        atoms.symbols[1] = "Au"
        atoms.set_cell(atoms.cell.array + 0.02 * index, scale_atoms=True)
        atoms.rattle(0.1, seed=index)
        atoms.calc = EMT()
        images.append(atoms)
    return images


def folder(tmp_path: Path, *, periodic: bool = True, virial: bool = True) -> Path:
    """Two sets, as DeePMD-kit documents them: flat rows, virial with compression positive."""
    root = tmp_path / "system"
    root.mkdir()
    images = alloy()
    (root / "type.raw").write_text("\n".join("1" if s == "Cu" else "0" for s in images[0].symbols))
    (root / "type_map.raw").write_text("Au\nCu\n")
    if not periodic:
        (root / "nopbc").write_text("")
    for number, part in enumerate((images[:3], images[3:])):
        path = root / f"set.00{number}"
        path.mkdir()
        np.save(path / "coord.npy", [atoms.positions.ravel() for atoms in part])
        np.save(path / "energy.npy", [atoms.get_potential_energy() for atoms in part])
        np.save(path / "force.npy", [atoms.get_forces().ravel() for atoms in part])
        if periodic:
            np.save(path / "box.npy", [atoms.cell.array.ravel() for atoms in part])
        if periodic and virial:
            virials = [-atoms.get_stress(voigt=False) * atoms.get_volume() for atoms in part]
            np.save(path / "virial.npy", np.reshape(virials, (-1, 9)))
    return root


def test_labels_and_their_signs(tmp_path: Path) -> None:
    pytest.importorskip("dpdata")
    root = folder(tmp_path)
    assert is_deepmd_folder(root)
    dataset = open_dataset(str(import_data([root], tmp_path / "x.extxyz")))
    images = alloy()
    assert dataset.frames.atoms(0).get_chemical_symbols() == images[0].get_chemical_symbols()
    np.testing.assert_allclose(dataset.frames.cells, [a.cell.array for a in images], atol=1e-7)
    energies = [atoms.get_potential_energy() for atoms in images]
    np.testing.assert_allclose(dataset.labels.energy, energies, rtol=1e-9)
    forces = np.concatenate([atoms.get_forces() for atoms in images])
    np.testing.assert_allclose(dataset.labels.forces, forces, atol=1e-7)
    stresses = [atoms.get_stress() for atoms in images]
    np.testing.assert_allclose(dataset.labels.stress, stresses, atol=1e-7)


def test_without_cells_nothing_is_periodic(tmp_path: Path) -> None:
    pytest.importorskip("dpdata")
    images = list(read_deepmd(folder(tmp_path, periodic=False)))
    assert len(images) == 5
    assert not any(atoms.pbc.any() for atoms in images)


def test_frames_of_several_compositions(tmp_path: Path) -> None:
    """Mixed type: the type of each atom stands in each frame, -1 where there is none."""
    pytest.importorskip("dpdata")
    root = folder(tmp_path, virial=False)
    (root / "type.raw").write_text("0\n0\n0\n0\n")
    for number, n_frames in ((0, 3), (1, 2)):
        types = np.ones((n_frames, 4), dtype=np.int64)
        types[:, 1] = 0
        types[-1, 3] = -1
        np.save(root / f"set.00{number}" / "real_atom_types.npy", types)
    found = {len(atoms): 0 for atoms in read_deepmd(root)}
    for atoms in read_deepmd(root):
        found[len(atoms)] += 1
        same = [a for a in alloy() if np.allclose(a.positions[: len(atoms)], atoms.positions)]
        assert atoms.get_chemical_symbols() == same[0].get_chemical_symbols()[: len(atoms)]
        assert atoms.info["REF_energy"] == pytest.approx(same[0].get_potential_energy())
    assert found == {4: 3, 3: 2}


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ("type.raw", r"lacks type\.raw \(type of each atom\)"),
        ("type_map.raw", r"lacks type_map\.raw \(elements of the types; or --species\)"),
        ("set.000/coord.npy", r"lacks set\.000/coord\.npy \(positions\)\. Found: set\.000/box"),
        ("set.001/box.npy", r"lacks set\.001/box\.npy \(cells; or an empty file nopbc"),
        ("set.001/energy.npy", r"lacks set\.001/energy\.npy"),
        ("set.001/force.npy", r"set\.000 has force\.npy, but set\.001 does not"),
        ("set.000/virial.npy", r"set\.001 has virial\.npy, but set\.000 does not"),
    ],
)
def test_what_is_missing_is_named(removed: str, message: str, tmp_path: Path) -> None:
    root = folder(tmp_path)
    (root / removed).unlink()
    with pytest.raises(DatasetError, match=message):
        import_data([root], tmp_path / "x.extxyz")


def test_elements_that_a_person_names(tmp_path: Path) -> None:
    pytest.importorskip("dpdata")
    root = folder(tmp_path)
    (root / "type_map.raw").unlink()
    card = import_data([root], tmp_path / "x.extxyz", asked=Asked(species=("Au", "Cu")))
    assert set(open_dataset(str(card)).card.elements) == {"Au", "Cu"}
    (root / "type_map.raw").write_text("TYPE_0\nTYPE_1\n")
    with pytest.raises(DatasetError, match=r"expected chemical symbols .*, found TYPE_0, TYPE_1"):
        list(read_deepmd(root))


def test_arrays_that_do_not_fit_together(tmp_path: Path) -> None:
    pytest.importorskip("dpdata")
    root = folder(tmp_path)
    energies = np.load(root / "set.001" / "energy.npy")
    np.save(root / "set.001" / "energy.npy", energies[:1])
    with pytest.raises(DatasetError, match=r"cannot be read by dpdata|5 frames, but 4 energies"):
        list(read_deepmd(root))


def test_other_folders(tmp_path: Path) -> None:
    assert not is_deepmd_folder(tmp_path)
    assert not is_deepmd_folder(tmp_path / "missing")
    with pytest.raises(DatasetError, match=r"is a folder, with nothing$"):
        import_data([_made(tmp_path / "empty")], tmp_path / "x.extxyz")
    outer = _made(tmp_path / "outer")
    shutil.move(folder(tmp_path), outer / "one")
    with pytest.raises(DatasetError, match=r"folders of DeePMD-kit \(one/\)\. Name them: .*/one$"):
        import_data([outer], tmp_path / "x.extxyz")
    bulk("Cu").write(outer / "a.extxyz")
    shutil.rmtree(outer / "one")
    with pytest.raises(DatasetError, match=r"with a\.extxyz\. Name its files .*--dataset=.*outer"):
        import_data([outer], tmp_path / "x.extxyz")


def _made(path: Path) -> Path:
    path.mkdir()
    return path
