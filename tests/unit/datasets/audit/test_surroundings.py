from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit import surroundings
from ms25_suite.datasets.audit.surroundings import at_symmetric_sites, closeness, evenly, unlike


def symmetric(atoms: Atoms) -> list[bool]:
    frames = Frames.from_atoms([atoms])
    return list(at_symmetric_sites(frames, 0, np.ones(len(atoms), dtype=bool)))


@pytest.mark.parametrize(
    "crystal", [bulk("Cu"), bulk("Si"), bulk("Ti"), bulk("MgO", "rocksalt", a=4.2)]
)
def test_all_sites_of_simple_crystals_are_symmetric(crystal: Atoms) -> None:
    assert all(symmetric(crystal))
    assert all(symmetric(crystal * (2, 2, 2)))


def test_a_displacement_of_a_hundredth_of_an_angstrom_is_seen() -> None:
    crystal = bulk("Cu", cubic=True) * 2
    crystal.positions[3, 0] += 0.01
    assert not symmetric(crystal)[3]
    # Coordinates that are rounded to four digits are not.
    rounded = bulk("Si", a=5.4321, cubic=True) * 2
    rounded.positions = rounded.positions.round(4)
    assert all(symmetric(rounded))


def test_sites_without_inversion() -> None:
    """The middle of a tetrahedron, and no corner of it."""
    assert symmetric(molecule("CH4")) == [True, False, False, False, False]


def test_elements_count() -> None:
    chain = Atoms("OCS", [[-1.2, 0.0, 0.0], [0.0, 0.0, 0.0], [1.2, 0.0, 0.0]])
    assert symmetric(chain) == [False, False, False]


def test_atoms_that_are_not_asked_for_are_not_reported() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True)])
    asked = np.array([True, False, False, True])
    assert list(at_symmetric_sites(frames, 0, asked)) == list(asked)


def test_closeness_is_relative_to_covalent_radii() -> None:
    frames = Frames.from_atoms([Atoms("Cu2", [[0.0, 0.0, 0.0], [0.0, 0.0, 1.32]]), Atoms("Cu")])
    nearest, bonds = closeness(frames, 0)
    np.testing.assert_allclose(nearest, [0.5, 0.5])
    np.testing.assert_allclose(bonds, [1, 1])
    assert np.isinf(closeness(frames, 1)[0]).all()


def test_other_kinds_of_structures(monkeypatch: pytest.MonkeyPatch) -> None:
    images = []
    for seed in range(6):
        atoms = bulk("Cu", cubic=True) * 2
        atoms.rattle(0.1, seed=seed)
        images.append(atoms)
    dimer = Atoms("Cu2", [[0.0, 0.0, 0.0], [0.0, 0.0, 2.3]])
    pressed = images[0].copy()
    pressed.set_cell(0.75 * pressed.cell, scale_atoms=True)
    frames = Frames.from_atoms([*images, dimer, pressed])
    assert list(unlike(frames, np.array([5, 6, 7]), np.arange(5))) == [False, True, True]
    assert len(unlike(frames, np.array([], dtype=np.int64), np.arange(5))) == 0
    monkeypatch.setattr(surroundings, "_LOOKED_AT", 2)
    # Frames in between are taken to be as the one before them.
    found = unlike(frames, np.array([6, 6, 6, 5]), np.arange(5))
    assert list(found) == [True, True, True, False]


def test_evenly_keeps_both_ends() -> None:
    assert list(evenly(np.arange(10), 3)) in ([0, 4, 9], [0, 5, 9])
    assert list(evenly(np.arange(3), 5)) == [0, 1, 2]
