from __future__ import annotations

import math

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.pairs import pairs
from ms25_suite.metrics.novelty.nearest import KnownEnvironments
from tests.helpers.guises import alloys, disguised, rattled

KNOWN = alloys(12)


@pytest.fixture(scope="module")
def known() -> KnownEnvironments:
    found = KnownEnvironments.of(Frames.from_atoms(KNOWN), pairs)
    assert found is not None
    return found


def distances(known: KnownEnvironments, images: list[Atoms]) -> np.ndarray:
    return known.distances(Frames.from_atoms(images), pairs)


@pytest.mark.parametrize("by", [0.005, 0.02])
def test_the_distance_is_that_of_a_random_displacement(known: KnownEnvironments, by: float) -> None:
    copies = [rattled(atoms, by, seed) for seed, atoms in enumerate(KNOWN)]
    found = distances(known, copies)
    # The larger one of two elements, of 12 atoms each.
    assert found == pytest.approx(by, rel=0.5)
    assert np.median(found) == pytest.approx(by, rel=0.2)


def test_a_known_frame_is_at_no_distance_in_any_guise(known: KnownEnvironments) -> None:
    guises = disguised(KNOWN[5])
    assert dict(zip(guises, distances(known, list(guises.values())), strict=True)) == pytest.approx(
        dict.fromkeys(guises, 0.0), abs=1e-4
    )


def test_independent_frames_are_as_far_as_known_ones_from_each_other(
    known: KnownEnvironments,
) -> None:
    found = distances(known, alloys(12, seed=99))
    assert found.min() > 0.6 * known.typical
    assert np.median(found) == pytest.approx(known.typical, rel=0.2)
    assert known.typical > 3 * 0.02


def test_copies_among_the_known_frames_do_not_make_all_others_far(
    known: KnownEnvironments,
) -> None:
    turned = [disguised(atoms)["rotated"] for atoms in KNOWN]
    augmented = KnownEnvironments.of(Frames.from_atoms([*KNOWN, *turned]), pairs)
    assert augmented is not None
    # All have a copy: nothing is known of how far independent frames are.
    assert math.isnan(augmented.typical)


def test_new_elements_are_infinitely_far_also_as_neighbours_they_count(
    known: KnownEnvironments,
) -> None:
    other = KNOWN[0].copy()
    other.numbers[0] = 46
    assert distances(known, [other, KNOWN[1]]) == pytest.approx([math.inf, 0.0], abs=1e-4)
    partly = Frames.from_atoms([KNOWN[0][KNOWN[0].numbers == 28]])
    nickel = KnownEnvironments.of(partly, pairs)
    assert nickel is not None
    assert math.isinf(nickel.distances(Frames.from_atoms([KNOWN[0]]), pairs)[0])


def test_a_few_molecules_count_as_much_as_what_is_below_them() -> None:
    surface = alloys(1, rattle=0.0)[0]
    surface.cell[2, 2] += 12.0
    surface.pbc = [True, True, False]
    images = [surface + Atoms("CO", [[1.0, 1.0, 7.3], [1.0, 1.0, 8.4]]) for _ in range(2)]
    images[1].positions[-1, 2] += 0.3
    known = KnownEnvironments.of(Frames.from_atoms(images[:1]), pairs)
    assert known is not None
    assert distances(known, images[1:])[0] > 0.05


def test_atoms_without_neighbours_have_no_environment() -> None:
    alone = [Atoms("Cu", [[0, 0, 0]]) for _ in range(3)]
    assert KnownEnvironments.of(Frames.from_atoms(alone), pairs) is None
