from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.smoothness import CRITERION
from ms25_suite.criteria.smoothness.lines import scan_smoothness
from ms25_suite.criteria.smoothness.measure import SMOOTHNESS_QUANTITIES, measure_smoothness
from ms25_suite.datasets import Dataset
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder
from tests.helpers.rough_potentials import FewAtoms, Kink, NoNumber, Smooth, Step, Waves

MARKS = {
    "energy_step": Threshold(1.0, "meV", "measurement", "test"),
    "force_jump": Threshold(5.0, "meV/Å", "measurement", "test"),
    "roughness": Threshold(5.0, "meV/Å", "measurement", "test"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_crystals(tmp_path_factory.mktemp("cuni"), n=2)


def results_of(calculator: Any, data: Dataset, folder: Path) -> dict[str, CheckResult]:
    scan = scan_smoothness(InProcess(calculator), data, seed=0)
    found = {}
    for quantity in SMOOTHNESS_QUANTITIES:
        recorder = make_recorder(CRITERION, folder, MARKS, quantity=quantity)
        measure_smoothness(scan, quantity).record(recorder)
        (found[quantity],) = recorder.results
    return found


def test_a_smooth_potential_passes_with_almost_nothing(data: Dataset, tmp_path: Path) -> None:
    found = results_of(Smooth, data, tmp_path)
    assert {result.verdict for result in found.values()} == {Verdict.PASS}
    values = {quantity: result.value or 0.0 for quantity, result in found.items()}
    assert values["energy_step"] < 0.01
    # Jumps of the third derivative at the ends of the switch are all that is left.
    assert values["force_jump"] < 0.5
    assert values["roughness"] < 0.5


def test_a_step_of_the_energy_is_found_with_its_size_and_distance(
    data: Dataset, tmp_path: Path
) -> None:
    found = results_of(Step, data, tmp_path)
    assert found["energy_step"].verdict is Verdict.FAIL
    assert found["energy_step"].value == pytest.approx(10.0, abs=0.1)
    assert "in vacuum at 3.900 Å" in found["energy_step"].reason
    assert found["force_jump"].verdict is Verdict.PASS


def test_a_jump_of_the_force_is_found_with_its_size_and_distance(
    data: Dataset, tmp_path: Path
) -> None:
    found = results_of(Kink, data, tmp_path)
    assert found["force_jump"].verdict is Verdict.FAIL
    assert found["force_jump"].value == pytest.approx(12.0, rel=0.2)
    assert found["energy_step"].verdict is Verdict.PASS


def test_short_waves_are_rough_and_no_jump(data: Dataset, tmp_path: Path) -> None:
    found = results_of(Waves, data, tmp_path)
    assert found["roughness"].verdict is Verdict.FAIL
    assert "median" in found["roughness"].reason


@pytest.mark.parametrize(
    ("calculator", "words"),
    [(FewAtoms, "expected a crystal"), (NoNumber, "")],
)
def test_a_potential_without_an_answer_never_passes(
    calculator: type[Smooth], words: str, data: Dataset, tmp_path: Path
) -> None:
    found = results_of(calculator, data, tmp_path)
    if calculator is FewAtoms:
        assert {result.verdict for result in found.values()} == {Verdict.FAIL}
        assert all(
            words in result.reason and "(2 atoms" in result.reason for result in found.values()
        )
    else:
        # No line comes that close.
        assert found["force_jump"].verdict is Verdict.PASS


class Heavy(Step):
    """Total energies as large as those of all electrons."""

    def calculate(self, *args: Any, **kwargs: Any) -> None:
        super().calculate(*args, **kwargs)
        self.results["energy"] -= 40000.0 * len(self.atoms)


def test_a_step_that_may_be_rounding_is_undecided(data: Dataset, tmp_path: Path) -> None:
    found = results_of(Heavy, data, tmp_path)["energy_step"]
    assert found.verdict is Verdict.UNDECIDED
    assert "--dtype=float64" in found.reason
