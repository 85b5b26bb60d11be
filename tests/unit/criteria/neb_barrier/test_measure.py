from __future__ import annotations

from pathlib import Path

import pytest
from ase.calculators.emt import EMT
from ase.io import write

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.neb_barrier import CRITERION
from ms25_suite.criteria.neb_barrier.measure import measure_neb
from ms25_suite.datasets import Dataset
from tests.helpers.copper_data import open_crystals
from tests.helpers.emt_path import hop, relaxed
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder

CARD = '[neb]\npath = "path.extxyz"\nbarrier = {barrier}\n'
MARKS = {"barrier": Threshold(0.06, "eV", "error", "a test")}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("hop")
    images = relaxed(hop())
    energies = []
    for atoms in images:
        atoms.calc = EMT()
        energies.append(atoms.get_potential_energy())
        atoms.calc = None
        atoms.info["REF_energy"] = energies[-1]
    write(folder / "path.extxyz", images)
    barrier = max(energies) - energies[0]
    return open_crystals(folder, card=CARD.format(barrier=barrier), n=2)


def test_the_reference_finds_its_own_barrier(data: Dataset, tmp_path: Path) -> None:
    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    measure_neb(InProcess(), data, steps=200).record(recorder)
    recorder.conclude()
    error, barrier = recorder.results[:2]
    assert error.verdict is Verdict.PASS
    assert error.value < 0.01
    assert (barrier.metric, barrier.verdict) == ("measurement", None)


def test_a_band_that_is_not_converged_is_no_barrier(data: Dataset, tmp_path: Path) -> None:
    class Stiff(EMT):
        """Forces that are a hundred times too large are never as small as the goal."""

        def calculate(self, *args: object, **kwargs: object) -> None:
            super().calculate(*args, **kwargs)
            for name in ("energy", "forces"):
                self.results[name] = 100.0 * self.results[name]

    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    measure_neb(InProcess(Stiff), data, steps=1).record(recorder)
    assert recorder.results[0].verdict is Verdict.FAIL
    assert recorder.results[0].value is None
    assert "not converged" in recorder.results[0].reason


def test_without_a_path_the_check_does_not_apply(tmp_path: Path) -> None:
    with pytest.raises(NotApplicableError, match="has no path of a reaction"):
        measure_neb(InProcess(), open_crystals(tmp_path, n=2), steps=1)
