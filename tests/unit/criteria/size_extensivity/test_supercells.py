from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.results import Verdict
from ms25_suite.criteria.size_extensivity import CRITERION
from ms25_suite.criteria.size_extensivity.supercells import (
    SUPERCELL_QUANTITIES,
    measure_supercell,
    predict_supercells,
)
from tests.helpers.copper_data import Shifted, open_crystals
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder


class NotExtensive(Shifted):
    """An energy that grows with the square of the number of atoms."""

    factor = 1.0

    def calculate(self, *args: object, **kwargs: object) -> None:
        super().calculate(*args, **kwargs)
        self.results["energy"] += 1e-3 * len(self.atoms) ** 2


def test_an_extensive_potential_passes(tmp_path: Path) -> None:
    supercells = predict_supercells(InProcess(), open_crystals(tmp_path, n=3))
    for quantity in SUPERCELL_QUANTITIES:
        recorder = make_recorder(CRITERION, tmp_path, quantity=quantity)
        measure_supercell(supercells, quantity).record(recorder)
        recorder.conclude()
        (result,) = recorder.results
        assert result.verdict is Verdict.PASS
        assert result.details["findings"] == []


def test_one_that_is_not_extensive_fails_with_its_likely_causes(tmp_path: Path) -> None:
    supercells = predict_supercells(InProcess(NotExtensive), open_crystals(tmp_path, n=3))
    recorder = make_recorder(CRITERION, tmp_path, quantity="supercell_energy")
    measure_supercell(supercells, "supercell_energy").record(recorder)
    (result,) = recorder.results
    assert result.verdict is Verdict.FAIL
    # E(2n)/2n - E(n)/n = 1e-3 n eV for cells of 4 atoms.
    assert result.value == pytest.approx(4.0, rel=1e-6)
    assert "doubled along" in result.reason
    assert [entry["code"] for entry in result.details["findings"]] == ["not-extensive"]


def test_large_cells_are_not_doubled(tmp_path: Path) -> None:
    data = open_crystals(tmp_path, n=1, repeat=7)
    with pytest.raises(DatasetError, match="so the check cannot be made"):
        predict_supercells(InProcess(), data)
