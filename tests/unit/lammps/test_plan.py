"""Plans of runs in LAMMPS, and how they and their results travel."""

from __future__ import annotations

from typing import Any

import pytest

from ms25_suite.core.errors import UsageError
from ms25_suite.lammps.plan import MdPlan


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
