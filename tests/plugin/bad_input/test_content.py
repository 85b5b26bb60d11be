"""Rows of the table "Content"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Refused = Callable[[object], str]
Dataset = Callable[..., str]
Change = Callable[[Atoms], object]


@row("periodic frame without cell or volume")
@pytest.mark.parametrize("cell", [[0, 0, 0], [[3, 0, 0], [6, 0, 0], [0, 0, 3]]])
def test_no_volume(
    refused: Refused, images: list[Atoms], dataset: Dataset, cell: list[object]
) -> None:
    for index in (3, 8):
        images[index].cell = cell
        images[index].pbc = True
    message = refused(dataset(images))
    assert "3" in message
    assert "8" in message
    assert "should be periodic, but their cells have no vector in that direction" in message


@row("positions, cells or labels that are not finite")
@pytest.mark.parametrize(
    "change",
    [
        lambda atoms: atoms.positions.__setitem__((2, 1), np.nan),
        lambda atoms: atoms.cell.__setitem__(0, [np.inf, 0, 0]),
        lambda atoms: atoms.info.__setitem__("REF_energy", np.inf),
        lambda atoms: atoms.arrays["REF_forces"].__setitem__((2, 1), np.inf),
    ],
    ids=["position", "cell", "energy", "force"],
)
def test_not_finite(
    refused: Refused, images: list[Atoms], dataset: Dataset, change: Change
) -> None:
    change(images[7])
    message = refused(dataset(images))
    assert "7" in message
    assert "finite" in message


@pytest.fixture
def warned(
    judge: Callable[..., Outcome], dataset: Dataset, emt: str
) -> Callable[[list[Atoms]], str]:
    def run(images: list[Atoms]) -> str:
        return judge(f"--mlip={emt}", f"--dataset={dataset(images)}").warnings

    return run


def scale(atoms: Atoms, *, energy: float = 1.0, forces: float = 1.0) -> None:
    atoms.info["REF_energy"] *= energy
    atoms.arrays["REF_forces"] = forces * atoms.arrays["REF_forces"]


HARTREE = 27.211386


@pytest.fixture
def one_cell() -> list[Atoms]:
    """Frames of the same atoms in the same cell, little displaced."""
    rng = np.random.default_rng(0)
    images = []
    for _ in range(40):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.rattle(0.02, rng=rng)
        atoms.calc = EMT()
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        atoms.calc = None
        atoms.info["REF_energy"] = energy
        atoms.arrays["REF_forces"] = forces
        images.append(atoms)
    return images


@row("energies or forces of some frames in another unit, in frames that are alike otherwise")
@pytest.mark.parametrize(
    ("factors", "words"),
    [({"energy": 1 / HARTREE}, "Hartree"), ({"forces": 23.06}, "kcal/mol/Å")],
    ids=["energies", "forces"],
)
def test_units_of_some(
    warned: Callable[[list[Atoms]], str],
    one_cell: list[Atoms],
    factors: dict[str, float],
    words: str,
) -> None:
    for atoms in one_cell:
        # As that of an all-electron code: far from zero.
        atoms.info["REF_energy"] -= 40.0 * len(atoms)
    for index in (2, 5, 11):
        scale(one_cell[index], **factors)
    found = warned(one_cell)
    assert words in found
    assert "2, 5, 11" in found


@row("energies and forces in different units, gradients in place of forces")
@pytest.mark.parametrize(
    ("factor", "words"), [(23.06, "kcal/mol/Å (23.06)"), (-1.0, "the sign is reversed")]
)
def test_forces_that_do_not_fit_the_energies(
    warned: Callable[[list[Atoms]], str], one_cell: list[Atoms], factor: float, words: str
) -> None:
    for atoms in one_cell:
        scale(atoms, forces=factor)
    assert words in warned(one_cell)


@row("forces of fixed atoms set to zero, forces that do not add up to zero")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda atoms: atoms.arrays["REF_forces"].__setitem__(slice(0, 3), 0.0), "exactly zero"),
        (lambda atoms: atoms.arrays["REF_forces"].__iadd__(0.1), "do not add up to zero"),
    ],
    ids=["fixed", "sum"],
)
def test_forces_that_are_none(
    warned: Callable[[list[Atoms]], str], images: list[Atoms], change: Change, words: str
) -> None:
    for atoms in images:
        change(atoms)
    assert words in warned(images)


def overlap(atoms: Atoms) -> None:
    atoms.positions[1] = atoms.positions[0] + [0.1, 0, 0]


def isolate(atoms: Atoms) -> None:
    """Far from the others, in a cell with much room."""
    atoms.set_cell(atoms.cell.array + np.diag([0, 0, 30.0]))
    atoms.positions[5] = atoms.positions[0] + [0, 0, 15.0]


@row("overlapping or isolated atoms; outliers of energies or forces")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (overlap, "have atoms closer than"),
        (isolate, "evaporated"),
        (lambda atoms: atoms.info.__setitem__("REF_energy", 200.0), "off the others"),
        (lambda atoms: atoms.arrays["REF_forces"].__setitem__(0, 80.0), "strongest bonds bear"),
    ],
    ids=["overlap", "isolated", "energy", "force"],
)
def test_outliers(
    warned: Callable[[list[Atoms]], str], images: list[Atoms], change: Change, words: str
) -> None:
    for atoms in images:
        atoms.info["REF_energy"] -= 4.0 * len(atoms)
    change(images[7])
    found = warned(images)
    assert words in found
    assert "7" in found
