from __future__ import annotations

from pathlib import Path

import pytest
from ase.calculators.emt import EMT

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.held_out import HeldOutPredictions
from ms25_suite.criteria.training_rate import CRITERION
from ms25_suite.criteria.training_rate.measure import (
    TrainedSeries,
    measure_training_rate,
    predict_series,
)
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder


def _potential(n: int) -> InProcess:
    """Forces whose error falls with the square root of the training size."""

    class Trained(EMT):
        def calculate(self, *args: object, **kwargs: object) -> None:
            super().calculate(*args, **kwargs)
            self.results["forces"] = (1.0 + n**-0.5) * self.results["forces"]

    return InProcess(Trained, f"trained-{n}")


def test_a_power_law_has_its_exponent(tmp_path: Path) -> None:
    sizes = (10, 40, 160)
    series = TrainedSeries("series", {n: _potential(n) for n in sizes}, left_out=(640,))
    curve = predict_series(series, open_crystals(tmp_path), HeldOutPredictions())
    recorder = make_recorder(CRITERION, tmp_path, quantity="forces")
    measure_training_rate(curve, "forces", seed=0).record(recorder)
    rate = recorder.results[0]
    assert rate.value == pytest.approx(0.5, abs=1e-6)
    assert rate.details["learning_curve"]["sizes"] == [10, 40, 160]
    assert [found["code"] for found in rate.details["findings"]] == ["train-sizes"]


def test_the_frames_that_a_threshold_needs(tmp_path: Path) -> None:
    series = TrainedSeries("series", {n: _potential(n) for n in (10, 40, 160)})
    curve = predict_series(series, open_crystals(tmp_path), HeldOutPredictions())
    rate = measure_training_rate(curve, "forces", seed=0)
    mark = Threshold(1e3 * rate.errors[0].mae.value / 3.0, "meV/Å", "mae", "a test")
    recorder = make_recorder(CRITERION, tmp_path, quantity="forces")
    recorder.thresholds = lambda criterion, _: mark if criterion == "error_thresholds" else None
    rate.record(recorder)
    needed = recorder.results[1]
    # A third of the error at 10 frames: nine times as many.
    assert needed.quantity == "forces_frames_needed"
    assert needed.value == pytest.approx(90.0, rel=1e-3)


def test_an_error_of_zero_has_no_logarithm(tmp_path: Path) -> None:
    data = open_crystals(tmp_path)
    series = TrainedSeries("series", {n: _potential(n) for n in (10, 40, 160)})
    curve = predict_series(series, data, HeldOutPredictions())
    for point in curve.points.values():
        point.predictions.energy[:] = point.labels.energy
    with pytest.raises(
        NotApplicableError, match="an error is exactly 0, so the log-log fit is impossible"
    ):
        measure_training_rate(curve, "energy", seed=0)
