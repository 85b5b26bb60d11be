"""MgO(100) slabs: their geometry, and the layers that are held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.reference.mgo.interactions import LATTICE_CONSTANT_A
from ms25_suite.reference.spread import refuse_numbers

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["VACUUM_A", "held_atoms", "slab"]

VACUUM_A: Final = 15.0
"""Distance in Å between the outermost layers of two images of a slab; not given in the paper."""

N_LAYERS: Final = 4
N_HELD_LAYERS: Final = 2


def slab(repeat: int) -> Atoms:
    """Make a slab of four layers as cut from the bulk, with vacuum; the lowest layer comes first.

    Parameters
    ----------
    repeat
        Number of primitive surface cells along both edges; ``8 * repeat**2`` atoms.

    Raises
    ------
    UsageError
        ``repeat`` is below 1.
    """
    from ase import Atoms

    refuse_numbers(repeat=repeat)
    # The primitive cell of the (100) face is half of the cubic one, turned by 45 degrees.
    edge = LATTICE_CONSTANT_A / np.sqrt(2.0)
    spacing = LATTICE_CONSTANT_A / 2.0
    symbols: list[str] = []
    positions: list[tuple[float, float, float]] = []
    for layer in range(N_LAYERS):
        height = VACUUM_A / 2 + layer * spacing
        for x, y in np.ndindex(repeat, repeat):
            # Each layer is shifted by half a cell: Mg is on top of O.
            for symbol, shift in (("Mg", layer % 2 / 2), ("O", (layer + 1) % 2 / 2)):
                symbols.append(symbol)
                positions.append(((x + shift) * edge, (y + shift) * edge, height))
    height = VACUUM_A + (N_LAYERS - 1) * spacing
    return Atoms(symbols, positions, cell=[repeat * edge, repeat * edge, height], pbc=True)


def held_atoms(n_atoms: int) -> range:
    """Indices of the atoms of the held layers of a slab."""
    return range(n_atoms * N_HELD_LAYERS // N_LAYERS)
