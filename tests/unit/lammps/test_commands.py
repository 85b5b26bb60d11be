"""Commands for LAMMPS, as text."""

from __future__ import annotations

from typing import Any

import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import LammpsError, UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.commands import (
    check_fit,
    ensemble_commands,
    minimise_command,
    neighbour_commands,
    place_atoms,
    space_commands,
)
from ms25_suite.lammps.plan import MdPlan


def box(atoms: Atoms) -> Box:
    return Box.from_frame(Frames.from_atoms([atoms]))


CRYSTAL = bulk("Cu", cubic=True)


def slab() -> Atoms:
    atoms = CRYSTAL.copy()
    atoms.pbc = (True, True, False)
    return atoms


class Recorder:
    """A LAMMPS that records its commands, and creates all atoms but some."""

    def __init__(self, lost: int = 0) -> None:
        self.commands: list[str] = []
        self.lost = lost

    def command(self, text: str) -> None:
        self.commands.append(text)

    def create_atoms(self, n: int, *_: Any) -> int:
        return n - self.lost


def test_damping_times_are_100_and_1000_steps_unless_given() -> None:
    plan = MdPlan(ensemble="npt", n_steps=1, temperature_K=300.0, timestep_fs=2.0)
    motion = "fix ms25_motion all npt temp 300.0 300.0 0.2 iso 0.0 0.0 2.0 flip no"
    assert ensemble_commands(plan)[-1] == motion
    given = MdPlan(
        ensemble="npt",
        n_steps=1,
        temperature_K=300.0,
        thermostat_fs=50.0,
        barostat_fs=500.0,
        pressure_bar=7.0,
        coupling="tri",
    )
    assert ensemble_commands(given)[-1].endswith("0.05 tri 7.0 7.0 0.5 flip no")


def test_units_are_picoseconds() -> None:
    assert ensemble_commands(MdPlan(ensemble="nve", n_steps=1, timestep_fs=0.5))[0] == (
        "timestep 0.0005"
    )


def test_atoms_start_at_rest_without_a_temperature() -> None:
    still = ensemble_commands(MdPlan(ensemble="nve", n_steps=1))
    assert not any(line.startswith("velocity") for line in still)
    warm = ensemble_commands(MdPlan(ensemble="nvt", n_steps=1, temperature_K=300.0, seed=9))
    assert "velocity all create 300.0 9 mom yes rot no dist gaussian" in warm
    assert warm[-1].startswith("fix ms25_motion all nvt temp 300.0")


def test_a_minimisation_has_no_integrator() -> None:
    plan = MdPlan(ensemble="minimize", n_steps=200_000_000, force_tolerance=0.5)
    assert ensemble_commands(plan)[-2:] == ["min_style cg", "min_modify norm max"]
    # No more evaluations than LAMMPS can count.
    assert minimise_command(plan) == f"minimize 0.0 0.5 200000000 {2**31 - 1}"


def test_directions_without_periodicity_are_shrink_wrapped() -> None:
    lines = space_commands(box(slab()), newton=False)
    assert "boundary p p s" in lines
    assert "newton off" in lines
    assert "newton on" in space_commands(box(slab()), newton=True)


def test_the_skin_is_that_of_the_plan() -> None:
    plan = MdPlan(ensemble="nve", n_steps=1, skin_A=0.7)
    assert neighbour_commands(plan)[0] == "neighbor 0.7 bin"


def test_types_get_their_masses() -> None:
    atoms = CRYSTAL.copy()
    atoms.symbols[0] = "Ni"
    lammps = Recorder()
    place_atoms(lammps, box(atoms), MdPlan(ensemble="nve", n_steps=1))
    masses = [line.split()[1:] for line in lammps.commands if line.startswith("mass")]
    assert [(int(n), float(mass)) for n, mass in masses] == [
        (1, pytest.approx(58.6934)),
        (2, pytest.approx(63.546)),
    ]
    assert "create_box 2 ms25_box" in lammps.commands


def test_atoms_that_lammps_does_not_create_are_noticed() -> None:
    with pytest.raises(LammpsError, match="created 3 of 4 atoms"):
        place_atoms(Recorder(lost=1), box(CRYSTAL), MdPlan(ensemble="nve", n_steps=1))


def test_a_plan_that_does_not_fit_the_frame_is_refused() -> None:
    npt = MdPlan(ensemble="npt", n_steps=1, temperature_K=300.0)
    check_fit(npt, box(CRYSTAL))
    with pytest.raises(UsageError, match=r"periodic in all three.*\[True, True, False\].*'nvt'"):
        check_fit(npt, box(slab()))
    lone = box(bulk("Cu"))
    with pytest.raises(UsageError, match=r"two atoms or more.*repeat the cell"):
        check_fit(MdPlan(ensemble="nve", n_steps=1, temperature_K=300.0), lone)
    check_fit(MdPlan(ensemble="nve", n_steps=1), lone)
