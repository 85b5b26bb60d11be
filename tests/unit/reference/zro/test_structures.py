"""Random structures of Zr and O."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.data import reference_states

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.reference.zro import structures as zro_structures
from ms25_suite.reference.zro.structures import (
    MINIMUM_DISTANCES_A,
    StructureRanges,
    closeness,
    random_structure,
    volume,
)


@pytest.fixture(scope="module")
def structures() -> list[Atoms]:
    rng = np.random.default_rng(1)
    return [random_structure(StructureRanges(), rng) for _ in range(40)]


def test_no_two_atoms_are_too_close(structures: list[Atoms]) -> None:
    for atoms in structures:
        # With the images of the cell around it, and without the neighbour list of the module.
        crowd = atoms.repeat((3, 3, 3))
        middle = 13 * len(atoms)
        for index in range(middle, middle + len(atoms)):
            distances = np.linalg.norm(crowd.positions - crowd.positions[index], axis=1)
            distances[index] = np.inf
            for number in (40, 8):
                pair = (max(number, crowd.numbers[index]), min(number, crowd.numbers[index]))
                nearest = distances[crowd.numbers == number].min()
                assert nearest > MINIMUM_DISTANCES_A[pair] - 1e-3


def test_compositions_and_volumes_fill_their_ranges(structures: list[Atoms]) -> None:
    ranges = StructureRanges()
    sizes = np.array([len(atoms) for atoms in structures])
    oxygen = np.array([np.count_nonzero(atoms.numbers == 8) for atoms in structures])
    assert ranges.fewest_atoms <= sizes.min() < 14
    assert 22 < sizes.max() <= ranges.most_atoms
    shares = oxygen / sizes
    assert ranges.lowest_oxygen <= shares.min() < 0.55
    assert 0.8 < shares.max() <= ranges.highest_oxygen
    plain = [volume(int(n - o), int(o)) for n, o in zip(sizes, oxygen, strict=True)]
    relative = np.array([atoms.get_volume() for atoms in structures]) / plain
    assert 1.0 <= relative.min() < 1.1
    assert 1.4 < relative.max() <= 1.5
    assert all(atoms.pbc.all() for atoms in structures)


def test_structures_differ_and_depend_on_the_seed_only() -> None:
    def two(seed: int) -> list[Atoms]:
        rng = np.random.default_rng(seed)
        return [random_structure(StructureRanges(), rng) for _ in range(2)]

    first, again, other = two(3), two(3), two(4)
    assert first == again
    assert first[0] != first[1]
    assert first[0] != other[0]


def test_volumes_are_those_of_the_phases() -> None:
    state = reference_states[40]
    hcp = np.sqrt(3) / 4 * state["a"] ** 3 * state["c/a"]
    assert volume(1, 0) == pytest.approx(hcp, abs=0.01)
    assert volume(4, 8) == pytest.approx(
        5.1505 * 5.2116 * 5.3173 * np.sin(np.radians(99.23)), abs=0.2
    )
    solid = 5.403 * 3.429 * 5.086 * np.sin(np.radians(132.53)) / 4
    assert volume(1, 6) - volume(1, 2) == pytest.approx(4 * solid, abs=0.3)


def test_closeness_is_relative_to_the_pair() -> None:
    cell = {"cell": [9.0, 9.0, 9.0], "pbc": True}
    assert closeness(Atoms("ZrO", [[0, 0, 0], [1.9 / 2, 0, 0]], **cell)) == pytest.approx(0.5)
    assert closeness(Atoms("O2", [[0, 0, 0], [8.0, 0, 0]], **cell)) == pytest.approx(0.5)
    assert closeness(Atoms("ZrO", [[0, 0, 0], [2.1, 0, 0]], **cell)) == np.inf


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lowest_oxygen": 0.8, "highest_oxygen": 0.6}, "range of the share of O .* 0.8 to 0.6"),
        ({"highest_oxygen": 1.2}, "share of O within 0 and 1"),
        ({"fewest_atoms": 1}, "number of atoms within 2 and inf"),
        ({"smallest_volume": 0.0}, "volume within 0.1 and 10"),
        ({"lowest_oxygen": 0.95, "highest_oxygen": 1.0}, "at least one Zr in 12 to 19 atoms"),
    ],
)
def test_bad_ranges_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        StructureRanges(**{"most_atoms": 19, **settings})


def test_cells_that_are_too_small_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zro_structures, "MOST_TRIES", 2)
    ranges = StructureRanges(smallest_volume=0.3, largest_volume=0.3, most_atoms=12)
    with pytest.raises(ReferenceCalculatorError, match=r"no positions for .* take larger volumes"):
        random_structure(ranges, np.random.default_rng(1))
