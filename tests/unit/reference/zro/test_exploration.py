"""Molecular dynamics and contour exploration, with Lennard-Jones atoms."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.lj import LennardJones

from ms25_suite.reference.zro.exploration import (
    ExplorationSettings,
    contour,
    molecular_dynamics,
    relax,
    thermal_energy,
)

SETTINGS = ExplorationSettings()


def crystal() -> Atoms:
    """Four atoms of an fcc crystal of ZrO composition, pushed out of the minimum."""
    atoms = bulk("Zr", "fcc", a=3.9, cubic=True)
    atoms.numbers[:2] = 8
    atoms.rattle(0.05, seed=1)
    return atoms


def lennard_jones() -> LennardJones:
    return LennardJones(sigma=2.4, epsilon=1.0, rc=5.0, smooth=True)


def test_relaxation_goes_downhill_and_stops() -> None:
    atoms = crystal()
    before = crystal()
    before.calc = lennard_jones()
    part = crystal()
    after_two = relax(part, lennard_jones(), 2)
    energy = relax(atoms, lennard_jones(), 100)
    assert energy < after_two < before.get_potential_energy()
    assert atoms.calc is None
    atoms.calc = lennard_jones()
    assert np.linalg.norm(atoms.get_forces(), axis=1).max() < 0.05


def test_contour_keeps_its_energy_and_leaves_the_minimum() -> None:
    atoms = crystal()
    minimum = relax(atoms, lennard_jones(), 100)
    excess = thermal_energy(len(atoms), 1000.0)
    images = list(
        islice(
            contour(atoms, lennard_jones(), SETTINGS, minimum + excess, np.random.default_rng(2)), 4
        )
    )
    for image in images:
        assert not image.info
        assert image.calc is None
        image.calc = lennard_jones()
        # The potentiostat of the method is good to some percent (Waters and Rondinelli 2021).
        assert image.get_potential_energy() - minimum == pytest.approx(excess, rel=0.1)
    steps = [np.linalg.norm(b.positions - a.positions) for a, b in pairwise(images)]
    assert min(steps) > 0.1
    longest = SETTINGS.contour_spacing_steps * SETTINGS.longest_step_A
    assert max(steps) < longest
    assert not np.allclose(images[0].positions, atoms.positions, atol=0.05)


def test_dynamics_is_as_hot_as_asked() -> None:
    atoms = crystal()
    minimum = relax(atoms, lennard_jones(), 100)
    settings = ExplorationSettings(equilibration_steps=50, spacing_steps=10)
    temperature = 300.0
    images = molecular_dynamics(
        atoms, lennard_jones(), settings, temperature, np.random.default_rng(3)
    )
    excess = []
    for image in islice(images, 40):
        assert not image.has("momenta")
        image.calc = lennard_jones()
        excess.append(image.get_potential_energy() - minimum)
    # Nine vibrations of four atoms: 1.5 (n - 1) k T, with a third of that as the standard
    # deviation of one frame; 40 frames are worth 20 or so that are independent.
    assert np.mean(excess) == pytest.approx(1.5 * 3 * units.kB * temperature, rel=0.25)


def test_spacing_is_the_number_of_steps_between_frames() -> None:
    def positions(spacing: int, n: int) -> np.ndarray:
        settings = ExplorationSettings(equilibration_steps=4, spacing_steps=spacing)
        images = molecular_dynamics(
            crystal(), lennard_jones(), settings, 300.0, np.random.default_rng(5)
        )
        return next(islice(images, n, None)).positions

    np.testing.assert_allclose(positions(6, 1), positions(2, 3), rtol=0, atol=1e-9)
    assert np.abs(positions(6, 1) - positions(6, 0)).max() > 1e-3


def test_the_same_seed_gives_the_same_frames() -> None:
    def run(seed: int) -> list[np.ndarray]:
        rng = np.random.default_rng(seed)
        settings = ExplorationSettings(contour_equilibration_steps=5, contour_spacing_steps=2)
        images = contour(crystal(), lennard_jones(), settings, -5.0, rng)
        return [image.positions for image in islice(images, 2)]

    np.testing.assert_array_equal(run(1), run(1))
    assert not np.allclose(run(1), run(2))


def test_thermal_energy_is_that_of_harmonic_vibrations() -> None:
    assert thermal_energy(10, 1000.0) == pytest.approx(1.5 * 10 * units.kB * 1000.0)
