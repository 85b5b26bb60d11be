"""Curves of the equation of state, with EMT copper."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import EosFitError
from ms25_suite.metrics.eos import fit_eos
from ms25_suite.reference.eos_curve import Volumes, labelled_curve


def copper() -> Atoms:
    return bulk("Cu", a=3.5900, cubic=True)


def test_curve_is_even_labelled_and_fitted() -> None:
    volumes = Volumes(n_points=7, half_width=0.06)
    minimum = copper()
    frames = labelled_curve(minimum, "x", EMT(), volumes)
    ratios = [0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06]
    assert [atoms.info["volume_ratio"] for atoms in frames] == ratios
    np.testing.assert_allclose([a.get_volume() / 3.59**3 for a in frames], ratios, atol=1e-6)
    assert {(atoms.info["curve"], atoms.info["relaxed"]) for atoms in frames} == {("x", False)}
    energies = np.array([atoms.info["REF_energy"] for atoms in frames])
    fit = fit_eos(np.array([atoms.get_volume() for atoms in frames]), energies)
    for atoms in frames:
        found = [atoms.info[key] for key in ("v0_A3", "e0_eV", "b0_eV_A3", "b0_prime")]
        assert found == pytest.approx([fit.v0, fit.e0, fit.b0, fit.b0_prime], abs=1e-8)
        assert atoms.arrays["REF_forces"].shape == (4, 3)
        assert atoms.info["REF_stress"].shape == (6,)
    assert minimum.info == {}


def test_relaxed_curve_is_relaxed_in_the_scaled_cells() -> None:
    seen = []

    def relax(atoms: Atoms) -> None:
        seen.append(atoms.get_volume())
        atoms.positions[0] += 0.05

    frames = labelled_curve(copper(), "x", EMT(), Volumes(5), relax=relax)
    np.testing.assert_allclose(seen, [atoms.get_volume() for atoms in frames], rtol=1e-6)
    assert all(atoms.info["relaxed"] is True for atoms in frames)
    assert all(np.abs(atoms.arrays["REF_forces"]).max() > 0.01 for atoms in frames)


def test_curve_off_its_minimum_is_an_error() -> None:
    with pytest.raises(EosFitError, match="only rises with the volume"):
        labelled_curve(bulk("Cu", a=4.2, cubic=True), "x", EMT(), Volumes())
