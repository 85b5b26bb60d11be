"""MgO(100) slabs: their geometry, and the layers that are held."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Face:
    """A surface cell of the (100) face: width, sites of one layer, and shift to the next layer."""

    edge_A: float  # noqa: N815 - Å is the unit
    sites: tuple[tuple[str, float, float], ...]
    shift: tuple[float, float]


_CUBIC: Final = _Face(
    LATTICE_CONSTANT_A,
    (("Mg", 0.0, 0.0), ("Mg", 0.5, 0.5), ("O", 0.5, 0.0), ("O", 0.0, 0.5)),
    (0.5, 0.0),
)
_PRIMITIVE: Final = _Face(
    float(LATTICE_CONSTANT_A / np.sqrt(2.0)), (("Mg", 0.0, 0.0), ("O", 0.5, 0.5)), (0.5, 0.5)
)


def slab(repeat: int, *, primitive: bool = False) -> Atoms:
    """Make a slab of four layers as cut from the bulk, with vacuum; the lowest layer comes first.

    Parameters
    ----------
    repeat
        Number of surface cells along both edges.
    primitive
        Whether to repeat the primitive cell of the (100) face, which is a/sqrt(2) wide and turned
        by 45 degrees (``8 * repeat**2`` atoms). By default it is the whole face of the cubic cell,
        a wide (``16 * repeat**2`` atoms), as in the paper's data.

    Raises
    ------
    UsageError
        ``repeat`` is below 1.
    """
    from ase import Atoms

    refuse_numbers(repeat=repeat)
    face = _PRIMITIVE if primitive else _CUBIC
    edge = face.edge_A
    spacing = LATTICE_CONSTANT_A / 2.0
    symbols: list[str] = []
    positions: list[tuple[float, float, float]] = []
    for layer in range(N_LAYERS):
        height = VACUUM_A / 2 + layer * spacing
        for x, y in np.ndindex(repeat, repeat):
            for symbol, *site in face.sites:
                # Mg is on top of O.
                u, v = ((place + layer * face.shift[axis]) % 1.0 for axis, place in enumerate(site))
                symbols.append(symbol)
                positions.append(((x + u) * edge, (y + v) * edge, height))
    height = VACUUM_A + (N_LAYERS - 1) * spacing
    return Atoms(symbols, positions, cell=[repeat * edge, repeat * edge, height], pbc=True)


def held_atoms(n_atoms: int) -> range:
    """Indices of the atoms of the held layers of a slab."""
    return range(n_atoms * N_HELD_LAYERS // N_LAYERS)
