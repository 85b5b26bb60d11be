from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.extensivity import (
    doubled,
    lowest_height,
    periodic_heights,
    small_frames,
    supercell_errors,
    supercell_tolerances,
)


@pytest.fixture
def images() -> list[Atoms]:
    """A crystal in a skewed cell, a slab that is periodic in two directions, and a molecule."""
    crystal = bulk("NiO", "rocksalt", a=4.2)
    crystal.rattle(0.1, seed=0)
    return [crystal, fcc111("Cu", (2, 1, 2), vacuum=5.0), molecule("H2O")]


def test_doubled_frames_are_those_that_ase_makes(images: list[Atoms]) -> None:
    twice, source, axis = doubled(Frames.from_atoms(images))
    assert source.tolist() == [0, 0, 0, 1, 1]
    assert axis.tolist() == [0, 1, 2, 0, 1]
    for index in range(5):
        repeat = [1, 1, 1]
        repeat[axis[index]] = 2
        expected, found = images[source[index]] * repeat, twice.atoms(index)
        assert np.array_equal(found.numbers, expected.numbers)
        assert found.positions == pytest.approx(expected.positions)
        assert found.cell.array == pytest.approx(expected.cell.array)
        assert np.array_equal(found.pbc, expected.pbc)


def test_frames_without_periodicity_have_no_double() -> None:
    twice, source, _ = doubled(Frames.from_atoms([molecule("H2O")]))
    assert (len(twice), len(source)) == (0, 0)


def test_frames_that_are_too_large_or_not_periodic_are_left_out(images: list[Atoms]) -> None:
    large = bulk("Cu", cubic=True) * (7, 6, 6)
    frames = Frames.from_atoms([large, images[2], *images, *images[:2] * 3])
    assert small_frames(frames).tolist() == [2, 3, 5, 6]


def _predictions(frames: Frames, energy_per_atom: float = -3.0) -> Predictions:
    forces = np.arange(3.0 * len(frames.numbers)).reshape(-1, 3)
    return Predictions(energy=energy_per_atom * frames.n_atoms, forces=forces)


def test_differences_are_found_where_they_are(images: list[Atoms]) -> None:
    frames = Frames.from_atoms(images)
    twice, source, axis = doubled(frames)
    once = _predictions(frames)
    first = [once.forces[frames.frame_of_atom == index] for index in source]
    forces = np.concatenate([np.tile(part, (2, 1)) for part in first])
    same = Predictions(energy=-3.0 * twice.n_atoms, forces=forces)
    found = supercell_errors(frames, once, source, axis, same)
    assert (found.energy, found.forces) == (0.0, 0.0)
    energy, other = same.energy.copy(), forces.copy()
    energy[4] += 0.5
    # The second atom of the copy of the crystal that is doubled along b.
    other[int(twice.offsets[1]) + 3, 2] -= 0.25
    found = supercell_errors(frames, once, source, axis, Predictions(energy, other))
    assert found.energy == pytest.approx(0.5 / 8)
    assert (found.energy_frame, found.energy_axis) == (1, 1)
    assert found.forces == pytest.approx(0.25)
    assert (found.forces_frame, found.forces_axis) == (0, 1)


def test_predictions_without_forces_are_refused(images: list[Atoms]) -> None:
    frames = Frames.from_atoms(images)
    twice, source, axis = doubled(frames)
    energies = Predictions(energy=np.zeros(len(frames)))
    with pytest.raises(ValueError, match="with energies and forces"):
        supercell_errors(frames, energies, source, axis, _predictions(twice))


def test_the_tolerance_grows_with_what_is_rounded() -> None:
    energy, forces = supercell_tolerances("float64", -20.0)
    assert (energy.value, forces.value) == (1e-6, 1e-6)
    energy, forces = supercell_tolerances("float32", -20.0)
    assert energy.value == pytest.approx(1e-6 + 16 * 2**-23 * 20.0, rel=0.05)
    assert forces.value == pytest.approx(1e-6 + 16 * 2**-23 * 100.0, rel=0.05)
    assert "float32" in energy.reason
    # Still far below what is asked of a potential: 2.5 meV/atom and 35 meV/Å.
    assert energy.value < 0.0025 / 25
    assert forces.value < 0.035 / 100


def test_heights_of_a_cell_are_those_of_its_periodic_directions() -> None:
    cell = np.array([[5.0, 0, 0], [1.0, 4.0, 0], [0.3, 0.4, 7.0]])
    volume = np.linalg.det(cell)
    sides = [np.cross(cell[1], cell[2]), np.cross(cell[2], cell[0]), np.cross(cell[0], cell[1])]
    expected = volume / np.linalg.norm(sides, axis=1)
    assert periodic_heights(cell, (True, True, True)) == pytest.approx(expected)
    cell[2] = 0.0
    assert periodic_heights(cell, (False, True, False)) == pytest.approx([4.0])


def test_the_lowest_height_is_that_of_all_frames(images: list[Atoms]) -> None:
    assert lowest_height(Frames.from_atoms(images[:1])) == pytest.approx(4.2 / np.sqrt(3))
    assert lowest_height(Frames.from_atoms(images[2:])) is None
