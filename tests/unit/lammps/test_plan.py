"""Plans of runs in LAMMPS, and how they and their results travel."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.plan import LammpsRun, MdPlan, Thermo
from ms25_suite.potentials.workers.wire import pack_run, unpack_run


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ensemble": "nph"}, "ensemble .* must be one of nve, nvt, npt, minimize, found 'nph'"),
        ({"coupling": "xy"}, "coupling .* must be one of iso, aniso, tri, found 'xy'"),
        ({"n_steps": 0}, "n_steps .* integer from 1 to .*, found 0"),
        ({"n_steps": 10.0}, "n_steps .* integer from 1 to .*, found 10.0"),
        ({"n_steps": True}, "n_steps .* integer from 1 to .*, found True"),
        ({"n_blocks": 0}, "n_blocks .* found 0"),
        ({"warmup_steps": -1}, "warmup_steps .* from 0 to .*, found -1"),
        ({"thermo_every": 0}, "thermo_every .* found 0"),
        ({"seed": 0}, "seed .* from 1 to 900000000, found 0"),
        ({"timestep_fs": 0.0}, "timestep_fs .* positive finite number, found 0.0"),
        ({"timestep_fs": float("nan")}, "timestep_fs .* positive finite number, found nan"),
        ({"skin_A": -1.0}, "skin_A .* positive finite number, found -1.0"),
        ({"force_tolerance": 0.0}, "force_tolerance .* positive finite number"),
        ({"temperature_K": 0.0}, "temperature_K .* positive finite number, found 0.0"),
        ({"thermostat_fs": -5.0}, "thermostat_fs .* positive finite number"),
        ({"barostat_fs": float("inf")}, "barostat_fs .* positive finite number, found inf"),
        ({"pressure_bar": float("nan")}, "pressure_bar .* must be finite, found nan"),
        ({"ensemble": "nvt"}, "'nvt' needs a temperature.*temperature_K, or .* 'nve'"),
        ({"ensemble": "npt"}, "'npt' needs a temperature"),
        ({"ensemble": "minimize", "n_blocks": 2}, "one block without a warm-up, found n_blocks=2"),
        ({"ensemble": "minimize", "warmup_steps": 3}, "warmup_steps=3: leave both out"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        MdPlan(**{"ensemble": "nve", "n_steps": 10, **values})


def test_a_plan_travels_as_plain_types() -> None:
    plan = MdPlan(ensemble="npt", n_steps=5, temperature_K=300.0, coupling="tri", skin_A=0.5)
    record = plan.to_dict()
    assert all(isinstance(value, int | float | str | None) for value in record.values())
    assert MdPlan.from_dict(record) == plan


def _flat(value: Any) -> list[Any]:
    if isinstance(value, LammpsRun | Thermo | Frames):
        return [part for field in fields(value) for part in _flat(getattr(value, field.name))]
    return [value]


def test_a_run_travels_whole() -> None:
    rng = np.random.default_rng(0)
    run = LammpsRun(
        route="fix external",
        lammps_version=20250722,
        n_atoms=4,
        energy=-1.5,
        forces=rng.normal(size=(4, 3)),
        stress=np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan]),
        thermo=Thermo(np.array([0, 10, 20]), *rng.normal(size=(4, 3))),
        wall_s=rng.random(2),
        cpu_s=rng.random(2),
        model_s=rng.random(2),
        neighbour_s=rng.random(2),
        neighbour_builds=7,
        peak_memory_bytes=1 << 33,
        threads=2,
        final=Frames.from_atoms([bulk("Cu", cubic=True)]),
    )
    for found, expected in zip(_flat(unpack_run(pack_run(run))), _flat(run), strict=True):
        np.testing.assert_array_equal(found, expected)
