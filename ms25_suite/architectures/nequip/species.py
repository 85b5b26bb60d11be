"""Types of atoms in the nequip framework, and chemical elements."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ms25_suite.core.errors import ModelFileError
from ms25_suite.core.frames import IntArray

__all__ = ["elements_of", "type_index"]


def elements_of(types: Sequence[str], path: Path) -> list[int]:
    """Atomic numbers of the types of a model, in their order.

    Raises
    ------
    ModelFileError
        A type is not a chemical element.
    """
    from ase.data import atomic_numbers

    strange = [name for name in types if name not in atomic_numbers or atomic_numbers[name] == 0]
    if strange or len(set(types)) < len(types):
        msg = (
            f"{path}: expected one type of atoms for each chemical element, found the types "
            f"{', '.join(types)}. Frames have no types of atoms: wrap "
            "the model in a Python file that makes an ASE calculator (--mlip=calc.py)"
        )
        raise ModelFileError(msg)
    return [atomic_numbers[name] for name in types]


def type_index(elements: Sequence[int]) -> IntArray:
    """Index of the type by atomic number; -1 for elements that the model lacks."""
    index = np.full(max(elements) + 1, -1)
    index[list(elements)] = np.arange(len(elements))
    return index
