"""Frames of an equation of state."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk

from ms25_suite.metrics.eos import murnaghan

RATIOS = np.linspace(0.9, 1.1, 7)


def strained(symbols: str = "Cu4", a: float = 3.6) -> list[Atoms]:
    """One curve: energies of a Murnaghan solid with its minimum at ``a``."""
    images = []
    for ratio in RATIOS:
        atoms = bulk("Cu", a=a * ratio ** (1 / 3), cubic=True)
        atoms.symbols = symbols
        energy = murnaghan(np.array([atoms.get_volume()]), a**3, -14.0, 0.9, 5.0)[0]
        atoms.info["REF_energy"] = float(energy)
        images.append(atoms)
    return images


def named(images: list[Atoms], **info: object) -> list[Atoms]:
    for atoms in images:
        atoms.info.update(info)
    return images


def without(images: list[Atoms], key: str, which: slice = slice(None)) -> list[Atoms]:
    for atoms in images[which]:
        del atoms.info[key]
    return images
