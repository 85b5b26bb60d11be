"""Trajectories of many frames at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.md.verlet import VelocityVerlet
from ase.units import fs, kB

from ms25_suite.core.frames import FloatArray, Frames, Predictions
from ms25_suite.metrics.dynamics.bath import Bath
from ms25_suite.metrics.dynamics.breaks import Limits
from ms25_suite.metrics.dynamics.trajectories import (
    energy_drifts,
    initial_velocities,
    integrate,
    timestep_fs,
)
from tests.helpers.emt_path import emt
from tests.helpers.three_metals import without

FREE = Limits({}, 1e6)


def at(temperature: float, frames: Frames) -> FloatArray:
    return np.full(len(frames), temperature)


def test_velocities_have_the_temperature_and_no_momentum() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True) * (5, 5, 5), bulk("Al", cubic=True)])
    velocities = initial_velocities(frames, at(300.0, frames), 0)
    masses = np.where(frames.numbers == 29, 63.546, 26.9815385)
    for index, n_atoms in enumerate(frames.n_atoms):
        own = frames.frame_of_atom == index
        np.testing.assert_allclose((masses[own, None] * velocities[own]).sum(axis=0), 0, atol=1e-9)
        if n_atoms > 100:
            kinetic = 0.5 * (masses[own, None] * velocities[own] ** 2).sum()
            assert kinetic / (1.5 * n_atoms * kB) == pytest.approx(300, rel=0.05)
    np.testing.assert_array_equal(velocities, initial_velocities(frames, at(300.0, frames), 0))
    assert not np.array_equal(velocities, initial_velocities(frames, at(300.0, frames), 1))


def test_frames_have_their_own_temperatures_and_need_not_rest() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True) * (5, 5, 5)] * 2)
    at_rest = np.array([True, False])
    velocities = initial_velocities(frames, np.array([300.0, 1200.0]), 0, at_rest=at_rest)
    momenta = velocities.reshape(2, -1, 3).sum(axis=1)
    assert np.abs(momenta[0]).max() < 1e-9 < 1e-3 < np.abs(momenta[1]).max()
    squares = (velocities.reshape(2, -1) ** 2).sum(axis=1)
    assert squares[1] / squares[0] == pytest.approx(4, rel=0.1)


def test_trajectories_are_those_of_ase(frames: Frames) -> None:
    velocities = initial_velocities(frames, at(300.0, frames), 0)
    found = integrate(frames, emt, velocities, timestep_fs=2.0, n_steps=10, limits=FREE)
    assert found.breaks == (None, None, None)
    np.testing.assert_allclose(found.times[[0, 10]], [0, 0.02])
    for index in range(len(frames)):
        atoms = frames.atoms(index)
        atoms.calc = EMT()
        atoms.set_velocities(velocities[frames.frame_of_atom == index])
        energies = [atoms.get_total_energy() / len(atoms)]
        dynamics = VelocityVerlet(atoms, timestep=2.0 * fs)
        for _ in range(10):
            dynamics.run(1)
            energies.append(atoms.get_total_energy() / len(atoms))
        np.testing.assert_allclose(found.energies[index], energies, atol=1e-10)
        np.testing.assert_allclose(found.last.atoms(index).positions, atoms.positions, atol=1e-8)


def test_a_linear_rise_is_its_slope(frames: Frames) -> None:
    velocities = initial_velocities(frames, at(300.0, frames), 0)
    found = integrate(frames, emt, velocities, timestep_fs=1.0, n_steps=20, limits=FREE)
    found.energies[1] = 5.0 + 0.003 * found.times
    found.energies[2] = np.nan
    drifts = energy_drifts(found)
    assert abs(drifts[0]) < 1.0
    assert drifts[1] == pytest.approx(3.0)


def test_a_frame_that_is_lost_leaves_the_others_alone(frames: Frames) -> None:
    velocities = initial_velocities(frames, at(300.0, frames), 0)
    options: dict[str, Any] = {"timestep_fs": 1.0, "n_steps": 5, "limits": FREE}
    whole = integrate(frames, emt, velocities, **options)
    found = integrate(frames, without(28), velocities, **options)
    assert [broken and (broken.kind, broken.step) for broken in found.breaks] == [
        None,
        ("not-finite", 0),
        None,
    ]
    np.testing.assert_array_equal(found.energies[[0, 2]], whole.energies[[0, 2]])
    assert np.isnan(found.energies[1]).all()
    assert np.isnan(energy_drifts(found)).tolist() == [False, True, False]


def test_frames_with_and_without_a_bath_share_a_batch(frames: Frames) -> None:
    velocities = initial_velocities(frames, at(300.0, frames), 0)
    options: dict[str, Any] = {"timestep_fs": 2.0, "n_steps": 5, "limits": FREE}
    alone = integrate(frames, emt, velocities, **options)
    bath = Bath(at(300.0, frames), np.array([0.0, 10.0, 0.0]), 0)
    found = integrate(frames, emt, velocities, bath=bath, **options)
    np.testing.assert_array_equal(found.energies[[0, 2]], alone.energies[[0, 2]])
    assert np.ptp(found.energies[1]) > 10 * np.ptp(alone.energies[1])
    # A frame that is lost takes no random number from the others.
    bath = Bath(at(300.0, frames), at(10.0, frames), 0)
    whole = integrate(frames, emt, velocities, bath=bath, **options)
    found = integrate(frames, without(13), velocities, bath=bath, **options)
    np.testing.assert_array_equal(found.energies[:2], whole.energies[:2])
    assert np.isnan(found.temperatures[2]).all()


def test_forces_that_explode_end_a_run(frames: Frames) -> None:
    velocities = initial_velocities(frames, at(300.0, frames), 0)
    found = integrate(frames, emt, velocities, timestep_fs=1.0, n_steps=3, limits=Limits({}, 1e-3))
    assert [broken.kind for broken in found.breaks if broken] == ["forces"] * 3
    assert "a force component of " in str(found.breaks[0])


def test_atoms_that_run_into_each_other_end_a_run() -> None:
    pair = Atoms("Cu2", [[0, 0, 0], [4.0, 0, 0]])
    frames = Frames.from_atoms([pair])
    velocities = np.array([[0.4, 0, 0], [-0.4, 0, 0]])

    def free(frames: Frames) -> Predictions:
        return Predictions(np.zeros(len(frames)), np.zeros((len(frames.numbers), 3)))

    found = integrate(
        frames,
        free,
        velocities,
        timestep_fs=1.0,
        n_steps=60,
        limits=Limits({(29, 29): 1.5}, 1e6),
    )
    (broken,) = found.breaks
    assert broken is not None
    # 4 Å shrink by 0.8 Å in 10.18 fs.
    assert (broken.kind, broken.step) == ("overlap", 32)
    assert broken.message == "Cu and Cu are 1.49 Å apart, closer than 1.50 Å"
    assert np.isnan(found.energies[0, 32:]).all()


def test_the_time_step_is_shorter_with_hydrogen() -> None:
    assert timestep_fs(Frames.from_atoms([bulk("Cu")])) == 1.0
    assert timestep_fs(Frames.from_atoms([bulk("Cu"), molecule("H2O")])) == 0.5
