"""Laws are judged one by one, and what breaks is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.details import details_of
from ms25_suite.core.errors import NotApplicableError, PredictionError
from ms25_suite.core.frames import Frames
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.consistency import CRITERION, DERIVATIVES, EQUALITIES
from ms25_suite.criteria.consistency.details import KEY, ConsistencyDetails
from ms25_suite.criteria.consistency.figure import draw_laws, section
from ms25_suite.criteria.consistency.frames import choose_frames, not_asked
from ms25_suite.criteria.consistency.measure import measure_consistency, measure_law
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.report.figures.canvas import drawing
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder
from tests.helpers.wrong_potentials import FewAtoms, Forces3Percent, Good, LeftHanded

MARKS = {
    law: Threshold(value, CRITERION.measures[law].unit, "error", "test")
    for law, value in zip(DERIVATIVES, (2.0, 0.2), strict=True)
}


class NoStress(Good):
    implemented_properties = ("energy", "forces")

    def spoil(self, *_: Any) -> None:
        self.results.pop("stress", None)


class Single(Good):
    """Energies in single precision, with those of the core electrons."""

    def spoil(self, *_: Any) -> None:
        self.results["energy"] = float(np.float32(self.results["energy"] - 20000.0))


def dataset_of(folder: Path, images: list[Atoms]) -> Dataset:
    for atoms in images:
        atoms.info["REF_energy"] = 0.0
    write(folder / "frames.extxyz", images)
    return open_dataset(str(folder / "frames.extxyz"))


def alloy(repeat: tuple[int, int, int] = (1, 1, 2)) -> Atoms:
    atoms = bulk("Cu", a=3.6, cubic=True) * repeat
    atoms.numbers[::2] = 28
    return atoms


def trimer() -> Atoms:
    return Atoms("Cu2Ni", [[0, 0, 0], [2.6, 0, 0], [0.3, 2.7, 0.2]])


def judged(
    folder: Path, kind: type[Good], images: list[Atoms], marks: Any = None
) -> dict[str, CheckResult]:
    found = measure_consistency(InProcess(kind()), dataset_of(folder, images), seed=0)
    results = {}
    for law in (*DERIVATIVES, *EQUALITIES):
        recorder = make_recorder(CRITERION, folder, marks or MARKS, quantity=law)
        try:
            measure_law(found, law).record(recorder)
        except NotApplicableError:
            continue
        (results[law],) = recorder.results
    return results


def test_a_good_potential_passes_on_a_perfect_crystal_and_a_molecule(tmp_path: Path) -> None:
    results = judged(tmp_path, Good, [alloy(), trimer()])
    assert set(results) == {*DERIVATIVES, *EQUALITIES}
    assert {result.verdict for result in results.values()} == {Verdict.PASS}
    for result in results.values():
        assert result.details[KEY]["compared"]


def test_zero_forces_of_a_perfect_crystal_hide_nothing(tmp_path: Path) -> None:
    results = judged(tmp_path, Forces3Percent, [alloy()])
    assert results["forces_from_energy"].verdict is Verdict.FAIL
    assert results["rotation"].verdict is Verdict.PASS
    assert results["forces_from_energy"].reason.startswith("largest for frame 0, random displac")


def test_what_raises_for_one_description_fails_that_law_only(tmp_path: Path) -> None:
    results = judged(tmp_path, LeftHanded, [alloy()])
    failed = {law for law, result in results.items() if result.verdict is not Verdict.PASS}
    assert failed == {"cell_choice"}
    assert "expected a right-handed cell" in results["cell_choice"].reason
    assert results["cell_choice"].value is None


def test_what_raises_for_the_frame_itself_has_no_answer(tmp_path: Path) -> None:
    with pytest.raises(PredictionError, match="20 atoms or more"):
        judged(tmp_path, FewAtoms, [alloy()])


def test_without_a_stress_its_law_is_not_asked(tmp_path: Path) -> None:
    found = measure_consistency(InProcess(NoStress()), dataset_of(tmp_path, [alloy()]), seed=0)
    with pytest.raises(NotApplicableError, match="predicts no stress"):
        measure_law(found, "stress_from_energy")
    rows = measure_law(found, "rotation").compared
    assert {row.quantity for row in rows} == {"energy", "forces"}


def test_what_rounding_hides_is_undecided(tmp_path: Path) -> None:
    marks = {**MARKS, "forces_from_energy": Threshold(0.5, "meV/Å", "error", "test")}
    result = judged(tmp_path, Single, [alloy()], marks)["forces_from_energy"]
    assert result.verdict is Verdict.UNDECIDED
    assert result.interval is not None
    assert result.interval[1] > 0.5


def test_a_users_threshold_counts(tmp_path: Path) -> None:
    marks = {"rotation": Threshold(1e-30, "tolerances", "error", "test")}
    results = judged(tmp_path, Good, [alloy()], marks)
    assert results["rotation"].verdict is Verdict.FAIL
    # Without any threshold a number is recorded, and not judged.
    assert results["forces_from_energy"].verdict is None


def test_the_smallest_frames_that_hold_all_elements_are_taken(tmp_path: Path) -> None:
    copper = bulk("Cu", a=3.6, cubic=True)
    data = dataset_of(tmp_path, [alloy((2, 2, 2)), copper, alloy(), copper, trimer(), trimer()])
    # The copper, then the smaller of those with nickel, and one molecule.
    assert choose_frames(InProcess(), data).tolist() == [1, 2, 4]


@pytest.mark.parametrize("law", ["stress_from_energy", "periodic_images", "cell_choice"])
def test_molecules_are_not_asked_about_cells(tmp_path: Path, law: str) -> None:
    case = Case(dataset_of(tmp_path, [trimer()]), InProcess(), {"quantity": law})
    found = not_asked(case)
    assert isinstance(found, NotAsked)
    assert "no frame of frames is periodic" in found.reason


def test_crystals_are_not_asked_about_torques(tmp_path: Path) -> None:
    data = dataset_of(tmp_path, [alloy()])
    assert not_asked(Case(data, InProcess(), {"quantity": "net_torque"})) is not None
    assert not_asked(Case(data, InProcess(), {"quantity": "rotation"})) is None


def test_the_report_shows_every_law(tmp_path: Path) -> None:
    results = list(judged(tmp_path, Forces3Percent, [alloy(), trimer()]).values())
    assert details_of(results[0], KEY, ConsistencyDetails) is not None
    with drawing():
        found = section(None, results)  # type: ignore[arg-type]
        figure = draw_laws(results)
    assert found is not None
    (block,) = found.blocks
    (table,) = block.tables
    assert [row[1] for row in table.rows] == [*DERIVATIVES, *EQUALITIES]
    assert figure is not None
    with drawing():
        assert draw_laws([]) is None
        assert section(None, []) is None  # type: ignore[arg-type]


def test_frames_are_joined_with_their_inputs() -> None:
    first, second = alloy(), trimer()
    for charge, atoms in enumerate((first, second)):
        atoms.info["charge"] = charge
    parts = [Frames.from_atoms([atoms]) for atoms in (first, second)]
    joined = Frames.concatenate(parts)
    assert joined.n_atoms.tolist() == [8, 3]
    assert joined.inputs["total_charge"].values.ravel().tolist() == [0.0, 1.0]
    assert joined.content_hash() == Frames.from_atoms([first, second]).content_hash()
    with pytest.raises(ValueError, match="same inputs"):
        Frames.concatenate([parts[0], Frames.from_atoms([trimer()])])
