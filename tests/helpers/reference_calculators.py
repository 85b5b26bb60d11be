"""Tests that every reference calculator passes; a class for each system inherits them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell

from ms25_suite.core.errors import ReferenceCalculatorError


def labelled(atoms: Atoms, calculator: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """Energy (eV), forces (eV/Å) and stress (eV/Å^3, Voigt) of a copy of a frame."""
    atoms = atoms.copy()
    atoms.calc = calculator
    return atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()


def slope(
    atoms: Atoms, calculator: Any, change: Callable[[Atoms, float], None], step: float
) -> float:
    """Central difference of the energy along a change of the frame."""
    energies = []
    for signed in (step, -step):
        changed = atoms.copy()
        change(changed, signed)
        energies.append(labelled(changed, calculator)[0])
    return (energies[0] - energies[1]) / (2 * step)


class ReferenceCalculatorTests:
    """Inherit, define `frame` and the fixture `make_reference`, and set the tolerances.

    Forces and stress are compared with differences along random directions of length 1, which mix
    all atoms and all axes: no error of a single component is hidden.
    """

    KINDS: ClassVar[tuple[str, ...]] = ("orthogonal", "triclinic")
    """Kinds of frames."""

    STRANGER: ClassVar[str] = "Si"
    """Element that the reference has no parameters for."""

    N_DIRECTIONS: ClassVar[int] = 3
    STEP: ClassVar[float] = 1e-4
    """Å, and strain."""

    FORCE: ClassVar[float] = 2e-5
    STRESS: ClassVar[float] = 5e-7
    NET_FORCE: ClassVar[float] = 1e-9
    SIZE_ENERGY: ClassVar[float] = 1e-8
    SIZE_FORCE: ClassVar[float] = 1e-8
    SIZE_STRESS: ClassVar[float] = 1e-9
    HISTORY: ClassVar[float] = 1e-9
    """Tolerances in eV, eV/Å and eV/Å^3."""

    def pytest_generate_tests(self, metafunc: Any) -> None:
        if "kind" in metafunc.fixturenames:
            metafunc.parametrize("kind", self.KINDS)

    def frame(self, seed: int, kind: str) -> Atoms:
        """Random frame of one of `KINDS`, with forces of some eV/Å."""
        raise NotImplementedError

    @pytest.fixture
    def reference(self, make_reference: Callable[[], Any]) -> Iterator[Any]:
        calculator = make_reference()
        yield calculator
        calculator.clean()

    def test_forces_are_the_gradient(self, reference: Any, kind: str) -> None:
        atoms = self.frame(8, kind)
        _, forces, _ = labelled(atoms, reference)
        assert np.abs(forces).max() > 0.5
        np.testing.assert_allclose(forces.sum(axis=0), 0.0, atol=self.NET_FORCE)
        rng = np.random.default_rng(4)
        for _ in range(self.N_DIRECTIONS):
            direction = rng.normal(size=(len(atoms), 3))
            direction /= np.linalg.norm(direction)

            def move(frame: Atoms, step: float, direction: np.ndarray = direction) -> None:
                frame.positions += step * direction

            expected = -slope(atoms, reference, move, self.STEP)
            assert (forces * direction).sum() == pytest.approx(expected, abs=self.FORCE)

    def test_stress_is_the_strain_derivative(self, reference: Any, kind: str) -> None:
        atoms = self.frame(9, kind)
        _, _, stress = labelled(atoms, reference)
        xx, yy, zz, yz, xz, xy = stress
        tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        # Components that are different: an exchange of two of them would be seen.
        assert np.diff(np.sort(stress)).min() > self.STRESS
        rng = np.random.default_rng(5)
        for _ in range(self.N_DIRECTIONS):
            strain = rng.normal(size=(3, 3))
            strain = strain + strain.T
            strain /= np.linalg.norm(strain)

            def deform(frame: Atoms, step: float, strain: np.ndarray = strain) -> None:
                frame.set_cell(frame.cell.array @ (np.eye(3) + step * strain), scale_atoms=True)

            expected = slope(atoms, reference, deform, self.STEP) / atoms.get_volume()
            assert (tensor * strain).sum() == pytest.approx(expected, abs=self.STRESS)

    def test_is_size_extensive(self, reference: Any) -> None:
        atoms = self.frame(10, self.KINDS[0])
        # Not simply atoms * (2, 1, 1): another choice of cell vectors of the doubled crystal.
        doubled = make_supercell(atoms, [[1, 1, 0], [-1, 1, 0], [0, 0, 1]])
        energy, forces, stress = labelled(atoms, reference)
        energy_2, forces_2, stress_2 = labelled(doubled, reference)
        assert energy_2 == pytest.approx(2 * energy, abs=self.SIZE_ENERGY)
        # Supercells do not keep the order of the atoms.
        sizes, sizes_2 = (np.sort(np.linalg.norm(f, axis=1)) for f in (forces, forces_2))
        np.testing.assert_allclose(sizes_2, np.repeat(sizes, 2), rtol=0, atol=self.SIZE_FORCE)
        np.testing.assert_allclose(stress_2, stress, rtol=0, atol=self.SIZE_STRESS)

    def test_labels_do_not_depend_on_earlier_frames(
        self, reference: Any, make_reference: Callable[[], Any]
    ) -> None:
        atoms = self.frame(11, self.KINDS[0])
        labelled(self.frame(12, self.KINDS[-1]) * (2, 1, 1), reference)
        fresh = make_reference()
        for late, early in zip(labelled(atoms, reference), labelled(atoms, fresh), strict=True):
            np.testing.assert_allclose(late, early, rtol=0, atol=self.HISTORY)
        fresh.clean()

    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            ("element", "supports the elements .*, found"),
            ("boundary", "periodic in x, y, z"),
            ("position", "finite positions"),
        ],
    )
    def test_bad_frame_is_refused_and_the_next_one_is_right(
        self, reference: Any, fault: str, message: str
    ) -> None:
        good, bad = self.frame(13, self.KINDS[0]), self.frame(12, self.KINDS[0])
        if fault == "element":
            bad.symbols[3] = self.STRANGER
        elif fault == "boundary":
            bad.pbc = (True, True, False)
        else:
            bad.positions[0] = np.nan
        before = labelled(good, reference)
        with pytest.raises(ReferenceCalculatorError, match=message):
            labelled(bad, reference)
        for now, then in zip(labelled(good, reference), before, strict=True):
            np.testing.assert_allclose(now, then, rtol=0, atol=self.HISTORY)
