"""Slabs of point charges: LAMMPS with a dipole correction perpendicular to the surface.

It needs ASE: `ms25_suite.reference.mgo.frames` imports it only when it makes a calculator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from ase import Atoms

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray, to_voigt
from ms25_suite.reference.calculators.lammps import LammpsCalculator

__all__ = ["COULOMB_EV_A", "SlabCalculator", "slab_heights"]

COULOMB_EV_A: Final = 14.399645
"""e^2 / (4 pi eps0) in eV Å, the value of LAMMPS in metal units."""

SMALLEST_VACUUM_A: Final = 5.0
"""Smallest gap in Å between the periodic images of a slab."""


class SlabCalculator(LammpsCalculator):
    """LAMMPS on a slab of point charges, periodic in all directions, with a dipole correction.

    An Ewald sum with conducting boundary conditions couples the dipoles of the periodic images of
    a slab, however far apart they are. The correction removes this coupling,

    ``E = 2 pi k M^2 / V``, ``F_i = -4 pi k q_i M n / V``,

    with Coulomb's constant ``k``, the dipole moment ``M`` along the surface normal ``n`` (on the
    side of the third cell vector) and the volume of the cell ``V``. Under strain ``M`` scales as a
    height and ``V`` as a volume, so that its stress is ``E / V`` along the normal and ``-E / V``
    along the surface.

    Parameters
    ----------
    commands, elements, settings
        As for `LammpsCalculator`.
    charges
        Charge of each element in e; their sum in a frame must vanish.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS cannot be started here.

    References
    ----------
    I.-C. Yeh and M. L. Berkowitz, J. Chem. Phys. 111 (1999) 3155, equations 7 and 8.
    """

    def __init__(
        self,
        commands: Sequence[str],
        elements: Sequence[str],
        charges: Mapping[str, float],
        **settings: Any,
    ) -> None:
        super().__init__(commands, elements, **settings)
        self._charges = dict(charges)

    def calculate(self, atoms: Atoms, properties: Any, system_changes: Any) -> None:
        """Energy, forces and stress of one frame.

        Raises
        ------
        ReferenceCalculatorError
            As `LammpsCalculator.calculate`; or the frame has no vacuum, or a net charge.
        """
        if not system_changes:  # the results are those of this frame, already corrected
            return
        super().calculate(atoms, properties, system_changes)
        heights, normal = slab_heights(atoms)
        charges = np.array([self._charges[symbol] for symbol in atoms.get_chemical_symbols()])
        # The dipole of a charged slab depends on the origin, and so would the correction.
        if abs(charges.sum()) > 1e-9:
            msg = f"expected a neutral frame, found a charge of {charges.sum():g} e"
            raise ReferenceCalculatorError(msg)
        volume = atoms.get_volume()
        # M = sum of q_i z_i with z unwrapped across the boundary: the slab must be in one piece.
        moment = float(charges @ heights)
        energy = 2.0 * np.pi * COULOMB_EV_A * moment**2 / volume
        field = -4.0 * np.pi * COULOMB_EV_A * moment / volume
        # (1/V) dE/d(strain) of E ~ M^2 / V: along the normal 2 - 1 = 1, along the surface 0 - 1 =
        # -1.
        stress = (energy / volume) * (2.0 * np.outer(normal, normal) - np.eye(3))
        self.results["energy"] += energy
        self.results["free_energy"] = self.results["energy"]
        self.results["forces"] = self.results["forces"] + field * np.outer(charges, normal)
        self.results["stress"] = self.results["stress"] + to_voigt(stress)
        self.results.pop("energies", None)  # the correction cannot be divided among atoms


def slab_heights(atoms: Atoms) -> tuple[FloatArray, FloatArray]:
    """Height of each atom above the lowest one of a slab, which may cross the cell boundary.

    Returns
    -------
    :
        Heights in Å, shape ``(n_atoms,)``, and the unit normal, shape ``(3,)``.

    Raises
    ------
    ReferenceCalculatorError
        There is no vacuum along the third cell vector.
    """
    cell = atoms.cell.array
    # Perpendicular to the surface, also where the third vector is tilted.
    normal = np.cross(cell[0], cell[1])
    # Along the third vector in left-handed cells too.
    normal *= np.sign(cell[2] @ normal) / np.linalg.norm(normal)
    period = float(cell[2] @ normal)
    heights = (atoms.positions @ normal) % period
    # The widest gap between atoms, across the boundary included, is the vacuum.
    order = np.sort(heights)
    gaps = np.diff(order, append=order[0] + period)
    widest = int(np.argmax(gaps))
    if gaps[widest] < SMALLEST_VACUUM_A:
        msg = (
            f"the reference expects a slab with at least {SMALLEST_VACUUM_A:g} Å of vacuum along "
            f"the third cell vector, found a gap of {gaps[widest]:.2f} Å"
        )
        raise ReferenceCalculatorError(msg)
    bottom = order[(widest + 1) % len(order)]
    return (heights - bottom) % period, normal
