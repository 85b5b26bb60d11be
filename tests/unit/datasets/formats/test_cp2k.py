from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.units import Bohr, GPa, Hartree

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.formats.cp2k import is_cp2k_output, read_cp2k_output
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.published.importer import import_archive
from ms25_suite.datasets.readers.files import read_images
from tests.helpers.cp2k_samples import (
    ENERGY,
    FORCES,
    INPUT,
    POSITIONS,
    STRESS_GPA,
    SYMBOLS,
    cp2k_output,
)


def read(text: str, folder: Path) -> Atoms:
    path = folder / "cp2k.out"
    path.write_text(text)
    assert is_cp2k_output(path)
    (atoms,) = read_cp2k_output(path)
    return atoms


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.parametrize("unit", ["GPa", "bar"])
def test_labels_in_the_units_of_the_suite(newer: bool, unit: str, tmp_path: Path) -> None:
    atoms = read(cp2k_output(newer=newer, stress_unit=unit), tmp_path)
    assert atoms.get_chemical_symbols() == list(SYMBOLS)
    np.testing.assert_allclose(atoms.positions, POSITIONS, atol=1e-12)
    np.testing.assert_allclose(atoms.cell.array[2], [0, 0.5, 8.0])
    assert atoms.pbc.all()
    assert atoms.get_potential_energy() == pytest.approx(ENERGY * Hartree, rel=1e-12)
    np.testing.assert_allclose(atoms.get_forces(), np.array(FORCES) * Hartree / Bohr, rtol=1e-9)
    full = -np.array(STRESS_GPA) * GPa
    np.testing.assert_allclose(atoms.get_stress(voigt=False), full, rtol=1e-6)


def test_structure_of_the_input_beside_the_output(tmp_path: Path) -> None:
    (tmp_path / "cp2k.inp").write_text(INPUT.replace("   METHOD  QS", "   METHOD QS ! a comment"))
    assert read(cp2k_output(echo=False), tmp_path) == read(cp2k_output(), tmp_path)


def test_cell_as_lengths_and_angles(tmp_path: Path) -> None:
    lines = [line for line in INPUT.splitlines() if line.split()[0] not in ("A", "B", "C")]
    lines.insert(4, "ABC [angstrom] 7.0 7.5 8.0")
    lines[5] = "ALPHA_BETA_GAMMA 90 90 60"
    (tmp_path / "cp2k.inp").write_text("\n".join(lines))
    atoms = read(cp2k_output(echo=False), tmp_path)
    np.testing.assert_allclose(atoms.cell.cellpar(), [7, 7.5, 8, 90, 90, 60])


def test_a_kind_is_named_by_its_element_and_more(tmp_path: Path) -> None:
    (tmp_path / "cp2k.inp").write_text(INPUT.replace("\nO ", "\nO1 ").replace("\nH ", "\nh "))
    assert read(cp2k_output(echo=False), tmp_path).get_chemical_symbols() == list(SYMBOLS)


def test_without_stress(tmp_path: Path) -> None:
    text = cp2k_output().replace("STRESS|", "")
    assert "stress" not in read(text, tmp_path).calc.results


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("ENERGY| Total", "ENERGY: "), "found 0. Did the run end"),
        (("ATOMIC FORCES in", "FORCES"), "no forces. Ask CP2K"),
        (("      6      2      H", "# "), "expected forces on 6 atoms, found 5"),
        (("energy [a.u.]", "energy [furlong]"), "expected an energy in a.u."),
        (("FORCES in [a.u.]", "FORCES in [N]"), "expected forces in a.u."),
        (("tensor [GPa]", "tensor [psi]"), "expected a stress in GPa"),
        (("SCALED  F", "SCALED  T"), "in Å and not scaled"),
        (("UNIT angstrom", "UNIT bohr"), "in Å and not scaled"),
        (("MULTIPLE_UNIT_CELL  1 1 1", "MULTIPLE_UNIT_CELL  2 1 1"), "not repeated"),
        (("       A     7.0", "       X     7.0"), "found neither"),
        (("       A     7.0", "       A     x7.0"), "expected three numbers in Å"),
        (("       A     7.0", "       A     1 7.0"), "expected three numbers in Å"),
        (("\nO 3.4597", "\nXx 3.4597"), "expected an element and three coordinates"),
        (("\nO 3.4597", "\nO 3.4697"), "was the input changed"),
    ],
)
def test_what_holds_no_labels(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    text = cp2k_output()
    assert change[0] in text
    with pytest.raises(DatasetError, match=message):
        read(text.replace(*change), tmp_path)


@pytest.mark.parametrize("words", ["SCF run NOT converged", "outer SCF loop FAILED to converge"])
def test_electrons_that_did_not_converge(words: str, tmp_path: Path) -> None:
    path = tmp_path / "cp2k.out"
    path.write_text(cp2k_output().replace("SCF run converged", words))
    with pytest.raises(DatasetError, match=r"1 of 1 frames did not converge: frame 0 \(CP2K says"):
        import_data([path], tmp_path / "x.extxyz")
    card = import_data([path], tmp_path / "x.extxyz", keep_unconverged=True)
    assert "converged=F" in (tmp_path / "x.extxyz").read_text()
    codes = [finding.code for finding in open_dataset(str(card)).findings]
    assert "unconverged-frames" in codes


def test_what_versions_before_8_print(tmp_path: Path) -> None:
    """No mark at the start of the lines of the stress, and the unit of the energy in brackets."""
    new = cp2k_output()
    head, _, tail = new.partition(" STRESS| Analytical")
    rows = "\n".join(
        f"  {axis} " + "".join(f"{value:20.11f}" for value in row)
        for axis, row in zip("XYZ", STRESS_GPA, strict=True)
    )
    old = f"{head} STRESS TENSOR [GPa]\n\n            X          Y          Z\n{rows}\n\n"
    old = old.replace("energy [a.u.]:", "energy (a.u.):")
    old = old.replace(
        "QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM", "QUICKSTEP:  ATOMIC COORDINATES IN angstrom"
    )
    assert tail
    (tmp_path / "new").mkdir()
    expected, atoms = read(new, tmp_path / "new"), read(old, tmp_path)
    assert atoms == expected
    assert atoms.get_potential_energy() == expected.get_potential_energy()
    np.testing.assert_allclose(atoms.get_stress(), expected.get_stress(), rtol=1e-9)
    with pytest.raises(DatasetError, match="was the input changed"):
        read(old.replace("\nO 3.4597", "\nO 3.4697"), tmp_path)


def test_a_stress_in_an_unknown_form_is_not_left_out(tmp_path: Path) -> None:
    text = cp2k_output().replace("STRESS|      y", "STRESS|    y y")
    with pytest.raises(DatasetError, match="a stress in a form that is not known"):
        read(text, tmp_path)


def test_a_compressed_output(tmp_path: Path) -> None:
    path = tmp_path / "cp2k.out.gz"
    path.write_bytes(gzip.compress(cp2k_output().encode()))
    (tmp_path / "cp2k.inp").write_text(INPUT)
    assert len(open_dataset(str(import_data([path], tmp_path / "x.extxyz")))) == 1


def test_several_evaluations(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"found 2\. Only single points"):
        read(cp2k_output() + cp2k_output(), tmp_path)


def test_without_the_structure(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"its input cp2k\.inp is not beside it"):
        read(cp2k_output(echo=False), tmp_path)
    (tmp_path / "cp2k.inp").write_text("&COORD\n@include water.xyz\n&END\n")
    with pytest.raises(DatasetError, match="expected an element"):
        read(cp2k_output(echo=False), tmp_path)
    (tmp_path / "cp2k.inp").write_text("&TOPOLOGY\nCOORD_FILE_NAME water.xyz\n&END\n")
    with pytest.raises(DatasetError, match="no coordinates in its &COORD"):
        read(cp2k_output(echo=False), tmp_path)


def test_other_files_are_no_outputs_of_cp2k(tmp_path: Path) -> None:
    path = tmp_path / "some.out"
    path.write_bytes(bytes(range(256)) * 100)
    assert not is_cp2k_output(path)
    assert not is_cp2k_output(tmp_path / "missing.out")
    with pytest.raises(DatasetError, match="cannot be read by ASE"):
        list(read_images(path, any_format=True))


def test_import(tmp_path: Path) -> None:
    sources = []
    for number in range(3):
        path = tmp_path / f"{number}" / "cp2k.out"
        path.parent.mkdir()
        path.write_text(cp2k_output().replace("-34.48502594753", f"-34.{number}"))
        sources.append(path)
    card = import_data(sources, tmp_path / "water.extxyz", level_of_theory="RPBE-D3")
    dataset = open_dataset(str(card))
    np.testing.assert_allclose(dataset.labels.energy, -34.0 * Hartree, rtol=0.01)
    assert dataset.labels.energy[2] < dataset.labels.energy[0]
    assert dataset.labels.has_stress.all()


def test_import_from_an_archive(tmp_path: Path) -> None:
    """What is beside the output in a folder is no hindrance."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "cp2k.out").write_text(cp2k_output())
    (folder / "cp2k.inp").write_text(INPUT)
    with pytest.raises(DatasetError, match="H4O2"):  # two molecules are no system of the paper
        import_archive(folder, tmp_path / "out")
    found = import_archive(folder, tmp_path / "out", assign=[("water-64", "*.out")])
    assert found.datasets[0].n_frames == 1
    assert found.datasets[0].n_stress == 1
