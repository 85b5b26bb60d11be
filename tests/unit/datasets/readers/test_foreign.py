from __future__ import annotations

from pathlib import Path

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import DatasetError, UnknownDatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.readers.foreign import Asked, read_foreign
from tests.helpers.cp2k_samples import cp2k_output
from tests.helpers.vasp_samples import vasprun

EV = Units(energy="eV", forces="eV/Å", stress="eV/Å^3")


def extxyz(tmp_path: Path) -> Path:
    atoms = bulk("Cu", cubic=True)
    atoms.calc = EMT()
    atoms.get_stress()
    atoms.write(tmp_path / "a.extxyz")
    return tmp_path / "a.extxyz"


def test_what_a_person_names() -> None:
    assert Asked().named == {}
    assert Asked(LabelKeys(energy="E", virial="W")).named == {"energy": "E"}


@pytest.mark.parametrize("name", ["cp2k.out", "vasprun.xml"])
def test_formats_that_fix_their_units_take_no_others(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(cp2k_output() if name == "cp2k.out" else vasprun([2], nelm=9))
    _, in_suite_units = read_foreign(path, Asked())
    assert in_suite_units
    with pytest.raises(DatasetError, match="its format fixes the units"):
        import_data([path], tmp_path / "x.extxyz", asked=Asked(units=EV))


def test_stated_units_are_for_all_files_or_for_none(tmp_path: Path) -> None:
    frames, in_suite_units = read_foreign(extxyz(tmp_path), Asked(units=EV))
    assert not in_suite_units
    assert len(list(frames)) == 1


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no file"):
        list(read_foreign(tmp_path / "x.npz", Asked())[0])


@pytest.mark.parametrize("name", ["x.npz", "x.cfg", "x.json", "OUTCAR"])
def test_a_dataset_of_another_format_names_the_command(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(DatasetError, match=rf"`ms25 data import .*{name} --out \w+\.extxyz`"):
        open_dataset(str(tmp_path / name))


def test_a_folder_of_another_format_names_the_command(tmp_path: Path) -> None:
    (tmp_path / "set.000").mkdir()
    with pytest.raises(DatasetError, match=r"DeePMD-kit: .*`ms25 data import .* --out .*\.extxyz`"):
        open_dataset(str(tmp_path))
    with pytest.raises(UnknownDatasetError):
        open_dataset(str(tmp_path / "set.001"))


def test_forces_of_cp2k_are_no_positions(tmp_path: Path) -> None:
    path = tmp_path / "water-frc-1.xyz"
    path.write_text("1\n i = 0, time = 0.5, E = -17.2\n  O 0.0 0.0 0.1\n")
    with pytest.raises(DatasetError, match=r"no positions; those are in water-pos-1\.xyz"):
        import_data([path], tmp_path / "x.extxyz", asked=Asked(LabelKeys(energy="E")))
