"""Small frames with labels under any keys."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms

from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.readers.labels import FoundLabels, find_labels

FULL = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]]) / 100


VOIGT = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) / 100


def frame(n_atoms: int = 2, *, pbc: bool = True) -> Atoms:
    positions = np.arange(3.0 * n_atoms).reshape(-1, 3)
    return Atoms(f"Cu{n_atoms}", positions=positions, cell=[2.0, 3.0, 4.0], pbc=pbc)


def labelled(info: dict[str, Any], arrays: dict[str, Any], n_atoms: int = 2) -> Atoms:
    atoms = frame(n_atoms)
    atoms.info.update(info)
    atoms.arrays.update(arrays)
    return atoms


def find(images: list[Atoms], **keys: str) -> FoundLabels:
    return find_labels(images, LabelKeys(**keys), "x.extxyz")


def forces(value: float = 1.0, n_atoms: int = 2) -> np.ndarray[Any, Any]:
    return np.full((n_atoms, 3), value)
