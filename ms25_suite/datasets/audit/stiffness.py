"""Whether forces change with the positions as strongly as chemical bonds make them.

That shows a wrong unit also where all forces are small, and where energies and forces are in the
same wrong unit.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.datasets.audit.displacements import displacement, neighbouring_frames
from ms25_suite.datasets.audit.surroundings import closeness, evenly

__all__ = ["force_constant", "stiffness_finding"]

_STIFFEST_SOLID: Final = 100.0
"""eV/Å^2. The stiffest mode of diamond, 1332 / cm (Solin & Ramdas, Phys. Rev. B 1 (1970) 1687), has
78: mass of an atom times the square of the angular frequency."""

_STIFFEST_MOLECULE: Final = 350.0
"""eV/Å^2. In the stretching of N2 the force on an atom is 2 k = 286 times its displacement, with
k = 143 eV/Å^2 (Huber & Herzberg, Constants of Diatomic Molecules, 1979)."""

_SMALL: Final = 0.5
"""Largest displacement of an atom in Å, and the smallest that is not rounding."""
_ROUNDING: Final = 1e-3

_LEAST_PAIRS: Final = 10
_LOOKED_AT: Final = 50
_NETWORK: Final = 3.0
"""Bonds of an atom from which on a frame is a solid, and no molecule."""

_PRESSED: Final = 0.72
"""Distance over the sum of the covalent radii below which repulsion is stiffer than any bond; N2 at
rest has 0.77."""


def force_constant(frames: Frames, forces: FloatArray) -> float | None:
    """Change of the forces over the displacement between frames of the same atoms.

    Parameters
    ----------
    frames
        The structures.
    forces
        Forces in eV/Å, shape ``(n_atoms_total, 3)``.

    Returns
    -------
    :
        Median in eV/Å^2; None with fewer than ten pairs of frames that are near each other.
    """
    constants = []
    for first, second in neighbouring_frames(frames):
        motion = displacement(frames, int(first), int(second))
        if motion is None:
            continue
        moved, _ = motion
        largest = float(np.sqrt(np.square(moved).sum(axis=1).max()))
        if not _ROUNDING < largest < _SMALL:
            continue
        ends = [
            forces[int(frames.offsets[i]) : int(frames.offsets[i + 1])] for i in (first, second)
        ]
        constants.append(-float(((ends[1] - ends[0]) * moved).sum() / np.square(moved).sum()))
    finite = [constant for constant in constants if np.isfinite(constant)]
    return float(np.median(finite)) if len(finite) >= _LEAST_PAIRS else None


def stiffness_finding(frames: Frames, forces: FloatArray) -> Finding | None:
    """Remark that the forces are stiffer than chemical bonds, hence of another unit."""
    constant = force_constant(frames, forces)
    if constant is None or constant <= _STIFFEST_SOLID:
        return None
    surroundings = [
        closeness(frames, int(index)) for index in evenly(np.arange(len(frames)), _LOOKED_AT)
    ]
    solid = np.median([bonds.mean() for _, bonds in surroundings]) >= _NETWORK
    pressed = np.median([nearest.min() for nearest, _ in surroundings]) < _PRESSED
    limit, what = (
        (_STIFFEST_SOLID, "the stiffest mode of diamond has 78")
        if solid
        else (_STIFFEST_MOLECULE, "the stretching of N2 has 286")
    )
    if pressed or constant <= limit:
        return None
    return Finding(
        "force-unit",
        f"Between frames of the same atoms the forces change by {constant:.3g} eV/Å for each Å of "
        f"displacement, while {what}: they are hardly eV/Å. Likely units are kcal/mol/Å (divide by "
        f"23.06), kJ/mol/Å (divide by 96.49) and meV/Å (divide by 1000).",
    )
