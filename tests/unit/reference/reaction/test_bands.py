"""Bands of images on model surfaces."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.mep import NEB

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.reference.reaction.bands import converge, cut, dips, resampled, springs

HEIGHT_eV, WIDTH_A = 0.4, 0.2


class Ridge(Calculator):
    """A narrow ridge across x; y and z are held by springs."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        (x, y, z) = self.atoms.positions[0]
        top = HEIGHT_eV * np.exp(-((x / WIDTH_A) ** 2))
        self.results = {
            "energy": top + 2.5 * (y**2 + z**2),
            "forces": np.array([[2 * top * x / WIDTH_A**2, -5 * y, -5 * z]]),
        }


def line(*places: float, off: float = 0.0) -> list[Atoms]:
    """Images at these x, those in between beside the lowest path."""
    images = []
    for index, x in enumerate(places):
        beside = off if 0 < index < len(places) - 1 else 0.0
        atoms = Atoms("H", [[x, beside, 0.0]])
        atoms.calc = Ridge()
        images.append(atoms)
    return images


def along(images: list[Atoms]) -> list[float]:
    return [float(image.positions[0, 0]) for image in images]


def test_dips_are_deep_enough() -> None:
    assert dips(np.array([0.0, 0.2, 0.1, 0.3, -0.1]), 0.05) == [2]
    assert dips(np.array([0.0, 0.2, 0.16, 0.3, -0.1]), 0.05) == []
    assert dips(np.array([0.0, 0.2, 0.16, 0.3, -0.1]), 0.01) == [2]


def test_images_are_at_equal_distances() -> None:
    found = resampled(line(-1.0, -0.2, 1.0), 5)
    assert along(found) == pytest.approx([-1.0, -0.5, 0.0, 0.5, 1.0])
    assert all(image.calc is None for image in found)


def test_images_gather_on_a_ridge() -> None:
    images = line(*np.linspace(-1.0, 1.0, 21))
    equal, dense = (along(resampled(images, 9, by_energy=how)) for how in (False, True))
    assert (dense[0], dense[-1]) == pytest.approx((-1.0, 1.0))
    # Within the ridge, where the energy is more than half of its height.
    half = WIDTH_A * np.sqrt(np.log(2))
    assert sum(abs(x) < half for x in equal) == 1
    assert sum(abs(x) < half for x in dense) >= 3


def test_springs_keep_the_distances() -> None:
    images = line(-1.0, -0.2, 0.0, 1.0)
    pulls = np.array(springs(images)) * [0.8, 0.2, 1.0]
    np.testing.assert_allclose(pulls, pulls[0])


def test_a_band_converges_and_keeps_its_images_on_the_ridge() -> None:
    images = line(-1.0, -0.2, -0.1, 0.03, 0.1, 0.2, 1.0, off=0.02)
    assert converge(images, Ridge, largest_force=0.01, climb=True)
    band = NEB(images, k=0.0, climb=True, method="improvedtangent")
    assert np.linalg.norm(band.get_forces(), axis=1).max() < 0.02
    assert images[3].get_potential_energy() == pytest.approx(HEIGHT_eV, abs=1e-3)
    assert sum(abs(x) < 0.25 for x in along(images)) == 5


def test_a_band_that_runs_out_of_steps_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ms25_suite.reference.reaction.bands._STEPS", 1)
    images = line(-1.0, -0.1, 0.1, 1.0, off=0.5)
    assert not converge(images, Ridge, largest_force=1e-4, climb=True)


def test_a_path_is_cut_at_a_dip_which_is_relaxed() -> None:
    # Over the ridge, into the valley and over it again: the valley is beside its lowest point.
    images = line(-1.0, 0.0, 0.9, 0.0, -1.0, off=0.1)
    first, second = cut(images, 0.05)
    assert (len(first), len(second)) == (3, 3)
    assert first[-1] is second[0]
    assert abs(first[-1].positions[0, 1]) < 0.003


def test_a_state_that_does_not_relax_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ase.optimize.BFGS.run", lambda *_, **__: False)
    with pytest.raises(ReferenceCalculatorError, match="image 2 to relax to"):
        cut(line(-1.0, 0.0, 0.9, 0.0, -1.0), 0.05)
