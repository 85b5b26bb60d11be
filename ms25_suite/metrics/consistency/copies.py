"""Copies of a structure for which a potential must predict the same.

Each copy describes the same atoms in another way: turned, moved, in another order, with another
choice of the cell. Energies must be equal, forces and stresses must be those of the original, in
the other description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions, from_voigt, to_voigt
from ms25_suite.metrics.extensivity import MOST_ATOMS, doubled, periodic_heights
from ms25_suite.metrics.finite import energies_and_forces

__all__ = [
    "LARGEST_SHIFT_A",
    "LAWS",
    "Copy",
    "CopyErrors",
    "compare_copy",
    "directed_inputs",
    "equivalent_copies",
    "expected_of",
]

LAWS: Final = (
    "rotation",
    "translation",
    "permutation",
    "inversion",
    "periodic_images",
    "cell_choice",
    "supercell",
    "determinism",
)
"""What must not matter, in the order in which it is asked."""

LARGEST_SHIFT_A: Final = 5.0
"""Largest translation along each axis in Å: some bonds, and no multiple of a grid."""


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """One structure, described in another way.

    Parameters
    ----------
    law
        One of `LAWS`.
    what
        What was done, in words.
    frame
        The copy, exactly one frame.
    order
        Atom of the original behind each atom of the copy, shape ``(n_atoms_of_copy,)``.
    turn
        Matrix R with v' = R v for each vector v of the original, shape ``(3, 3)``.
    """

    law: str
    what: str
    frame: Frames
    order: IntArray
    turn: FloatArray


@dataclass(frozen=True, slots=True)
class CopyErrors:
    """Largest differences between predictions for a copy and those that its original calls for.

    Parameters
    ----------
    energy
        In eV/atom.
    forces
        Largest difference of a component in eV/Å.
    stress
        Largest difference of a component in eV/Å^3; None if the potential predicts no stress, or
        the frame cannot have one.
    """

    energy: float
    forces: float
    stress: float | None


def directed_inputs(frame: Frames) -> tuple[str, ...]:
    """Names of inputs that have a direction, such as an external field.

    They would have to be turned along, and whether they are vectors or axial vectors is not known.
    """
    columns = ((name, frame.inputs[name]) for name in frame.inputs)
    return tuple(
        name
        for name, column in columns
        if not column.is_text and column.values.ndim > 1 and column.values.shape[-1] == 3
    )


def equivalent_copies(frame: Frames, rng: np.random.Generator) -> list[Copy]:
    """All copies that a frame can have.

    Laws of periodic frames are left out for others, turned and inverted copies where an input of
    the frame has a direction, and a supercell of more than 2000 atoms.

    Parameters
    ----------
    frame
        The original, exactly one frame.
    rng
        Random numbers for rotation, shifts and order.
    """
    copies = [_moved(frame, rng), _renumbered(frame, rng)]
    if not directed_inputs(frame):
        copies = [_rotated(frame, rng), *copies, _inverted(frame)]
    if frame.pbc.any():
        copies.append(_unwrapped(frame, rng))
        copies += _other_cells(frame)
        copies += _supercell(frame)
    # Last, and not beside the original: a calculator of ASE that is asked twice in a row for the
    # same atoms returns what it remembers.
    copies.append(_copy("determinism", "asked again", frame))
    return copies


def expected_of(copy: Copy, original: Predictions) -> Predictions:
    """Predictions that the law calls for.

    Parameters
    ----------
    copy
        The copy.
    original
        Predictions for its original, exactly one frame.

    Raises
    ------
    ValueError
        Energies or forces are missing.
    """
    energies, forces = energies_and_forces(original)
    cells = len(copy.order) / len(forces)
    # Rows are vectors: v' = v R^T. A tensor turns as R s R^T.
    turn, stress = copy.turn, original.stress
    if stress is not None:
        stress = to_voigt(turn @ from_voigt(stress) @ turn.T)
    return Predictions(energies * cells, forces[copy.order] @ turn.T, stress)


def compare_copy(copy: Copy, original: Predictions, found: Predictions) -> CopyErrors:
    """Differences between the predictions for a copy and those that the law calls for.

    Parameters
    ----------
    copy
        The copy.
    original, found
        Predictions for its original and for itself, one frame each.
    """
    expected = expected_of(copy, original)
    energies, forces = energies_and_forces(found)
    wanted_energies, wanted_forces = energies_and_forces(expected)
    stress = None
    if expected.stress is not None and found.stress is not None:
        off = np.abs(found.stress - expected.stress)
        # NaN marks a frame that cannot have a stress.
        stress = None if np.isnan(off).all() else float(np.nanmax(off))
    return CopyErrors(
        abs(float(energies[0] - wanted_energies[0])) / len(forces),
        float(np.abs(forces - wanted_forces).max()),
        stress,
    )


def _copy(
    law: str,
    what: str,
    frame: Frames,
    order: Sequence[int] | IntArray | None = None,
    turn: FloatArray | None = None,
) -> Copy:
    atoms = np.arange(len(frame.numbers)) if order is None else np.asarray(order)
    return Copy(law, what, frame, atoms, np.eye(3) if turn is None else turn)


def _rotated(frame: Frames, rng: np.random.Generator) -> Copy:
    from scipy.spatial.transform import Rotation

    # A quaternion of four normal numbers is a rotation without preferred axis.
    turn = np.asarray(Rotation.from_quat(rng.normal(size=4)).as_matrix())
    turned = replace(frame, positions=frame.positions @ turn.T, cells=frame.cells @ turn.T)
    return _copy("rotation", "turned as a whole", turned, turn=turn)


def _moved(frame: Frames, rng: np.random.Generator) -> Copy:
    shift = rng.uniform(-LARGEST_SHIFT_A, LARGEST_SHIFT_A, 3)
    moved = replace(frame, positions=frame.positions + shift)
    return _copy("translation", "moved as a whole", moved)


def _renumbered(frame: Frames, rng: np.random.Generator) -> Copy:
    order = rng.permutation(len(frame.numbers))
    renumbered = replace(
        frame,
        numbers=frame.numbers[order],
        positions=frame.positions[order],
        inputs=frame.inputs.select(np.zeros(1, dtype=np.int64), order),
    )
    return _copy("permutation", "atoms in another order", renumbered, order)


def _inverted(frame: Frames) -> Copy:
    # Every lattice is its own mirror image, so the cell may stay.
    inverted = replace(frame, positions=-frame.positions)
    return _copy("inversion", "mirrored at a point", inverted, turn=-np.eye(3))


def _unwrapped(frame: Frames, rng: np.random.Generator) -> Copy:
    images = rng.integers(-1, 2, (len(frame.numbers), 3)) * frame.pbc[0]
    unwrapped = replace(frame, positions=frame.positions + images @ frame.cells[0])
    return _copy("periodic_images", "each atom in another periodic image", unwrapped)


def _other_cells(frame: Frames) -> list[Copy]:
    """Cells of the other handedness, and with another choice of lattice vectors."""
    cell, found = frame.cells[0], []
    volume = float(np.linalg.det(cell))
    # Without three vectors a cell has no handedness.
    if volume != 0.0:
        swapped = [1, 0, 2]
        hand = "left" if volume > 0.0 else "right"
        other = replace(frame, cells=cell[None, swapped], pbc=frame.pbc[:, swapped])
        found.append(_copy("cell_choice", f"{hand}-handed cell", other))
    periodic = np.flatnonzero(frame.pbc[0])
    if len(periodic) > 1:
        first, second = periodic[:2]
        cells = frame.cells.copy()
        # a + b and b span the same lattice as a and b.
        cells[0, first] += cells[0, second]
        names = f"{'abc'[first]} + {'abc'[second]} in place of {'abc'[first]}"
        found.append(_copy("cell_choice", names, replace(frame, cells=cells)))
    return found


def _supercell(frame: Frames) -> list[Copy]:
    """The cell doubled where it is narrowest: there images of an atom are missed first."""
    n_atoms = len(frame.numbers)
    if 2 * n_atoms > MOST_ATOMS:
        return []
    twice, _, axes = doubled(frame)
    narrow = int(np.argmin(periodic_heights(frame.cells[0], frame.pbc[0])))
    order = np.tile(np.arange(n_atoms), 2)
    what = f"doubled along {'abc'[axes[narrow]]}"
    return [_copy("supercell", what, twice.select([narrow]), order)]
