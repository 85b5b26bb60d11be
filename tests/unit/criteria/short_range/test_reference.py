from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import NotApplicableError, ReferenceCalculatorError
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.short_range import CRITERION
from ms25_suite.criteria.short_range.details import KEY
from ms25_suite.criteria.short_range.reference import (
    AT_EV,
    measure_wall_shift,
    not_asked,
    push_reference,
)
from ms25_suite.criteria.short_range.scan import ShortRangeScan, scan_short_range
from ms25_suite.datasets import Dataset
from ms25_suite.potentials.spec import PotentialSpec
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder
from tests.helpers.rough_potentials import LowWall, NoNumber, Shoulder, Smooth


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_crystals(tmp_path_factory.mktemp("cuni"), n=2)


@pytest.fixture(scope="module")
def smooth(data: Dataset) -> ShortRangeScan:
    return scan_short_range(InProcess(Smooth), data)


def test_a_potential_that_is_its_reference_has_the_same_walls(
    smooth: ShortRangeScan, tmp_path: Path
) -> None:
    pushed = push_reference(InProcess(Smooth), smooth)
    recorder = make_recorder(CRITERION, tmp_path, {}, quantity="wall_at_1_ev")
    for quantity in AT_EV:
        measure_wall_shift(smooth, pushed, quantity).record(recorder)
    assert [result.value for result in recorder.results] == [0.0, 0.0, 0.0]
    assert {result.verdict for result in recorder.results} == {None}
    curves = recorder.results[0].details[KEY]["curves"]
    assert all(curve["reference"] == curve["energies"] for curve in curves)


def test_the_shift_is_the_distance_between_both_walls(smooth: ShortRangeScan) -> None:
    class Larger(Smooth):
        """The same curve, with atoms that are 2 % larger."""

        def calculate(self, atoms=None, properties=None, system_changes=()):  # type: ignore[no-untyped-def]
            smaller = atoms.copy()
            smaller.set_cell(atoms.cell / 1.02, scale_atoms=True)
            super().calculate(smaller, properties, system_changes)
            self.results["forces"] = self.results["forces"] / 1.02

    pushed = push_reference(InProcess(Larger), smooth)
    shift = measure_wall_shift(smooth, pushed, "wall_at_10_ev")
    # Of a wall at 1.6 Å; a little more, since the other pair starts higher up.
    assert 0.02 < shift.value < 0.08
    assert "10 eV at" in shift.reason
    assert "with the reference at" in shift.reason


def test_walls_that_end_below_are_named(smooth: ShortRangeScan) -> None:
    pushed = push_reference(InProcess(LowWall), smooth)
    with pytest.raises(NotApplicableError, match="no pair has a wall of 10 eV"):
        measure_wall_shift(smooth, pushed, "wall_at_10_ev")


def test_no_answer_is_no_number(data: Dataset, smooth: ShortRangeScan) -> None:
    with pytest.raises(NotApplicableError, match="the reference has no answer to"):
        push_reference(InProcess(NoNumber), smooth)
    broken = scan_short_range(InProcess(NoNumber), data)
    with pytest.raises(NotApplicableError, match="the potential has no answer to"):
        measure_wall_shift(broken, smooth.pushed, "wall_at_1_ev")


def test_a_reference_that_cannot_be_run_is_said(smooth: ShortRangeScan) -> None:
    class Missing(InProcess):
        def info(self):  # type: ignore[no-untyped-def]
            msg = "cannot download the potential"
            raise ReferenceCalculatorError(msg)

    with pytest.raises(NotApplicableError, match="cannot be run: cannot download"):
        push_reference(Missing(Shoulder), smooth)


def test_the_reference_is_asked_by_name_only(data: Dataset) -> None:
    model, reference = (PotentialSpec(kind, kind, "x") for kind in ("calculator", "reference"))
    wall, shift = {"quantity": "wall"}, {"quantity": "wall_at_1_ev"}
    assert not_asked(Case(data, model, wall)) is None
    asked = not_asked(Case(data, model, shift))
    assert asked == NotAsked("the card of cuni names no reference_calculator")
    itself = not_asked(Case(data, reference, shift))
    assert itself == NotAsked("the potential is the reference itself")
    card = replace(data.card, reference_calculator="ase.calculators.emt:EMT")
    assert not_asked(Case(replace(data, card=card), model, shift)) == NotAsked()


def test_a_user_can_set_a_threshold(smooth: ShortRangeScan, tmp_path: Path) -> None:
    pushed = push_reference(InProcess(Smooth), smooth)
    mark = {"wall_at_5_ev": Threshold(0.05, "Å", "error", "test")}
    recorder = make_recorder(CRITERION, tmp_path, mark, quantity="wall_at_5_ev")
    measure_wall_shift(smooth, pushed, "wall_at_5_ev").record(recorder)
    assert recorder.results[0].verdict is Verdict.PASS
