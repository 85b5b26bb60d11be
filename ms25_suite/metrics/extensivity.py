"""Size extensivity as an identity: a cell doubled along a cell vector has twice the energy.

A frame repeated along a cell vector describes the same crystal. Whatever a potential has learned,
its energy per atom and its forces must be the same for both, up to rounding. Errors on *different*
frames of another size depend on what was learned; `ms25_suite.metrics.comparing.error_ratio`
compares those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.metrics.finite import energies_and_forces
from ms25_suite.metrics.rounding import EDGE_FORCE, Tolerance, rounding_tolerance

__all__ = [
    "SupercellErrors",
    "doubled",
    "lowest_height",
    "periodic_heights",
    "small_frames",
    "supercell_errors",
    "supercell_tolerances",
]

N_FRAMES: Final = 4
"""Number of frames that are doubled: an exact identity can be tested on a few frames."""

MOST_ATOMS: Final = 2000
"""Most atoms of a doubled frame, so that this takes little time compared with the errors."""

_ALLOWANCE: Final = 1e-6
"""Negligible difference in eV/atom and in eV/Å, see `supercell_tolerances`."""


@dataclass(frozen=True, slots=True)
class SupercellErrors:
    """Largest differences between frames and their doubles.

    Parameters
    ----------
    energy
        Largest difference of the energy per atom, in eV/atom.
    forces
        Largest difference of a force component, in eV/Å.
    energy_frame, forces_frame
        Index of the frame with that difference.
    energy_axis, forces_axis
        Cell vector along which it was doubled, counted from 0.
    """

    energy: float
    forces: float
    energy_frame: int
    forces_frame: int
    energy_axis: int
    forces_axis: int


def small_frames(frames: Frames) -> IntArray:
    """Indices of the first `N_FRAMES` periodic frames whose double has at most `MOST_ATOMS`."""
    fit = frames.pbc.any(axis=1) & (2 * frames.n_atoms <= MOST_ATOMS)
    return np.asarray(np.flatnonzero(fit)[:N_FRAMES], dtype=np.int64)


def doubled(frames: Frames) -> tuple[Frames, IntArray, IntArray]:
    """Double every frame along each of its periodic cell vectors in turn.

    Parameters
    ----------
    frames
        The frames.

    Returns
    -------
    :
        The doubled frames, each with the original atoms first and their copies in the same order
        after them; and for each doubled frame the index of its original and of the cell vector,
        both of shape ``(n_doubled,)``.
    """
    # One doubled frame for each periodic direction of each frame.
    source, axis = np.nonzero(frames.pbc)
    once = frames.select(source)
    cells = once.cells.copy()
    rows = np.arange(len(source))
    shifts = cells[rows, axis]
    cells[rows, axis] *= 2
    numbers, positions = [], []
    for index, shift in enumerate(shifts):
        part = slice(int(once.offsets[index]), int(once.offsets[index + 1]))
        numbers += [once.numbers[part]] * 2
        positions += [once.positions[part], once.positions[part] + shift]
    return (
        Frames(
            numbers=np.concatenate(numbers or [once.numbers]),
            positions=np.concatenate(positions or [once.positions]),
            cells=cells,
            pbc=once.pbc,
            offsets=2 * once.offsets,
            inputs=once.inputs.repeated(2, once.offsets),
        ),
        np.asarray(source, dtype=np.int64),
        np.asarray(axis, dtype=np.int64),
    )


def supercell_errors(
    frames: Frames,
    of_frames: Predictions,
    source: IntArray,
    axis: IntArray,
    of_doubled: Predictions,
) -> SupercellErrors:
    """Compare predictions of frames and of their doubles.

    Parameters
    ----------
    frames
        The frames.
    of_frames
        Predicted energies (eV) and forces (eV/Å) of the frames.
    source, axis
        From `doubled`, shape ``(n_doubled,)``; at least one.
    of_doubled
        Predicted energies and forces of the doubled frames.

    Raises
    ------
    ValueError
        Energies or forces are missing.
    """
    doubled_energies, doubled_forces = energies_and_forces(of_doubled)
    n_atoms = frames.n_atoms[source]
    energies, forces = energies_and_forces(of_frames.select(source, frames.offsets))
    # E(2 cells) = 2 E(1 cell), as both describe the same crystal.
    per_atom = np.abs(doubled_energies / (2 * n_atoms) - energies / n_atoms)
    worst_force = np.zeros(len(source))
    start = 0
    for index, n in enumerate(n_atoms):
        original = forces[start : start + n]
        # Each copy of an atom has the same surroundings as the original.
        copies = doubled_forces[2 * start : 2 * (start + n)].reshape(2, n, 3)
        worst_force[index] = np.abs(copies - original).max()
        start += int(n)
    at, by = int(np.argmax(per_atom)), int(np.argmax(worst_force))
    return SupercellErrors(
        energy=float(per_atom[at]),
        forces=float(worst_force[by]),
        energy_frame=int(source[at]),
        forces_frame=int(source[by]),
        energy_axis=int(axis[at]),
        forces_axis=int(axis[by]),
    )


def supercell_tolerances(dtype: str, energy_per_atom: float) -> tuple[Tolerance, Tolerance]:
    """Largest differences of energy per atom and of forces that are rounding.

    An allowance of 1e-6 eV/atom and 1e-6 eV/Å, plus 16 units in the last place of the energy per
    atom and of a force between two atoms. The allowance is far below any threshold for a potential,
    and far above float64 rounding: the reference calculators of the built-in data agree within
    3e-13 eV/atom and 1e-11 eV/Å, including those with Ewald sums and charge equilibration.

    Parameters
    ----------
    dtype
        Floating-point type of the potential, ``float64`` or ``float32``.
    energy_per_atom
        Largest energy per atom in eV.

    Returns
    -------
    :
        Tolerances of the energy in eV/atom and of the forces in eV/Å.

    Examples
    --------
    >>> [tolerance.value for tolerance in supercell_tolerances("float32", -10.0)]
    [2e-05, 0.00019]
    """
    energy = rounding_tolerance(
        dtype,
        allowance=_ALLOWANCE,
        stated=f"{MEV_PER_EV * _ALLOWANCE:g} meV/atom",
        scale=abs(energy_per_atom),
        unit="eV/atom",
    )
    forces = rounding_tolerance(
        dtype,
        allowance=_ALLOWANCE,
        stated=f"{MEV_PER_EV * _ALLOWANCE:g} meV/Å",
        scale=EDGE_FORCE,
        unit="eV/Å",
    )
    return energy, forces


def lowest_height(frames: Frames) -> float | None:
    """Smallest height of all frames along periodic directions in Å; None without any of them."""
    heights = [
        height
        for cell, periodic in zip(frames.cells, frames.pbc, strict=True)
        for height in periodic_heights(cell, periodic)
    ]
    return float(min(heights)) if heights else None


def periodic_heights(cell: FloatArray, periodic: npt.ArrayLike) -> FloatArray:
    """Distances between opposite faces of a cell, for its periodic directions.

    The height along a cell vector is the volume over the area spanned by the other two. It, and not
    the length of the vector, is the distance between periodic images in a skewed cell.

    Parameters
    ----------
    cell
        Cell vectors as rows in Å, shape ``(3, 3)``.
    periodic
        Whether it is periodic along each, shape ``(3,)``.

    Returns
    -------
    :
        Heights in Å, shape ``(n_periodic,)``.

    Examples
    --------
    >>> cell = np.array([[4.0, 0.0, 0.0], [4.0, 3.0, 0.0], [0.0, 0.0, 9.0]])
    >>> periodic_heights(cell, [True, True, True]).round(6).tolist()
    [2.4, 3.0, 9.0]
    """
    # The columns of the inverse are the face normals over the heights. The pseudo-inverse, because
    # a frame may have no cell vector along a direction that is not periodic.
    normals = np.linalg.pinv(cell)[:, np.asarray(periodic, dtype=bool)]
    return np.asarray(1 / np.linalg.norm(normals, axis=0))
