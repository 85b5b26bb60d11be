"""Rows of the table "Content"."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

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


@row("positions or cells that are not finite, labels that are infinite")
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
    assert re.search("finite|NaN|infinit", message)


@row("`stress` or `virial` of six numbers")
@pytest.mark.parametrize("key", ["stress", "virial"])
def test_six_numbers(
    judge: Callable[..., Outcome], images: list[Atoms], dataset: Dataset, emt: str, key: str
) -> None:
    for atoms in images:
        voigt = atoms.info.pop("REF_stress")
        factor = 1.0 if key == "stress" else -atoms.get_volume()
        atoms.info[f"REF_{key}"] = factor * voigt[[0, 1, 2, 3, 4, 5]]
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}")
    judged = {r["quantity"]: r["verdict"] for r in outcome.results if r["metric"] == "mae"}
    assert judged == {"energy": "pass", "forces": "pass", "stress": "pass"}


@row("`stress` or `virial` of another number of components")
@pytest.mark.parametrize("key", ["stress", "virial"])
def test_seven_numbers(refused: Refused, images: list[Atoms], dataset: Dataset, key: str) -> None:
    for atoms in images:
        atoms.info[f"REF_{key}"] = np.append(atoms.info.pop("REF_stress"), 0.0)
    message = refused(dataset(images))
    assert "frame 0" in message
    assert "7" in message


@row("hidden files in a folder (`._x.extxyz` of macOS)")
def test_hidden_files(
    judge: Callable[..., Outcome], images: list[Atoms], dataset: Dataset, emt: str
) -> None:
    Path("folder").mkdir()
    Path(dataset(images)).rename("folder/x.extxyz")
    Path("folder/._x.extxyz").write_bytes(b"\0\5\26\7")
    outcome = judge(f"--mlip={emt}", "--dataset=folder")
    assert {r["n_frames"] for r in outcome.results if r["metric"] == "mae"} == {30}


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
        (isolate, "gives it the energy of a free atom"),
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


@row("frames that say that their calculation did not converge (`converged=F`)")
def test_frames_that_did_not_converge(
    warned: Callable[[list[Atoms]], str], images: list[Atoms]
) -> None:
    for index, atoms in enumerate(images):
        atoms.info["converged"] = index not in (3, 8)
    found = warned(images)
    assert "converge" in found
    assert "3, 8" in found
