"""Size extensivity as an identity: a cell and its copy side by side hold twice the energy.

A frame that is repeated along a cell vector describes the same crystal. Whatever a potential has
learned, its energy per atom and the force on each copy must be those of the frame, but for
rounding. (Errors on *other* frames of another size are a matter of learning; `degradation`.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions
from ms25_suite.core.units import MEV_PER_EV

__all__ = [
    "SupercellErrors",
    "Tolerance",
    "doubled",
    "lowest_height",
    "periodic_heights",
    "small_frames",
    "supercell_errors",
    "supercell_tolerances",
]

N_FRAMES: Final = 4
"""Frames that are doubled: the identity holds for each frame, so a few show whether it does."""

MOST_ATOMS: Final = 2000
"""Most atoms of a doubled frame, so that the probe costs little beside the errors."""

_PLAIN_ENERGY: Final = 1e-6
_PLAIN_FORCES: Final = 1e-6
_TERMS: Final = 16
_EDGE_FORCE: Final = 100.0


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Largest difference that is rounding, and why; eV/atom or eV/Å."""

    value: float
    reason: str


@dataclass(frozen=True, slots=True)
class SupercellErrors:
    """Largest differences between frames and their doubles.

    Parameters
    ----------
    energy
        Of the energy per atom, in eV/atom.
    forces
        Of a force component, in eV/Å.
    energy_frame, forces_frame
        Index of the frame with it.
    energy_axis, forces_axis
        Cell vector along which it is doubled, from 0.
    """

    energy: float
    forces: float
    energy_frame: int
    forces_frame: int
    energy_axis: int
    forces_axis: int


def small_frames(frames: Frames) -> IntArray:
    """Indices of the first few periodic frames whose double is not too large."""
    fit = frames.pbc.any(axis=1) & (2 * frames.n_atoms <= MOST_ATOMS)
    return np.asarray(np.flatnonzero(fit)[:N_FRAMES], dtype=np.int64)


def doubled(frames: Frames) -> tuple[Frames, IntArray, IntArray]:
    """Every frame, doubled along one of its periodic cell vectors after another.

    Returns
    -------
    :
        The doubled frames, in each of which the original atoms come first and their copies in the
        same order behind; index of the original frame and the cell vector of each, shape
        ``(n_doubled,)``.
    """
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
    frames, of_frames
        The frames, and their energies (eV) and forces (eV/Å).
    source, axis
        From `doubled`; at least one.
    of_doubled
        Energies and forces of the doubled frames.

    Raises
    ------
    ValueError
        Energies or forces are missing.
    """
    energies, forces = of_frames.energy, of_frames.forces
    if energies is None or forces is None or of_doubled.energy is None or of_doubled.forces is None:
        msg = "both energies and forces are needed"
        raise ValueError(msg)
    n_atoms = frames.n_atoms[source]
    once = of_frames.select(source, frames.offsets)
    per_atom = np.abs(of_doubled.energy / (2 * n_atoms) - energies[source] / n_atoms)
    worst_force = np.zeros(len(source))
    start = 0
    for index, n in enumerate(n_atoms):
        original = np.asarray(once.forces)[start : start + n]
        copies = of_doubled.forces[2 * start : 2 * (start + n)].reshape(2, n, 3)
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

    1e-6 eV/atom and 1e-6 eV/Å are far below anything that is asked of a potential, and far above
    what float64 leaves: the reference calculators of the built-in data agree within 3e-13 eV/atom
    and 1e-11 eV/Å, Ewald sums and charge equilibration included. To that comes the rounding of the
    floating-point type: 16 units in the last place (of a pairwise sum of 2^16 terms) of the energy
    per atom, and of a force between two atoms of 100 eV/Å, out of which small forces are summed.

    Parameters
    ----------
    dtype
        ``float64`` or ``float32``.
    energy_per_atom
        Largest energy per atom in eV.

    Returns
    -------
    :
        Tolerance of energies in eV/atom and of forces in eV/Å.
    """
    step = _TERMS * float(np.finfo(dtype).eps)
    energy = float(f"{_PLAIN_ENERGY + step * abs(energy_per_atom):.2g}")
    forces = float(f"{_PLAIN_FORCES + step * _EDGE_FORCE:.2g}")
    shared = f"ms25-suite: rounding in {dtype}, "
    return (
        Tolerance(
            energy,
            f"{shared}{MEV_PER_EV * _PLAIN_ENERGY:g} meV/atom and 16 units in the last place of "
            f"{abs(energy_per_atom):.4g} eV/atom",
        ),
        Tolerance(
            forces,
            f"{shared}{MEV_PER_EV * _PLAIN_FORCES:g} meV/Å and 16 units in the last place of "
            f"{_EDGE_FORCE:g} eV/Å",
        ),
    )


def lowest_height(frames: Frames) -> float | None:
    """Smallest of the periodic heights of all frames in Å; None if no frame is periodic."""
    heights = [
        height
        for cell, periodic in zip(frames.cells, frames.pbc, strict=True)
        for height in periodic_heights(cell, periodic)
    ]
    return float(min(heights)) if heights else None


def periodic_heights(cell: FloatArray, periodic: npt.ArrayLike) -> FloatArray:
    """Distances in Å between opposite sides of a cell, of its periodic directions only.

    Parameters
    ----------
    cell
        Cell vectors as rows in Å, shape ``(3, 3)``.
    periodic
        Whether it is periodic along each, shape ``(3,)``.
    """
    # A frame may have no cell vector where it is not periodic.
    normals = np.linalg.pinv(cell)[:, np.asarray(periodic, dtype=bool)]
    return np.asarray(1 / np.linalg.norm(normals, axis=0))
