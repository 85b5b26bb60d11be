from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.io import write

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.neb_barrier import CRITERION
from ms25_suite.criteria.neb_barrier.details import KEY
from ms25_suite.criteria.neb_barrier.measure import measure_neb
from ms25_suite.datasets import Dataset
from tests.helpers.copper_data import open_crystals
from tests.helpers.emt_path import hop, relaxed
from tests.helpers.in_process import InProcess
from tests.helpers.recording import make_recorder

CARD = '[neb]\npath = "path.extxyz"\nbarrier = {barrier}\n'
MIDDLE_A = 2.5526  # x of the adatom between the two sites
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


class Ridge(EMT):
    """A narrow ridge in the middle of the hop, off which the springs keep the images."""

    def calculate(self, *args: Any, **kwargs: Any) -> None:
        super().calculate(*args, **kwargs)
        x = self.atoms.positions[-1, 0] - MIDDLE_A
        top = 0.3 * np.exp(-((x / 0.2) ** 2))
        self.results["energy"] += top
        self.results["forces"][-1, 0] += 2 * top * x / 0.2**2


def test_the_barrier_before_climbing_is_recorded_beside(tmp_path: Path) -> None:
    """Of four images none is on a ridge between the second and the third."""
    write(tmp_path / "path.extxyz", hop(n_images=4))
    data = open_crystals(tmp_path, card=CARD.format(barrier=0.8), n=2)
    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    found = measure_neb(InProcess(Ridge), data, steps=200)
    found.record(recorder)
    results = {(r.quantity, r.metric): r for r in recorder.results}
    plain = results["barrier_without_climbing", "measurement"]
    climbed = results["barrier", "measurement"]
    assert plain.value < climbed.value - 0.1
    assert (plain.verdict, plain.unit) == (None, "eV")
    assert plain.reason.startswith("converged in ")
    assert "steps of climbing after" in results["barrier", "error"].reason
    details = results["barrier", "error"].details[KEY]
    assert details["climb"] is True
    assert details["without_climbing"]["barrier"] == plain.value

    recorder = make_recorder(CRITERION, tmp_path, MARKS)
    measure_neb(InProcess(Ridge), data, steps=200, climb=False).record(recorder)
    results = {(r.quantity, r.metric): r for r in recorder.results}
    assert results["barrier", "measurement"].value == plain.value
    assert "steps without climbing" in results["barrier", "error"].reason
    assert ("barrier_without_climbing", "measurement") not in results
    assert results["barrier", "error"].details[KEY]["climb"] is False


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
