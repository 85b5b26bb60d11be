from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk, molecule
from ase.io import write

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.frames import Frames
from ms25_suite.core.thresholds import Threshold
from ms25_suite.criteria.throughput.timing import (
    TimedRun,
    enough_steps,
    representative_frame,
    time_frame,
    time_potential,
    timing_plan,
)
from ms25_suite.datasets import open_dataset
from ms25_suite.metrics.throughput import N_BLOCKS
from tests.helpers.timed_runs import FakePotential

CELL = Frames.from_atoms([bulk("Cu", cubic=True) * (5, 5, 1)])
MARK = Threshold(1.0, "meV/atom/ps", "error", "a test")


def timed(mark: Threshold | None = MARK, **changes: Any) -> TimedRun:
    potential: Any = FakePotential(**changes)
    return time_frame(potential, CELL, timing_plan(CELL, 20, 0), frame=7, mark=mark)


def test_a_calculator_states_neither_device_nor_precision() -> None:
    run = timed(architecture="ase")
    assert "1 thread on a device of its own choice" in run.summary()
    assert "rounding in float32" in run.tolerances["energy"].reason


def test_the_plan_is_that_of_the_stability_check() -> None:
    plan = timing_plan(CELL, 20, 0)
    assert (plan.ensemble, plan.timestep_fs, plan.temperature_K) == ("nve", 1.0, 300.0)
    assert (plan.n_steps, plan.n_blocks, plan.warmup_steps, plan.seed) == (20, 9, 20, 1)
    water = Frames.from_atoms([molecule("H2O", vacuum=5.0)])
    assert timing_plan(water, 3, 5).timestep_fs == 0.5


@pytest.mark.parametrize(("factor", "steps"), [(1.0, 500), (100.0, 20), (1e-4, 10_000)])
def test_blocks_take_half_a_second_unless_their_steps_are_given(factor: float, steps: int) -> None:
    """The fake potential takes a millisecond for a step, times the factor."""
    potential: Any = FakePotential(factors=[factor])
    assert enough_steps(potential, CELL, 0) == steps
    (_, plan) = potential.asked[0]
    assert (plan.n_blocks, plan.warmup_steps) == (1, 10)


def dataset(path: Path, images: list[Any]) -> Any:
    for atoms in images:
        atoms.info["REF_energy"] = 0.0
    write(path / "data.extxyz", images)
    return open_dataset(str(path / "data.extxyz"))


def test_the_frame_has_the_middle_density(tmp_path: Path) -> None:
    images = [bulk("Cu", a=a, cubic=True) for a in (3.9, 3.5, 3.6, 3.8, 3.4)]
    potential: Any = FakePotential()
    assert representative_frame(potential, dataset(tmp_path, images)) == 2


def test_a_frame_without_a_cell_is_passed_over(tmp_path: Path) -> None:
    images = [molecule("H2O"), bulk("Cu", cubic=True), molecule("H2O")]
    potential: Any = FakePotential()
    assert representative_frame(potential, dataset(tmp_path, images)) == 1


def test_no_frame_has_a_cell(tmp_path: Path) -> None:
    potential: Any = FakePotential()
    data = dataset(tmp_path, [molecule("H2O"), molecule("H2O")])
    with pytest.raises(DatasetError, match="no test frame of data has a cell with a volume"):
        representative_frame(potential, data)


NOISY = [1.0, 1.4] * (N_BLOCKS // 2) + [1.0]
"""Wall times of blocks on a machine whose cores change their speed."""


@pytest.mark.parametrize(
    ("short", "given", "drift", "blocks"),
    [
        # Short blocks scatter, long ones do not: the second time there is a number.
        (1000, None, 0.0, [500, 4000]),
        # Long ones scatter as well, and it is not tried for ever.
        (10**9, None, 0.0, [500, 4000]),
        # Nothing scatters.
        (0, None, 0.0, [500]),
        # The user said how long.
        (1000, 500, 0.0, [500]),
        # There is no speed, however long it is measured.
        (1000, None, 5.0, [500]),
    ],
)
def test_a_noisy_speed_is_timed_once_more_in_longer_blocks(
    tmp_path: Path, short: int, given: int | None, drift: float, blocks: list[int]
) -> None:
    potential: Any = FakePotential(factors=NOISY, short=short, drift=drift)
    data = dataset(tmp_path, [bulk("Cu", cubic=True) * (5, 5, 1)])
    run = time_potential(potential, data, n_steps=given, seed=0, mark=MARK)
    asked = [plan for _, plan in potential.asked if plan.n_blocks == N_BLOCKS]
    assert [(plan.n_steps, plan.warmup_steps) for plan in asked] == [(n, n) for n in blocks]
    assert run.plan == asked[-1]
    assert bool(run.speed.noise) == (short >= blocks[-1])
