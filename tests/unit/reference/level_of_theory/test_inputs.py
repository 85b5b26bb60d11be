"""Folders of inputs, and the choice of the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.core.errors import UsageError
from ms25_suite.reference.level_of_theory.inputs import (
    how_to_run,
    paper_calculator,
    write_inputs,
)
from ms25_suite.reference.level_of_theory.settings import find_level_of_theory
from ms25_suite.reference.mgo.slab import slab


def water() -> Atoms:
    atoms = molecule("H2O", cell=[[6, 0, 0], [0, 6.5, 0], [0.5, 0, 7]], pbc=True)
    atoms.center()
    return atoms


def test_hea_has_no_inputs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ms25 data build hea"):
        write_inputs("hea", bulk("Cu"), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_calculator_of_hea_is_the_suite_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = object()
    monkeypatch.setattr("ms25_suite.reference.hea.frames.calculator", lambda: own)
    assert paper_calculator("hea", tmp_path) is own


def test_folders_that_cannot_be_written_to(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        write_inputs("water", water(), file)
    with pytest.raises(UsageError, match="is not empty: name another, or add --overwrite"):
        write_inputs("water", water(), tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        write_inputs("water", water(), file / "below")
    write_inputs("water", water(), tmp_path, overwrite=True)
    assert file.read_text() == "mine"


def test_a_frame_of_something_else_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="also contains Cu"):
        write_inputs("water", bulk("Cu"), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_commands_run_the_code_and_import_its_labels() -> None:
    run, imports = how_to_run(find_level_of_theory("water"), water())
    assert run.endswith("-i cp2k.inp -o cp2k.out")
    assert imports.startswith("ms25 data import cp2k.out --out labelled.extxyz")
    potentials, run, imports = how_to_run(find_level_of_theory("mgo"), slab(2))
    assert "cat potpaw_PBE.54/Mg/POTCAR potpaw_PBE.54/O/POTCAR" in potentials
    assert run == "mpirun vasp_std"
    # The forces are the derivative of the free energy.
    assert "OUTCAR --keys energy=free_energy" in imports


def test_page_states_the_source_of_each_setting(tmp_path: Path) -> None:
    level = find_level_of_theory("water")
    *_, page = write_inputs(level, water(), tmp_path)
    text = page.read_text()
    assert "H2O, 3 atoms. Level of theory `water-64` of ms25-suite, for CP2K" in text
    for setting in level.settings:
        assert f"| {setting.name} | {setting.value} |" in text
