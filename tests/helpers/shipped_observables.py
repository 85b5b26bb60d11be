"""Shipped curves and paths: they are consistent, and the reference reproduces them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from ms25_suite.datasets.observables.eos import EosReference
from ms25_suite.metrics.eos import fit_eos

SAME_eV = 1e-6
"""Energies are stored to 1e-8 eV. A reference of some hundred eV is a sum whose order, and with it
the last of 16 digits, is the compiler's: 1e-6 is well above both and far below any error of a
potential."""


def check_pressure(eos: EosReference | None) -> None:
    """The mean normal stress is dE/dV: in a scaled cell, and with atoms in their minimum."""
    assert eos is not None
    assert eos.labels.stress is not None
    for curve in eos.curves:
        stress = eos.labels.stress[curve.indices][:, :3].mean(axis=1)
        # EAM's tables have kinks, and a relaxed framework bends where tetrahedra start to turn.
        slope = CubicSpline(curve.volumes, curve.energies)(curve.volumes, 1)
        inner = slice(1, -1)
        np.testing.assert_allclose(stress[inner], slope[inner], rtol=0, atol=4e-3)
        assert abs(stress[5]) < 2e-4


def check_frames(frames: Any, labels: Any, indices: Any, reference: Any) -> np.ndarray:
    """The reference gives the labels of these frames; returns its energies in eV."""
    energies = []
    for index in indices:
        atoms = frames.atoms(index)
        atoms.calc = reference
        energies.append(atoms.get_potential_energy())
        part = slice(frames.offsets[index], frames.offsets[index + 1])
        # Forces are stored to 1e-8 eV/Å.
        np.testing.assert_allclose(atoms.get_forces(), labels.forces[part], rtol=0, atol=1e-6)
        np.testing.assert_allclose(atoms.get_stress(), labels.stress[index], rtol=0, atol=1e-8)
    np.testing.assert_allclose(energies, labels.energy[indices], rtol=0, atol=SAME_eV)
    return np.array(energies)


def check_fit(curve: Any, energies: np.ndarray) -> None:
    """The fit of these energies is the shipped one."""
    fit = fit_eos(curve.volumes, energies)
    # 1e-6 eV in a curve that is 1 eV deep at 10 % is 1e-6 of its parameters, and 1e-5 of B'.
    assert (fit.v0, fit.e0, fit.b0) == pytest.approx(
        (curve.fit.v0, curve.fit.e0, curve.fit.b0), rel=1e-6
    )
    assert fit.b0_prime == pytest.approx(curve.fit.b0_prime, rel=1e-4)
