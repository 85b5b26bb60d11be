"""Label frames with a reference calculator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["POSITION_DECIMALS", "label", "label_trajectory"]

POSITION_DECIMALS: Final = 6
"""Positions and cells are rounded to 1e-6 Å before they are labelled."""

FORCE_DECIMALS: Final = 8
"""Forces are stored to 1e-8 eV/Å, the precision of ASE's extended XYZ writer."""

ENERGY_DECIMALS: Final = 8
STRESS_DECIMALS: Final = 10


def label(atoms: Atoms, reference: Any) -> None:
    """Round a frame to the precision of a file, and attach the reference labels to it.

    Parameters
    ----------
    atoms
        Frame. It gets ``REF_energy`` (eV) and ``REF_stress`` (eV/Å^3, Voigt order of ASE, shape
        ``(6,)``) in ``info``, and ``REF_forces`` (eV/Å, shape ``(n_atoms, 3)``) as an array.
        Constraints are ignored: atoms that they hold get the forces of the potential.
    reference
        ASE calculator.
    """
    # Round first, then label: the labels are those of the positions as stored.
    atoms.set_cell(np.round(atoms.cell.array, POSITION_DECIMALS), scale_atoms=False)
    atoms.positions = np.round(atoms.positions, POSITION_DECIMALS)
    atoms.calc = reference
    energy = atoms.get_potential_energy(apply_constraint=False)
    forces = atoms.get_forces(apply_constraint=False)
    stress = atoms.get_stress(apply_constraint=False)
    # Otherwise ASE would write the results a second time, under plain names.
    atoms.calc = None
    # `+ 0.0` turns a negative zero into zero.
    atoms.info[REF_ENERGY] = round(float(energy), ENERGY_DECIMALS)
    atoms.info[REF_STRESS] = np.round(stress, STRESS_DECIMALS) + 0.0
    atoms.arrays[REF_FORCES] = np.round(forces, FORCE_DECIMALS) + 0.0


def label_trajectory(images: Iterable[Atoms], reference: Any, **info: Any) -> list[Atoms]:
    """Label the frames of one trajectory, and close the calculator.

    Parameters
    ----------
    images
        Frames; changed in place.
    reference
        Calculator of this trajectory alone. Earlier frames may show in the last digits of a
        label, so that a shared one would make labels depend on which worker ran what.
    info
        Entries for the ``info`` of every frame, in the order in which a file states them.
    """
    labelled = []
    for atoms in images:
        label(atoms, reference)
        atoms.info.update(info)
        labelled.append(atoms)
    reference.clean()
    return labelled
