from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.error_thresholds import CRITERION
from ms25_suite.criteria.error_thresholds.measure import measure_errors
from ms25_suite.criteria.held_out import HeldOutPredictions
from ms25_suite.datasets import open_dataset
from tests.helpers.copper_data import Shifted, open_crystals
from tests.helpers.emt_data import crystals, save
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder

MARKS = {"energy": Threshold(2.5, "meV/atom", "mae", "a test")}


@pytest.mark.parametrize(("calculator", "verdict"), [(None, Verdict.PASS), (Shifted, Verdict.FAIL)])
def test_the_reference_passes_and_a_shift_fails(
    tmp_path: Path, calculator: type | None, verdict: Verdict
) -> None:
    data = open_crystals(tmp_path, n=12)
    potential = InProcess() if calculator is None else InProcess(calculator)
    recorder = make_recorder(CRITERION, tmp_path, MARKS, quantity="energy")
    compared = HeldOutPredictions()(potential, data)
    measure_errors(compared, "energy").record(recorder)
    mae, rmse = [result for result in recorder.results if result.quantity == "energy"]
    assert (mae.metric, mae.verdict) == ("mae", verdict)
    assert (rmse.metric, rmse.verdict, rmse.unit) == ("rmse", None, "meV/atom")
    assert rmse.value >= mae.value - 1e-12


def test_labels_that_are_missing_are_no_error(tmp_path: Path) -> None:
    images = crystals("fcc", (1, 1, 1), 4)
    for atoms in images:
        del atoms.info["REF_stress"]
    save(tmp_path, "cuni", images)
    compared = HeldOutPredictions()(InProcess(), open_dataset(str(tmp_path / "cuni.toml")))
    with pytest.raises(NotApplicableError, match="the dataset has no stress labels"):
        measure_errors(compared, "stress")
