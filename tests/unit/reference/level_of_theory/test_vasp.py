"""VASP: its input files, and the calculator with the same settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc111
from ase.constraints import FixAtoms
from ase.io import read

from ms25_suite.reference.level_of_theory.inputs import paper_calculator, write_inputs
from ms25_suite.reference.level_of_theory.settings import find_level_of_theory
from ms25_suite.reference.level_of_theory.vasp import potcar_names
from ms25_suite.reference.mgo.slab import slab


def zirconia() -> Atoms:
    """Atoms of the elements alternate."""
    return Atoms(
        "OZrO", positions=[[0, 0, 0], [1.3, 1.3, 1.3], [2.6, 2.6, 2.6]], cell=[5] * 3, pbc=1
    )


def test_inputs_of_vasp(tmp_path: Path) -> None:
    atoms = slab(2)
    atoms.set_constraint(FixAtoms([0]))
    written = write_inputs("mgo", atoms, tmp_path)
    names = ["INCAR", "KPOINTS", "POSCAR", "POTCAR.spec", "ase-sort.dat", "README.md"]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    incar = dict(line.split(" = ", 1) for line in (tmp_path / "INCAR").read_text().splitlines())
    expected = {
        "GGA": "PE",
        "IVDW": "11",
        "ENCUT": "400",
        "ISMEAR": "0",
        "SIGMA": "0.1",
        "LDIPOL": ".TRUE.",
        "IDIPOL": "3",
        "NSW": "0",
        "ISIF": "2",
    }
    assert expected.items() <= incar.items()
    assert (tmp_path / "KPOINTS").read_text().splitlines()[1:] == ["0", "Gamma", "3 3 1", "0 0 0"]
    assert (tmp_path / "POTCAR.spec").read_text() == "Mg\nO\n"
    back = read(tmp_path / "POSCAR")
    order = np.loadtxt(tmp_path / "ase-sort.dat", dtype=int)
    assert not back.constraints
    assert (back.numbers == atoms.numbers[order[:, 0]]).all()
    np.testing.assert_allclose(back.positions, atoms.positions[order[:, 0]], atol=1e-14)
    np.testing.assert_allclose(back.positions[order[:, 1]], atoms.positions, atol=1e-14)


def test_k_points_by_spacing_have_no_file(tmp_path: Path) -> None:
    write_inputs("mgo", slab(2), tmp_path)
    write_inputs("zro", zirconia(), tmp_path, overwrite=True)
    # VASP would take the file of the recipe before.
    assert not (tmp_path / "KPOINTS").exists()
    incar = (tmp_path / "INCAR").read_text()
    assert "KSPACING = 0.5\nKGAMMA = .TRUE.\n" in incar
    assert "ENCUT = 500\n" in incar
    assert "IVDW" not in incar
    assert (tmp_path / "POTCAR.spec").read_text() == "O\nZr_sv\n"
    assert (
        "potpaw_PBE.52/O/POTCAR potpaw_PBE.52/Zr_sv/POTCAR" in (tmp_path / "README.md").read_text()
    )
    assert read(tmp_path / "POSCAR").get_chemical_symbols() == ["O", "O", "Zr"]


def test_one_metal_surface(tmp_path: Path) -> None:
    write_inputs("reaction", fcc111("Pt", (4, 4, 4), vacuum=7.5, periodic=True), tmp_path)
    assert "IVDW = 13\n" in (tmp_path / "INCAR").read_text()
    assert "SIGMA = 0.2\n" in (tmp_path / "INCAR").read_text()
    lines = (tmp_path / "KPOINTS").read_text().splitlines()
    assert lines[2:4] == ["Monkhorst-Pack", "2 2 1"]
    page = (tmp_path / "README.md").read_text()
    assert "POTCAR/Pt" in page
    assert "POTCAR/C " not in page  # no carbon in this frame


@pytest.mark.filterwarnings("ignore:Loaded VASP_PP_PATH from environment")
@pytest.mark.parametrize(("name", "atoms"), [("mgo", slab(2)), ("zro", zirconia())])
def test_the_calculator_of_vasp_writes_the_same(
    name: str, atoms: Atoms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    level = find_level_of_theory(name)
    release = level.section("POTCAR")["RELEASE"]
    for potential in ("Mg", "O", "Zr_sv"):
        path = tmp_path / f"potpaw_PBE.{release}" / potential / "POTCAR"
        path.parent.mkdir(parents=True)
        path.write_text(f"{potential}\n")
    monkeypatch.setenv("VASP_PP_PATH", str(tmp_path))
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write_inputs(level, atoms, ours)
    theirs.mkdir()
    paper_calculator(level, theirs).write_input(atoms)
    for file in ("POSCAR", "ase-sort.dat"):
        assert (theirs / file).read_text() == (ours / file).read_text()
    assert (theirs / "KPOINTS").exists() == (ours / "KPOINTS").exists()
    if (ours / "KPOINTS").exists():
        assert (theirs / "KPOINTS").read_text() == (ours / "KPOINTS").read_text()
    assert (theirs / "POTCAR").read_text() == (ours / "POTCAR.spec").read_text()

    def incar(folder: Path) -> dict[str, str | float]:
        values: dict[str, str | float] = {}
        for line in (folder / "INCAR").read_text().splitlines():
            key, _, value = line.partition(" = ")
            try:
                values[key] = float(value)
            except ValueError:
                values[key] = value
        values.pop("SYSTEM", None)
        return values

    assert incar(theirs) == incar(ours)


def test_potentials_are_in_the_order_of_the_elements() -> None:
    level = find_level_of_theory("zro")
    assert potcar_names(level, zirconia()) == ["O", "Zr_sv"]
    assert potcar_names(level, zirconia()[1:]) == ["Zr_sv", "O"]
