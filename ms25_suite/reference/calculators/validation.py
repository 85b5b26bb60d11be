"""What all reference calculators require of a frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["validate_frame"]


def validate_frame(atoms: Atoms, elements: Iterable[str]) -> None:
    """Refuse a frame that a reference calculator has no labels for.

    Parameters
    ----------
    atoms
        Frame.
    elements
        Chemical symbols that the reference has parameters for.

    Raises
    ------
    ReferenceCalculatorError
        The frame contains another element, is not periodic in all three directions, or has
        positions or cell vectors that are not finite.
    """
    supported = tuple(elements)
    unknown = sorted(set(atoms.get_chemical_symbols()) - set(supported))
    if unknown:
        msg = (
            f"the reference supports the elements {' '.join(supported)}, found "
            f"{' '.join(unknown)}: use the reference of a dataset that contains them"
        )
        raise ReferenceCalculatorError(msg)
    if not atoms.pbc.all():
        msg = f"the reference expects a frame that is periodic in x, y, z; found pbc {atoms.pbc}"
        raise ReferenceCalculatorError(msg)
    if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all()):
        msg = "the reference expects finite positions and cell vectors, found some that are not"
        raise ReferenceCalculatorError(msg)
