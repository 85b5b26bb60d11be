"""Structures that an adapter can get wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["standard_frames"]

_SEED: Final = 5


def standard_frames(symbols: tuple[str, ...], spacing: float = 2.55) -> dict[str, Atoms]:
    """Structures that an adapter can get wrong: every kind of cell, periodicity and size.

    Parameters
    ----------
    symbols
        Chemical symbols to use, at least one.
    spacing
        Distance of nearest neighbours in Å.
    """
    from ase import Atoms
    from ase.build import bulk

    rng = np.random.default_rng(_SEED)
    # In fcc the nearest neighbours are at a / sqrt(2).
    first, last, a = symbols[0], symbols[-1], spacing * np.sqrt(2.0)
    triclinic = bulk(first, "fcc", a=a) * (2, 1, 3)
    triclinic.set_cell(triclinic.cell.array + rng.normal(0, 0.15, (3, 3)), scale_atoms=True)
    triclinic.rattle(0.05, seed=3)
    slab = bulk(first, "fcc", a=a, cubic=True) * (2, 2, 2)
    slab.rattle(0.1, seed=4)
    slab.center(5.0, axis=2)
    slab.pbc = (True, True, False)
    chain = [[0, 0, 0], [0.47 * spacing, 0.16 * spacing, 0.85 * spacing]]
    wire = Atoms([last, last], chain, cell=[[1.02 * spacing, 0, 0], [0] * 3, [0] * 3])
    wire.pbc = (True, False, False)
    corner = [[0, 0, 0], [0.86 * spacing, 0, 0], [0, 0.94 * spacing, 0.12 * spacing]]
    mixture = bulk(first, "fcc", a=a, cubic=True) * (2, 2, 2)
    mixture.symbols = rng.choice(symbols, len(mixture))
    mixture.rattle(0.12, seed=5)
    side = 1.02 * spacing
    return {
        "bulk": bulk(last, "fcc", a=a, cubic=True) * (2, 2, 2),
        "mixture": mixture,
        "triclinic": triclinic,
        "one-atom cell smaller than the cutoff": bulk(last, "fcc", a=a),
        "slab": slab,
        "wire without two cell vectors": wire,
        "molecule": Atoms([last] * 3, corner),
        "left-handed cell": Atoms(last, cell=np.eye(3)[[1, 0, 2]] * side, pbc=True),
        "atoms outside of the cell": Atoms(
            [first, last], [[-7, 0, 0], [11.2, 0.2, 0]], cell=[1.6 * spacing] * 3, pbc=True
        ),
        "lone atom": Atoms(first, cell=[30, 30, 30], pbc=True),
    }
