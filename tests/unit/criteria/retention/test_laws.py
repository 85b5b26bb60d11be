from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import NotJudgedError
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.retention import CRITERION
from ms25_suite.criteria.retention.family import Family
from ms25_suite.criteria.retention.laws import measure_laws
from ms25_suite.criteria.retention.sets import RetentionSet
from ms25_suite.datasets import Dataset
from tests.helpers.families import alloy, nickel
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder
from tests.helpers.wrong_potentials import Forces3Percent, Good, Hole

OTHERS = {
    ("short_range", "hole"): Threshold(1.0, "eV", "measurement", "a test"),
    ("short_range", "wall"): Threshold(1.5, "eV", "measurement", "a test", at_least=True),
    ("consistency", "forces_from_energy"): Threshold(3.0, "meV/Å", "error", "a test"),
    ("consistency", "stress_from_energy"): Threshold(0.2, "meV/Å^3", "error", "a test"),
}


class Broken(Good):
    """Has no answer for atoms that are close."""

    def pairs(self, i: Any, j: Any, d: Any) -> tuple[Any, Any]:
        energies, slopes = super().pairs(i, j, d)
        return (energies * float("nan"), slopes) if (d < 1.5).any() else (energies, slopes)


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Dataset]:
    folder = tmp_path_factory.mktemp("sets")
    return nickel(folder), alloy(folder, n=4)


def judge(
    sets: tuple[Dataset, Dataset],
    quantity: str,
    folder: Path,
    child: type[Good],
    parent: type[Good] = Good,
) -> CheckResult:
    own, other = sets
    found = Family(
        InProcess(child, "child"), InProcess(parent, "parent"), own, (RetentionSet(other),)
    )
    recorder: CheckRecorder = make_recorder(CRITERION, folder, quantity=quantity)
    recorder.thresholds = lambda criterion, name: OTHERS.get((criterion, name))
    measure_laws(found, quantity).record(recorder)
    (result,) = recorder.results
    assert result.test_dataset == "cuni"
    return result


def test_a_hole_that_the_parent_does_not_have_is_a_loss(
    sets: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    lost = judge(sets, "hole", tmp_path, Hole)
    assert (lost.verdict, lost.threshold) == (Verdict.FAIL, 1.0)
    assert lost.reason.startswith("0 eV of the parent; ")
    assert judge(sets, "hole", tmp_path, Good).verdict is Verdict.PASS
    assert judge(sets, "wall", tmp_path, Good).verdict is Verdict.PASS


def test_what_the_parent_breaks_too_is_no_loss_and_no_pass(
    sets: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    both = judge(sets, "hole", tmp_path, Hole, Hole)
    assert both.verdict is Verdict.UNDECIDED
    assert "nothing could be lost" in both.reason
    # Also where the child is better: that is for other criteria to say.
    assert judge(sets, "hole", tmp_path, Good, Hole).verdict is Verdict.UNDECIDED


def test_a_law_that_the_child_breaks(sets: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    lost = judge(sets, "consistency", tmp_path, Forces3Percent)
    assert lost.verdict is Verdict.FAIL
    assert "worst: forces from energy" in lost.reason
    assert lost.value is not None
    assert lost.value > 3
    assert judge(sets, "consistency", tmp_path, Good).verdict is Verdict.PASS
    both = judge(sets, "consistency", tmp_path, Forces3Percent, Forces3Percent)
    assert both.verdict is Verdict.UNDECIDED


def test_a_child_without_an_answer(sets: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    lost = judge(sets, "wall", tmp_path, Broken)
    assert (lost.verdict, lost.value) == (Verdict.FAIL, None)
    assert lost.reason.startswith("lost: no answer")
    both = judge(sets, "wall", tmp_path, Broken, Broken)
    assert both.verdict is Verdict.UNDECIDED


def test_without_a_set_nothing_is_judged(sets: tuple[Dataset, Dataset]) -> None:
    found = Family(InProcess(Good, "child"), InProcess(Good, "parent"), sets[0], ())
    with pytest.raises(NotJudgedError, match="there is no other set"):
        measure_laws(found, "wall")
