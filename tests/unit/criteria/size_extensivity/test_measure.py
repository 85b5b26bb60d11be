from __future__ import annotations

from pathlib import Path

import pytest
from ase.calculators.emt import EMT

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.size_extensivity import CRITERION
from ms25_suite.criteria.size_extensivity.measure import measure_size_extensivity
from tests.helpers.copper_data import Shifted
from tests.helpers.recording import make_recorder
from tests.unit.criteria.test_transfer import make_transfer

MARKS = {"forces": Threshold(35.0, "meV/Å", "mae", "a test")}


@pytest.mark.parametrize(("calculator", "verdict"), [(EMT, Verdict.PASS), (Shifted, Verdict.FAIL)])
def test_the_reference_passes_and_wrong_forces_fail(
    tmp_path: Path, calculator: type, verdict: Verdict
) -> None:
    transfer = make_transfer(tmp_path, calculator)
    recorder = make_recorder(CRITERION, tmp_path, MARKS, quantity="forces", test_dataset="other")
    measure_size_extensivity(transfer, "forces").record(recorder)
    assert recorder.results[0].verdict is verdict
    assert recorder.results[0].quantity == "forces"


def test_without_predictions_it_does_not_apply(tmp_path: Path) -> None:
    class NoStress(EMT):
        implemented_properties = ("energy", "free_energy", "forces")

        def calculate(self, *args: object, **kwargs: object) -> None:
            super().calculate(*args, **kwargs)
            self.results.pop("stress", None)

    with pytest.raises(NotApplicableError, match="the potential predicts no stress"):
        measure_size_extensivity(make_transfer(tmp_path, NoStress), "stress")
