"""A heat bath: canonical averages of oscillators and free particles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_masses
from ase.units import fs, kB

from ms25_suite.core.frames import FloatArray, Frames, Predictions
from ms25_suite.metrics.dynamics.bath import Bath, RandomForces, atom_masses, canonical_error
from ms25_suite.metrics.dynamics.breaks import Limits
from ms25_suite.metrics.dynamics.trajectories import (
    initial_velocities,
    integrate,
)

FREE = Limits({}, 1e6)


def at(temperature: float, frames: Frames) -> FloatArray:
    return np.full(len(frames), temperature)


OMEGA = 0.06
"""Angular frequency of the oscillators in 1/fs: a period of 100 fs."""

PARTICLES = Frames.from_atoms([Atoms("Cu8", np.zeros((8, 3)))] * 200)


def oscillators(frames: Frames) -> Predictions:
    """Atoms that are bound to the origin, each for itself."""
    stiffness = atomic_masses[29] * (OMEGA / fs) ** 2
    each = 0.5 * stiffness * (frames.positions**2).sum(axis=1)
    energy = np.bincount(frames.frame_of_atom, weights=each, minlength=len(frames))
    return Predictions(energy, -stiffness * np.asarray(frames.positions))


def in_bath(*, temperature: float, n_steps: int, timestep_fs: float = 10.0, seed: int = 0) -> Any:
    """The oscillators from thermal positions and velocities in a bath of 20 per ps."""
    width = np.sqrt(kB * temperature / atomic_masses[29]) / (OMEGA / fs)
    positions = width * np.random.default_rng(5).normal(size=PARTICLES.positions.shape)
    frames = replace(PARTICLES, positions=positions)
    resting = np.zeros(len(frames), dtype=bool)
    bath = Bath(at(temperature, frames), at(20.0, frames), seed)
    return width, integrate(
        frames,
        oscillators,
        initial_velocities(frames, bath.temperatures, seed, at_rest=resting),
        timestep_fs=timestep_fs,
        n_steps=n_steps,
        limits=FREE,
        bath=bath,
    )


def test_oscillators_in_a_bath_are_canonical() -> None:
    """Positions without an error of the time step; velocities with that of BAOAB."""
    width, found = in_bath(temperature=600.0, n_steps=50)
    expected = 600.0 * (1.0 - (OMEGA * 10.0) ** 2 / 4.0)
    # The standard errors are 0.7 %, 2 % and, of a variance, 3 %.
    later = found.temperatures[:, 10:]
    assert later.mean() == pytest.approx(expected, rel=0.025)
    assert np.var(found.last.positions) == pytest.approx(width**2, rel=0.08)
    # The kinetic temperature of 8 atoms fluctuates by 2 T^2 / 3 N.
    assert later.var() == pytest.approx(2 * expected**2 / (3 * 8), rel=0.1)


def test_a_hole_that_constant_energy_does_not_reach_ends_a_run_in_a_bath() -> None:
    """From rest in their wells atoms get half of the heat, and a bath brings the other half."""
    edge = 2.8 * np.sqrt(kB * 600.0 / atomic_masses[29]) / (OMEGA / fs)

    def with_hole(frames: Frames) -> Predictions:
        found = oscillators(frames)
        assert found.forces is not None
        outside = np.abs(frames.positions) > edge
        return Predictions(found.energy, np.where(outside, 1e3, found.forces))

    frames = PARTICLES.select(range(8))
    temperatures = at(600.0, frames)
    velocities = np.clip(initial_velocities(frames, temperatures, 0), -0.1, 0.1)
    frictions = np.array([0.0] * 4 + [20.0] * 4)
    found = integrate(
        frames,
        with_hole,
        velocities,
        timestep_fs=5.0,
        n_steps=200,
        limits=Limits({}, 100.0),
        bath=Bath(temperatures, frictions, 0),
    )
    assert [broken and broken.kind for broken in found.breaks] == [None] * 4 + ["forces"] * 4
    assert all(broken.step > 5 for broken in found.breaks if broken)


def test_the_mean_temperature_scatters_as_was_said() -> None:
    _, found = in_bath(temperature=300.0, n_steps=80, timestep_fs=3.0)
    means = found.temperatures.mean(axis=1)
    expected = canonical_error(300.0, 8, 20.0, float(found.times[-1]))
    # 200 runs know their own scatter to 5 %.
    assert means.std() == pytest.approx(expected, rel=0.2)
    # Of a run that is short against the memory of the bath each moment says the same.
    assert canonical_error(300.0, 8, 20.0, 1e-6) == pytest.approx(300 * np.sqrt(2 / 24), rel=1e-3)
    assert canonical_error(300.0, 8, 20.0, 1e3) == pytest.approx(300 * np.sqrt(2 / 24 / 2e4), 1e-3)


def test_a_cold_start_is_heated_at_the_rate_of_the_friction() -> None:
    """Free particles: the missing energy decays as exp(-2 friction t)."""
    bath = Bath(at(500.0, PARTICLES), at(5.0, PARTICLES), 0)

    def free(frames: Frames) -> Predictions:
        return Predictions(np.zeros(len(frames)), np.zeros((len(frames.numbers), 3)))

    found = integrate(
        PARTICLES,
        free,
        np.zeros_like(PARTICLES.positions),
        timestep_fs=5.0,
        n_steps=30,
        limits=FREE,
        bath=bath,
    )
    expected = 500.0 * (1.0 - np.exp(-10.0 * found.times))
    np.testing.assert_allclose(found.temperatures.mean(axis=0), expected, atol=20.0)


def test_a_bath_is_that_of_its_seed_and_without_friction_none() -> None:
    _, first = in_bath(temperature=300.0, n_steps=5)
    _, again = in_bath(temperature=300.0, n_steps=5)
    _, other = in_bath(temperature=300.0, n_steps=5, seed=1)
    np.testing.assert_array_equal(first.last.positions, again.last.positions)
    assert not np.array_equal(first.last.positions, other.last.positions)


def test_without_friction_velocities_are_kept() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True)])
    velocities = np.random.default_rng(0).normal(size=(4, 3))
    forces = RandomForces(Bath(at(300.0, frames), at(0.0, frames), 0), frames, 1.0)
    np.testing.assert_array_equal(forces.applied(velocities), velocities)


def test_a_long_step_forgets_the_velocities() -> None:
    """Then they are thermal: k T / m for each component."""
    frames = Frames.from_atoms([bulk("Cu", cubic=True) * (6, 6, 6)])
    forces = RandomForces(Bath(at(300.0, frames), at(1e6, frames), 3), frames, 1e3)
    found = forces.applied(np.full((len(frames.numbers), 3), 1e3))
    expected = kB * 300.0 / atom_masses(frames)[0]
    assert found.var() == pytest.approx(expected, rel=0.08)
    assert abs(found.mean()) < 5 * np.sqrt(expected / found.size)
