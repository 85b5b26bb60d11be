from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.throughput import CRITERION
from ms25_suite.criteria.throughput.measure import measure_size_cost, measure_throughput
from ms25_suite.criteria.throughput.timing import time_potential
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.dataset import Dataset
from tests.helpers.recording import make_recorder
from tests.helpers.timed_runs import FakePotential

DRIFT = Threshold(1.0, "meV/atom/ps", "error", "a test")
NOISE = (1.0, 1.5, 1.0, 1.5, 1.0, 1.5, 1.0, 1.5, 1.2)


@pytest.fixture(scope="module")
def hea() -> Dataset:
    return open_dataset("hea")


def results(
    dataset: Dataset,
    tmp_path: Path,
    potential: Any,
    threshold: Threshold | None = None,
    sizes: tuple[int, ...] = (),
) -> dict[str, CheckResult]:
    marks = {} if threshold is None else {"katoms_per_s": threshold}
    recorder = make_recorder(CRITERION, tmp_path, marks, potential=potential.name)
    timed = time_potential(potential, dataset, n_steps=20, seed=0, mark=DRIFT)
    measure_throughput(timed).record(recorder)
    measure_size_cost(potential, dataset, timed, sizes).record(recorder)
    return {result.quantity: result for result in recorder.results}


def minimum(value: float) -> Threshold:
    return Threshold(value, "kAtoms/s", "measurement", "mine", at_least=True)


def test_without_a_minimum_a_speed_is_a_measurement(hea: Dataset, tmp_path: Path) -> None:
    found = results(hea, tmp_path, FakePotential())
    assert {name: result.verdict for name, result in found.items()} == {
        "lammps_energy": Verdict.PASS,
        "lammps_forces": Verdict.PASS,
        "lammps_stress": Verdict.PASS,
        "lammps_drift": Verdict.PASS,
        "katoms_per_s": None,
        "ms_per_step": None,
        "peak_memory": None,
    }
    speed = found["katoms_per_s"]
    assert (speed.value, speed.unit) == (pytest.approx(100), "kAtoms/s")
    assert speed.reason.startswith("108 atoms (frame ")
    assert speed.details["throughput"]["n_atoms"] == 108
    assert found["ms_per_step"].value == pytest.approx(1.08)
    assert found["lammps_energy"].threshold == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("mark", "verdict"), [(90.0, Verdict.PASS), (110.0, Verdict.FAIL), (100.1, Verdict.UNDECIDED)]
)
def test_a_minimum_decides(hea: Dataset, tmp_path: Path, mark: float, verdict: Verdict) -> None:
    potential = FakePotential(factors=[1.0, 0.99, 1.01, 0.98, 1.02, 1.0, 0.99, 1.01, 1.0])
    speed = results(hea, tmp_path, potential, minimum(mark))["katoms_per_s"]
    assert (speed.verdict, speed.threshold, speed.at_least) == (verdict, mark, True)


@pytest.mark.parametrize(
    ("changes", "culprit"),
    [
        ({"energy_off": 1e-4}, "lammps_energy"),
        ({"drift": 20.0}, "lammps_drift"),
        ({"has_stress": False}, "lammps_stress"),
    ],
)
def test_what_computes_something_else_has_no_speed(
    hea: Dataset, tmp_path: Path, changes: dict[str, Any], culprit: str
) -> None:
    potential: Any = FakePotential(**changes)
    found = results(hea, tmp_path, potential, minimum(1.0), sizes=(500,))
    failed = {name for name, result in found.items() if result.verdict is Verdict.FAIL}
    assert failed == {culprit, "katoms_per_s"}
    assert found["katoms_per_s"].value is None
    assert found["katoms_per_s"].reason.startswith("speed not reported: ")
    assert not {"ms_per_step", "katoms_per_s_500", "size_exponent"} & set(found)
    assert len(potential.asked) == 1


def test_noise_is_no_number(hea: Dataset, tmp_path: Path) -> None:
    found = results(hea, tmp_path, FakePotential(factors=NOISE), minimum(1.0))
    speed = found["katoms_per_s"]
    assert (speed.value, speed.verdict) == (None, Verdict.UNDECIDED)
    assert speed.reason.startswith("too noisy for a number")
    assert len(speed.details["throughput"]["blocks"]) == 9
    assert "ms_per_step" not in found


def test_other_programs_are_a_finding(hea: Dataset, tmp_path: Path) -> None:
    speed = results(hea, tmp_path, FakePotential(cpu=0.4))["katoms_per_s"]
    (finding,) = speed.details["findings"]
    assert finding["code"] == "crowded"


def test_cost_against_size(hea: Dataset, tmp_path: Path) -> None:
    potential = FakePotential(exponent=1.5)
    found = results(hea, tmp_path, potential, sizes=(2000, 500, 8000))
    assert [n_atoms for n_atoms, _ in potential.asked] == [108, 432, 1944, 6912]
    assert [plan.n_steps for _, plan in potential.asked] == [20, 5, 1, 1]
    exponent = found["size_exponent"]
    assert (exponent.value, exponent.unit) == (pytest.approx(1.5), "1")
    assert exponent.interval == pytest.approx((1.5, 1.5))
    assert "108 to 6912 atoms; memory: 300 MiB and 10 KiB per atom" in exponent.reason
    cost = exponent.details["size_cost"]
    assert cost["n_atoms"] == [108, 432, 1944, 6912]
    # 1 ms at 100 atoms.
    assert cost["prefactor_ms"] == pytest.approx(1e-3)
    assert found["katoms_per_s_500"].value == pytest.approx(100 * (432 / 100) ** -0.5)
    assert "432 atoms (frame " in found["katoms_per_s_500"].reason
    assert "largest_system" not in found


def test_sizes_that_are_noisy_still_tell_how_the_cost_grows(hea: Dataset, tmp_path: Path) -> None:
    found = results(hea, tmp_path, FakePotential(factors=NOISE, exponent=1.5), sizes=(500, 8000))
    assert found["katoms_per_s_500"].value is None
    exponent = found["size_exponent"]
    assert exponent.value == pytest.approx(1.5)
    assert exponent.reason.endswith("; times of 108, 432, 6912 atoms were noisy")


def test_the_memory_ends_the_series(hea: Dataset, tmp_path: Path) -> None:
    potential = FakePotential(most_atoms=3000)
    found = results(hea, tmp_path, potential, sizes=(500, 2000, 8000, 20000))
    largest = found["largest_system"]
    assert (largest.value, largest.unit, largest.verdict) == (1944.0, "atoms", None)
    assert largest.reason == ("6912 atoms could not be run: a frame of 6912 atoms does not fit")
    assert found["size_exponent"].details["size_cost"]["too_large"] == 6912
    assert not {"katoms_per_s_8000", "katoms_per_s_20000"} & set(found)


def test_the_same_supercell_is_run_once(hea: Dataset, tmp_path: Path) -> None:
    potential = FakePotential()
    found = results(hea, tmp_path, potential, sizes=(50, 420, 440))
    assert [n_atoms for n_atoms, _ in potential.asked] == [108, 432]
    assert found["katoms_per_s_420"].value == found["katoms_per_s_440"].value
    assert found["size_exponent"].interval is None
