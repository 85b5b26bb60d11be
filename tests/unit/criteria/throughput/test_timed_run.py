from __future__ import annotations

from typing import Any

import pytest
from ase.build import bulk

from ms25_suite.core.errors import LammpsError
from ms25_suite.core.frames import Frames
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.throughput.timed_run import TimedRun
from ms25_suite.criteria.throughput.timing import time_frame, timing_plan
from tests.helpers.timed_runs import FakePotential

CELL = Frames.from_atoms([bulk("Cu", cubic=True) * (5, 5, 1)])
MARK = Threshold(1.0, "meV/atom/ps", "error", "a test")


def timed(mark: Threshold | None = MARK, **changes: Any) -> TimedRun:
    potential: Any = FakePotential(**changes)
    return time_frame(potential, CELL, timing_plan(CELL, 20, 0), frame=7, mark=mark)


def test_what_agrees_has_a_speed() -> None:
    run = timed()
    assert (run.disagreement, run.refusal, run.crowded) == ("", "", "")
    run.require_speed()
    # 100 atoms, 1 ms per step.
    assert run.speed.median == pytest.approx(100)
    assert run.shares == pytest.approx({"model": 0.6, "neighbour list": 0.1, "LAMMPS": 0.3})
    assert run.summary() == (
        "100 atoms (frame 7), fix external, 1 thread on cpu, 1 ms/step: 60 % model, "
        "10 % neighbour list, 30 % LAMMPS; 301 MiB"
    )
    details = run.details().to_dict()
    assert details["blocks"] == pytest.approx([100] * 9)
    assert (details["lammps_version"], details["device"], details["threads"]) == (
        20250722,
        "cpu",
        1,
    )
    assert details["cpu"]


@pytest.mark.parametrize("off", [2e-6, -2e-6])
def test_another_energy_has_none(off: float) -> None:
    run = timed(energy_off=off)
    assert run.refusal.startswith("speed not reported: LAMMPS (fix external) and the")
    assert "energy differs by" in run.refusal
    assert "meV/atom (tolerance 0.001)" in run.refusal
    with pytest.raises(LammpsError, match="speed not reported"):
        run.require_speed()


@pytest.mark.parametrize("off", [0.0, 5e-7])
def test_rounding_is_no_difference(off: float) -> None:
    assert timed(energy_off=off).refusal == ""


@pytest.mark.parametrize("drift", [3.0, -3.0])
def test_a_run_that_heats_or_cools_has_no_speed(drift: float) -> None:
    run = timed(drift=drift)
    assert run.disagreement == ""
    assert f"the total energy drifts by {drift:+g} meV/atom/ps" in run.refusal
    assert "(at most 1)" in run.refusal
    assert run.drift_size.value == pytest.approx(3.0)


def test_a_drift_below_the_mark_or_without_one_is_none() -> None:
    assert timed(drift=0.5).refusal == ""
    assert timed(None, drift=50.0).refusal == ""


def test_a_process_that_had_no_core_of_its_own_is_noticed() -> None:
    assert "had a core for 50 % of the measured time" in timed(cpu=0.5).crowded
    assert timed(cpu=0.95).crowded == ""
    # A calculator may compute on a GPU, while the processor waits.
    assert timed(cpu=0.5, architecture="ase").crowded.endswith(
        "or the potential runs on another device"
    )
