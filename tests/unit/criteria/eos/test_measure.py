from __future__ import annotations

from pathlib import Path

import pytest
from ase.calculators.emt import EMT
from ase.io import write

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.eos import CRITERION
from ms25_suite.criteria.eos.measure import measure_eos
from ms25_suite.datasets import Dataset
from tests.helpers.copper_data import open_crystals
from tests.helpers.emt_data import strained
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder

CARD = """[eos]
files = ["curves.extxyz"]
observable = "volume"
"""
MARKS = {"volume": Threshold(1.0, "%", "error", "a test")}


class Pressed(EMT):
    """EMT under a pressure of 0.05 eV/Å^3, which moves the minimum."""

    def calculate(self, *args: object, **kwargs: object) -> None:
        super().calculate(*args, **kwargs)
        self.results["energy"] += 0.05 * self.atoms.get_volume()


class Rising(EMT):
    """An energy that only rises with the volume: the cell collapses."""

    def calculate(self, *args: object, **kwargs: object) -> None:
        super().calculate(*args, **kwargs)
        self.results["energy"] = self.atoms.get_volume()


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    write(tmp_path / "curves.extxyz", strained([29] * 4, "Cu"))
    return open_crystals(tmp_path, card=CARD, n=2)


def test_the_reference_has_no_error(data: Dataset, tmp_path: Path) -> None:
    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    measure_eos(InProcess(), data, relaxed=False).record(recorder)
    recorder.conclude()
    found = {result.quantity: result for result in recorder.results}
    assert found["volume"].value == pytest.approx(0.0, abs=1e-6)
    assert found["bulk_modulus"].verdict is None
    assert found["unfit_curves"].verdict is Verdict.PASS


def test_a_pressure_moves_the_minimum(data: Dataset, tmp_path: Path) -> None:
    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    measure_eos(InProcess(Pressed), data, relaxed=False).record(recorder)
    volume = recorder.results[0]
    assert (volume.quantity, volume.verdict) == ("volume", Verdict.FAIL)
    assert "-" in volume.reason.split()[0]


def test_a_cell_that_collapses_has_no_volume(data: Dataset, tmp_path: Path) -> None:
    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    measure_eos(InProcess(Rising), data, relaxed=False).record(recorder)
    found = {result.quantity: result for result in recorder.results}
    assert (found["volume"].value, found["volume"].verdict) == (None, Verdict.FAIL)
    assert "collapsed" in found["volume"].reason
    assert (found["unfit_curves"].value, found["unfit_curves"].verdict) == (1.0, Verdict.FAIL)


def test_without_such_curves_the_check_does_not_apply(data: Dataset) -> None:
    with pytest.raises(NotApplicableError, match="no curves with relaxed atoms"):
        measure_eos(InProcess(), data, relaxed=True)
