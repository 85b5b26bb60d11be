from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.data import atomic_masses
from ase.md.verlet import VelocityVerlet
from ase.units import fs, kB

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import FloatArray, Frames, Predictions
from ms25_suite.metrics.breaks import Limits, overlap, shortest_distances
from ms25_suite.metrics.dynamics import (
    Bath,
    canonical_error,
    energy_drifts,
    initial_velocities,
    integrate,
)
from ms25_suite.metrics.finite import predict_finite
from ms25_suite.metrics.relaxation import relax
from tests.helpers.emt_path import emt

FREE = Limits({}, 1e6)


def at(temperature: float, frames: Frames) -> FloatArray:
    return np.full(len(frames), temperature)


@pytest.fixture
def frames() -> Frames:
    images = []
    for seed, symbol in enumerate(("Cu", "Ni", "Al")):
        atoms = bulk(symbol, cubic=True)
        atoms.rattle(0.05, seed=seed)
        images.append(atoms)
    return Frames.from_atoms(images)


def without(*lost: int) -> Callable[[Frames], Predictions]:
    """EMT that has no finite numbers for frames of these elements."""

    def predict(frames: Frames) -> Predictions:
        bad = [i for i in range(len(frames)) if frames.select([i]).numbers[0] in lost]
        if bad:
            msg = "not finite"
            raise NotFiniteError(msg, tuple(bad))
        return emt(frames)

    return predict


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


def test_distances_are_those_of_the_pairs_of_elements() -> None:
    water = molecule("H2O")
    found = shortest_distances(Frames.from_atoms([water, bulk("Cu", cubic=True)]), 4.0)
    assert found[1, 8] == pytest.approx(water.get_distance(0, 1))
    assert found[1, 1] == pytest.approx(water.get_distance(1, 2))
    assert found[29, 29] == pytest.approx(3.61 / np.sqrt(2))
    frames = Frames.from_atoms([water])
    assert overlap(frames, 0, {(1, 8): 0.9, (1, 1): 1.4}) is None
    pair, distance = overlap(frames, 0, {(1, 8): 0.9, (1, 1): 1.6}) or ((0, 0), 0.0)
    assert (pair, distance) == ((1, 1), pytest.approx(water.get_distance(1, 2)))
    assert overlap(frames, 0, {}) is None


def test_what_has_finite_numbers_is_predicted(frames: Frames) -> None:
    whole = emt(frames)
    found, finite = predict_finite(without(13, 29), frames)
    assert finite.tolist() == [False, True, False]
    assert np.isnan(found.energy[[0, 2]]).all()
    assert found.energy[1] == whole.energy[1]
    np.testing.assert_array_equal(found.forces[4:8], whole.forces[4:8])
    assert np.isnan(found.forces[:4]).all()
    assert not predict_finite(without(13, 28, 29), frames)[1].any()


def test_frames_are_relaxed_together(frames: Frames) -> None:
    done = relax(frames, emt, fmax=0.01, steps=60)
    assert done.converged
    assert done.fmax < 0.01
    perfect = emt(Frames.from_atoms([bulk(name, cubic=True) for name in ("Cu", "Ni", "Al")]))
    np.testing.assert_allclose(done.energies, perfect.energy, atol=1e-3)
    assert not relax(frames, emt, fmax=1e-6, steps=1).converged


def test_fixed_atoms_stay_and_lost_frames_have_no_energy(frames: Frames) -> None:
    fixed = np.zeros(len(frames.numbers), dtype=bool)
    fixed[0] = True
    done = relax(frames, without(28), fmax=0.01, steps=60, fixed=fixed)
    assert not done.converged
    assert np.isnan(done.energies).tolist() == [False, True, False]
    np.testing.assert_array_equal(done.frames.positions[0], frames.positions[0])
    np.testing.assert_array_equal(done.frames.positions[4:8], frames.positions[4:8])
    with pytest.raises(NotFiniteError, match="no frame has a finite prediction"):
        relax(frames, without(13, 28, 29), fmax=0.01, steps=5)
