"""How stiff bonds are by the forces: the one scale of forces that needs no energy.

Where a bond is longer than usual, the force on its ends pulls them together. The slope of that
force over the length is the force constant, which is known in advance within a factor of two: by
Badger's rule it depends on the length and on the rows of both elements only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.core.units import BOHR, ENERGY_UNITS
from ms25_suite.datasets.audit.pairs import pairs
from ms25_suite.datasets.audit.surroundings import evenly

__all__ = ["BOND_LIMITS", "BondFit", "bond_finding", "fit_bonds"]

_LOOKED_AT: Final = 30
"""Frames that are looked at, spread evenly."""

_REACH: Final = 5.0
"""Å; two covalent radii are at most 5.2 Å (Fr), those of all usual elements less than 4."""

_BONDED: Final = 1.25
"""Distance over the sum of the covalent radii up to which two atoms count as bonded here."""

_LEAST: Final = 50
"""Bonds of two elements that make a fit."""

_SPREAD: Final = 0.003
"""Least standard deviation of their lengths in Å: the zero-point motion of O-H has 0.07, thermal
motion of solids at 300 K 0.03. Less is relaxed or rounded."""

_CLEAR: Final = 0.4
"""Size of the correlation of force and length from which on the slope is one of this bond. In the
built-in data the clearest bond has -0.97 (water) to -0.54 (O-O in Zr-O without order)."""

_SCALE: Final = 1.734 * ENERGY_UNITS["Hartree"] / BOHR**2
_SHIFTS: Final = (
    (-0.244, 0.352, 0.660),
    (0.352, 1.085, 1.522),
    (0.660, 1.522, 2.068),
)
"""Force constant A / (r - B)^3 with A = 1.734 hartree bohr and B in bohr by the rows of both
elements, those of the third row for all further ones (H. B. Schlegel, Theor. Chim. Acta 66 (1984)
333, after R. M. Badger, J. Chem. Phys. 2 (1934) 128)."""

_NEAREST: Final = 0.5
"""bohr; least r - B. Shorter lengths are those of overlapping atoms."""


BOND_LIMITS: Final = (0.12, 5.0)
"""Force constant of bonds over that of Badger's rule: 0.47 to 1.85 in the built-in datasets, 0.2 in
strained cells, where symmetry keeps stretched bonds free of forces. The ratio of the limits is less
than 51.4, that of hartree/bohr and eV/Å."""


_PLAUSIBLE: Final = (0.06, 15.0)
"""The same where nothing puts the unit in doubt: in a relaxation, whose bonds change together, 9.4
is found (Zr-Zr of ZrO2). Hartree/bohr taken for eV/Å give 0.04 at most."""


@dataclass(frozen=True, slots=True)
class BondFit:
    """The bond whose force depends on its length most clearly.

    Parameters
    ----------
    ratio
        Its force constant over that of Badger's rule: 0.5 to 1.6 in the built-in data, times the
        factor of the unit. Negative where stretched bonds are pushed apart: then these are
        gradients, or forces of other structures.
    constant
        The force constant, in the unit of the forces per Å.
    expected
        That of the rule in eV/Å^2.
    bond
        Both elements: ``O-H``.
    length
        Mean length in Å.
    n_bonds
        Number of bonds.
    """

    ratio: float
    constant: float
    expected: float
    bond: str
    length: float
    n_bonds: int


def fit_bonds(frames: Frames, forces: FloatArray) -> BondFit | None:
    """Fit the forces along bonds over their lengths.

    Parameters
    ----------
    frames
        The structures.
    forces
        Forces in any unit per Å or bohr, shape ``(n_atoms_total, 3)``; NaN where there are none.

    Returns
    -------
    :
        None if there is no bond whose force depends on its length clearly.
    """
    from ase.data import chemical_symbols

    rows = [
        _bonds(frames, int(index), forces) for index in evenly(np.arange(len(frames)), _LOOKED_AT)
    ]
    # Columns: element that the force acts on, the other one, length, force along the bond.
    table = np.concatenate(rows) if rows else np.zeros((0, 4))
    best: BondFit | None = None
    clearest = _CLEAR
    for first, second in np.unique(table[:, :2], axis=0).astype(int).tolist():
        own = table[(table[:, 0] == first) & (table[:, 1] == second)]
        length, pull = own[:, 2], own[:, 3]
        if len(own) < _LEAST or length.std() < _SPREAD or not pull.std() > 0.0:
            continue
        correlation = abs(float(np.corrcoef(length, pull)[0, 1]))
        if not correlation >= clearest:
            continue
        clearest = correlation
        constant = -float(np.polyfit(length - length.mean(), pull, 1)[0])
        mean = float(length.mean())
        expected = _expected(first, second, mean)
        bond = f"{chemical_symbols[first]}-{chemical_symbols[second]}"
        best = BondFit(constant / expected, constant, expected, bond, mean, len(own))
    return best


def bond_finding(frames: Frames, forces: FloatArray) -> Finding | None:
    """Remark that forces in eV/Å make bonds far too soft or too stiff, or push them apart."""
    fit = fit_bonds(frames, forces)
    if fit is None:
        return None
    low, high = _PLAUSIBLE
    if low <= fit.ratio <= high:
        return None
    fact = (
        f"By the forces the bond {fit.bond} of {fit.length:.2f} Å has a force constant of "
        f"{fit.constant:.3g} eV/Å^2 ({fit.n_bonds} bonds); Badger's rule gives "
        f"{fit.expected:.3g}, and right forces {low:g} to {high:g} times that."
    )
    if fit.ratio < 0.0:
        return Finding(
            "force-sign",
            f"{fact} Stretched bonds are pushed further apart: are these gradients, the negative "
            f"of the forces, or do the forces belong to other positions?",
        )
    if fit.ratio < low:
        return Finding(
            "force-unit",
            f"{fact} They are hardly eV/Å: hartree/bohr (multiply by 51.42) or Ry/bohr (multiply "
            f"by 25.71)? State it: --units energy=hartree,forces=hartree/bohr.",
        )
    return Finding(
        "force-unit",
        f"{fact} They are hardly eV/Å: kcal/mol/Å (divide by 23.06), kJ/mol/Å (divide by 96.49) "
        f"or meV/Å (divide by 1000)? State it: --units energy=…,forces=….",
    )


def _bonds(frames: Frames, index: int, forces: FloatArray) -> FloatArray:
    """Elements, length and force along each bond of a frame, shape ``(n_bonds, 4)``."""
    from ase.data import covalent_radii

    part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
    first, second, distances, vectors = pairs(frames, index, _REACH)
    numbers: IntArray = np.asarray(frames.numbers[part])
    radii = np.asarray(covalent_radii)[numbers]
    bonded = (distances > 0.0) & (distances < _BONDED * (radii[first] + radii[second]))
    first, second = first[bonded], second[bonded]
    distances, vectors = distances[bonded], vectors[bonded]
    # The vectors lead from the first atom to the second: a stretched bond pulls along them.
    outwards = -(np.asarray(forces[part])[first] * vectors).sum(axis=1) / distances
    table = np.stack([numbers[first], numbers[second], distances, outwards], axis=1)
    return np.asarray(table[np.isfinite(outwards)])


def _expected(first: int, second: int, length: float) -> float:
    """Force constant in eV/Å^2 by Badger's rule."""
    shift = _SHIFTS[_row(first)][_row(second)]
    return _SCALE / max(length / BOHR - shift, _NEAREST) ** 3


def _row(number: int) -> int:
    return 0 if number <= 2 else 1 if number <= 10 else 2
