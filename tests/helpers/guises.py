"""One frame in many guises, none of which changes what it is."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk, make_supercell
from scipy.spatial.transform import Rotation


def alloys(n: int, *, seed: int = 0, rattle: float = 0.1) -> list[Atoms]:
    """Independent rattled cells of random composition."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        atoms = bulk("Ni", "fcc", a=3.55, cubic=True) * (2, 2, 2)
        atoms.numbers = rng.choice([28, 29], len(atoms))
        atoms.rattle(rattle, rng=rng)
        found.append(atoms)
    return found


def rattled(atoms: Atoms, by: float, seed: int = 7) -> Atoms:
    moved = atoms.copy()
    moved.rattle(by, rng=np.random.default_rng(seed))
    return moved


def disguised(atoms: Atoms, seed: int = 3) -> dict[str, Atoms]:
    """The frame rotated, translated, permuted, wrapped, with other vectors, and all at once."""
    rng = np.random.default_rng(seed)
    turned, moved, wrapped = atoms.copy(), atoms.copy(), atoms.copy()
    rotation = Rotation.random(random_state=seed).as_matrix()
    turned.set_cell(atoms.cell.array @ rotation.T)
    turned.positions = atoms.positions @ rotation.T
    moved.positions += [0.7, 1.9, -2.3]
    wrapped.positions += rng.integers(-2, 3, (len(atoms), 3)) @ atoms.cell.array
    permuted = atoms[rng.permutation(len(atoms))]
    sheared = make_supercell(atoms, [[1, 1, 0], [0, 1, 0], [0, 0, -1]])
    doubled = make_supercell(atoms, np.diag([2, 1, 1]))
    everything = make_supercell(turned, [[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    everything.positions += 0.4
    everything = everything[rng.permutation(len(everything))]
    return {
        "rotated": turned,
        "translated": moved,
        "wrapped": wrapped,
        "permuted": permuted,
        "sheared and left-handed": sheared,
        "doubled": doubled,
        "everything": everything,
    }
