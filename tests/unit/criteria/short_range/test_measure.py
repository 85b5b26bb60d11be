from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.short_range import CRITERION
from ms25_suite.criteria.short_range.details import KEY
from ms25_suite.criteria.short_range.measure import SHORT_RANGE_QUANTITIES, measure_short_range
from ms25_suite.criteria.short_range.scan import scan_short_range
from ms25_suite.datasets import Dataset
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder
from tests.helpers.rough_potentials import (
    Collapse,
    FewAtoms,
    Hole,
    LowWall,
    NoNumber,
    Shoulder,
    Smooth,
)

MARKS = {
    "wall": Threshold(1.5, "eV", "measurement", "test", at_least=True),
    "softening": Threshold(25.0, "%", "measurement", "test"),
    "hole": Threshold(1.0, "eV", "measurement", "test"),
    "compression": Threshold(1.0, "meV/atom", "measurement", "test"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_crystals(tmp_path_factory.mktemp("cuni"), n=2)


def results_of(calculator: Any, data: Dataset, folder: Path) -> dict[str, CheckResult]:
    scan = scan_short_range(InProcess(calculator), data)
    found = {}
    for quantity in SHORT_RANGE_QUANTITIES:
        recorder = make_recorder(CRITERION, folder, MARKS, quantity=quantity)
        measure_short_range(scan, quantity).record(recorder)
        (found[quantity],) = recorder.results
    return found


def test_a_repulsive_potential_passes(data: Dataset, tmp_path: Path) -> None:
    found = results_of(Smooth, data, tmp_path)
    assert {result.verdict for result in found.values()} == {Verdict.PASS}
    for quantity in ("softening", "hole", "compression"):
        assert found[quantity].value == 0.0
    names = [curve["name"] for curve in found["wall"].details[KEY]["curves"]]
    assert sorted(names) == ["Cu-Cu", "Ni-Cu", "Ni-Ni"]


def test_a_hole_fails_although_the_wall_before_it_is_high(data: Dataset, tmp_path: Path) -> None:
    found = results_of(Hole, data, tmp_path)
    assert found["wall"].verdict is Verdict.PASS
    assert found["hole"].verdict is Verdict.FAIL
    assert (found["hole"].value or 0.0) > 100.0
    assert "in vacuum at 0.50 Å" in found["hole"].reason
    assert found["compression"].verdict is Verdict.PASS


def test_a_low_wall_fails_and_is_named(data: Dataset, tmp_path: Path) -> None:
    found = results_of(LowWall, data, tmp_path)
    assert found["wall"].verdict is Verdict.FAIL
    assert "behind it the energy falls" in found["wall"].reason


def test_a_shoulder_of_the_wall_fails_although_the_energy_rises(
    data: Dataset, tmp_path: Path
) -> None:
    found = results_of(Shoulder, data, tmp_path)
    assert found["softening"].verdict is Verdict.FAIL
    assert 25.0 < (found["softening"].value or 0.0) < 60.0
    assert "largest for" in found["softening"].reason
    assert {found[name].verdict for name in ("wall", "hole", "compression")} == {Verdict.PASS}


def test_a_cell_that_collapses_under_pressure_fails(data: Dataset, tmp_path: Path) -> None:
    found = results_of(Collapse, data, tmp_path)
    assert found["compression"].verdict is Verdict.FAIL
    assert {found[name].verdict for name in ("wall", "hole")} == {Verdict.PASS}


def test_an_error_for_two_atoms_fails_what_needs_them(data: Dataset, tmp_path: Path) -> None:
    found = results_of(FewAtoms, data, tmp_path)
    assert found["hole"].verdict is Verdict.FAIL
    assert "expected a crystal" in found["hole"].reason
    assert "(2 atoms" in found["hole"].reason
    assert found["wall"].verdict is Verdict.PASS


def test_what_is_not_finite_fails_with_the_distance(data: Dataset, tmp_path: Path) -> None:
    found = results_of(NoNumber, data, tmp_path)
    assert {found[name].verdict for name in ("wall", "hole")} == {Verdict.FAIL}
    assert "not finite" in found["wall"].reason
    curves = found["hole"].details[KEY]["curves"]
    assert any(energy is None for energy in curves[0]["energies"])


def test_frames_without_a_cell_are_scanned_without_compression(tmp_path: Path) -> None:
    from ase import Atoms
    from ase.io import write

    from ms25_suite.core.errors import NotApplicableError
    from ms25_suite.datasets import open_dataset

    atoms = Atoms("Cu4", [[0, 0, 0], [2.5, 0, 0], [0, 2.5, 0], [0, 0, 2.6]])
    atoms.info["REF_energy"] = 0.0
    write(tmp_path / "cluster.extxyz", [atoms, atoms], format="extxyz")
    scan = scan_short_range(InProcess(Smooth), open_dataset(str(tmp_path / "cluster.extxyz")))
    assert measure_short_range(scan, "wall").value > 1.5
    with pytest.raises(NotApplicableError, match="periodic in all three"):
        measure_short_range(scan, "compression")
