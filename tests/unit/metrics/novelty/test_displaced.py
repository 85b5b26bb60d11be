from __future__ import annotations

import math

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from ms25_suite.core.frames import Frames
from ms25_suite.metrics.novelty.displaced import displacements
from tests.helpers.guises import alloys, disguised, rattled

KNOWN = alloys(4)


def displaced(images: list[Atoms], known: list[Atoms] = KNOWN) -> np.ndarray:
    return displacements(Frames.from_atoms(images), Frames.from_atoms(known))


def test_it_is_the_length_of_the_displacement_of_an_atom() -> None:
    moved = rattled(KNOWN[2], 0.02)
    moves = moved.positions - KNOWN[2].positions
    lengths = np.linalg.norm(moves - moves.mean(axis=0), axis=1)
    assert displaced([moved])[0] == pytest.approx(np.sqrt((lengths**2).mean()), rel=1e-3)


@pytest.mark.parametrize("guise", ["rotated", "translated", "wrapped"])
def test_a_turned_cell_a_shift_and_wrapped_atoms_are_no_displacement(guise: str) -> None:
    assert displaced([disguised(KNOWN[1])[guise]])[0] == pytest.approx(0.0, abs=1e-4)


def test_only_the_same_atoms_in_the_same_order_are_compared() -> None:
    fewer, slab = KNOWN[0][:-1], KNOWN[0].copy()
    slab.pbc = [True, True, False]
    found = displaced([disguised(KNOWN[0])["permuted"], fewer, slab])
    assert all(map(math.isinf, found))


def test_a_strain_counts_as_what_it_moves_a_neighbour() -> None:
    strained = KNOWN[0].copy()
    strained.set_cell(1.01 * strained.cell.array, scale_atoms=True)
    assert displaced([strained])[0] == pytest.approx(3.0 * 0.01 * 3**0.5, rel=0.05)


def test_molecules_have_no_cell() -> None:
    moved = molecule("C2H6")
    moved.positions += [5.0, 0.0, 0.0]
    moved.positions[0] += [0.0, 0.08, 0.0]
    found = displaced([moved], [molecule("CH4"), molecule("C2H6")])
    assert found[0] == pytest.approx(0.08 * np.sqrt(7) / 8, rel=1e-3)


def test_independent_frames_of_one_crystal_are_far() -> None:
    images = alloys(6, seed=5)
    for atoms in images:
        atoms.numbers = KNOWN[0].numbers
    assert displaced(images[1:], images[:1]).min() > 0.2
