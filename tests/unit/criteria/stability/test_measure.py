from __future__ import annotations

from pathlib import Path

import pytest
from ase.calculators.emt import EMT

from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.stability import CRITERION
from ms25_suite.criteria.stability.measure import measure_stability
from ms25_suite.datasets import Dataset
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder

MARKS = {"energy_drift": Threshold(20.0, "meV/atom/ps", "error", "a test")}


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return open_crystals(tmp_path, n=4)


def test_forces_that_are_the_derivative_conserve_the_energy(data: Dataset, tmp_path: Path) -> None:
    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    measure_stability(InProcess(), data, n_steps=40, seed=0).record(recorder)
    recorder.conclude()
    assert [result.quantity for result in recorder.results] == [
        "energy_drift",
        "temperature_shift",
        "broken_runs",
    ]
    assert "NVE and NVT" in recorder.results[-1].reason


def test_forces_that_explode_end_every_run(data: Dataset, tmp_path: Path) -> None:
    class Exploding(EMT):
        def calculate(self, *args: object, **kwargs: object) -> None:
            super().calculate(*args, **kwargs)
            self.results["forces"] = -1e4 * self.results["forces"]

    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    runs = measure_stability(InProcess(Exploding), data, n_steps=20, seed=0, ensembles=("nve",))
    runs.record(recorder)
    found = {result.quantity: result for result in recorder.results}
    assert (found["energy_drift"].value, found["energy_drift"].verdict) == (None, Verdict.FAIL)
    assert found["broken_runs"].verdict is Verdict.FAIL
    assert found["broken_runs"].value == len(runs.indices)
    assert "ended early" in found["broken_runs"].reason
