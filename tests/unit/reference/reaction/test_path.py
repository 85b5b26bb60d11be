"""The nudged elastic band, on a model surface of two wells."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.reaction.neb import N_IMAGES
from ms25_suite.reference.reaction.path import mark, nudged_band, reference_path
from ms25_suite.reference.reaction.surface import CARBON, HYDROGENS, frozen

START, MIDDLE, END = 0.0, 1.5, 3.0
BARRIER_eV = 0.2


class Wells(Calculator):
    """The first hydrogen moves along x over a barrier, all else is held by springs."""

    implemented_properties = ("energy", "forces")

    def __init__(self, origin: np.ndarray) -> None:
        super().__init__()
        self.origin = origin

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        away = self.atoms.positions - self.origin
        x = away[HYDROGENS[0], 0]
        # Wells at 0, 1.5 and 3 Å.
        energy = 0.5 * BARRIER_eV * (1 - np.cos(2 * np.pi * x / MIDDLE))
        forces = -5.0 * away
        energy += 2.5 * ((away**2).sum() - x**2)
        forces[HYDROGENS[0], 0] = (
            -0.5 * BARRIER_eV * np.sin(2 * np.pi * x / MIDDLE) * 2 * np.pi / MIDDLE
        )
        self.results = {"energy": energy, "forces": forces}


def ends() -> tuple[Atoms, Atoms]:
    rng = np.random.default_rng(1)
    positions = rng.uniform(0.0, 20.0, (CARBON + 5, 3))
    positions[CARBON:] = [[5, 5, 40], [5, 6, 40], [8, 9, 41], [9, 5, 42], [7, 2, 40]]
    initial = Atoms(f"Pt{CARBON}CH4", positions, cell=[20, 20, 60], pbc=True)
    initial.set_constraint(frozen(initial))
    final = initial.copy()
    final.positions[HYDROGENS[0], 0] += END
    return initial, final


def test_band_is_cut_at_its_intermediate_state() -> None:
    initial, final = ends()
    origin = initial.positions.copy()
    images = nudged_band(initial, final, lambda: Wells(origin), n_images=(9, 13, 5, 9, 7))
    assert len(images) == 2 * 7 - 1
    along = [image.positions[HYDROGENS[0], 0] - origin[HYDROGENS[0], 0] for image in images]
    kinds = [image.info["kind"] for image in images]
    assert (kinds[0], kinds[6], kinds[-1]) == ("minimum",) * 3
    assert along[6] == pytest.approx(MIDDLE, abs=0.02)
    saddles = [index for index, kind in enumerate(kinds) if kind == "saddle"]
    assert len(saddles) == 2
    for index, place in zip(saddles, (MIDDLE / 2, MIDDLE + MIDDLE / 2), strict=True):
        assert along[index] == pytest.approx(place, abs=0.05)
        assert images[index].get_potential_energy() == pytest.approx(BARRIER_eV, abs=2e-3)


def test_hydrogens_are_assigned_so_that_they_move_least() -> None:
    initial, final = ends()
    origin = initial.positions.copy()
    swapped = initial.copy()
    first, last = HYDROGENS[0], HYDROGENS[-1]
    swapped.positions[[first, last]] = swapped.positions[[last, first]]
    images = nudged_band(swapped, final, lambda: Wells(origin), n_images=(9, 13, 5, 9, 7))
    np.testing.assert_allclose(images[0].positions, initial.positions)


def test_band_that_does_not_converge_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    initial, final = ends()
    origin = initial.positions.copy()
    monkeypatch.setattr("ase.optimize.FIRE.run", lambda *_, **__: False)
    with pytest.raises(ReferenceCalculatorError, match=r"path to converge to 0\.05 eV/Å"):
        nudged_band(initial, final, lambda: Wells(origin), n_images=(9, 13, 5, 9, 7))


def test_mark_names_the_highest_image() -> None:
    initial, _ = ends()
    band = [initial.copy() for _ in range(4)]
    for image, step in zip(band, (0.0, 0.3, 0.7, 1.5), strict=True):
        image.calc = Wells(initial.positions)
        image.positions[HYDROGENS[0], 0] += step
    mark(band)
    assert [image.info["kind"] for image in band] == ["minimum", "path", "saddle", "minimum"]


def test_reference_path_is_complete() -> None:
    images = reference_path()
    assert len(images) == N_IMAGES
    assert all(image.calc is None and image.constraints for image in images)
