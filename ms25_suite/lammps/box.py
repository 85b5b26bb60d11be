"""The LAMMPS box of a frame, and the way back into the frame's own axes.

LAMMPS requires a right-handed cell with the first vector along x and the second in the xy plane,
and warns if a tilt exceeds half a box length. So the cell vectors are replaced by others of the
same lattice (by an integer matrix of determinant ±1), and everything is rotated. Nothing is
reflected, because not every architecture is invariant under reflection.

References
----------
https://docs.lammps.org/Howto_triclinic.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import BoolArray, FloatArray, Frames, IntArray, to_voigt
from ms25_suite.core.inputs import Inputs

__all__ = ["Box", "current_matrix"]

_FREE_MARGIN = 1.0
"""Space in Å around the atoms along non-periodic directions, before LAMMPS shrinks the box."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A frame in the axes of LAMMPS.

    Parameters
    ----------
    numbers
        Atomic numbers, shape ``(n_atoms,)``.
    elements
        Atomic numbers in the order of LAMMPS' atom types, ascending.
    positions
        Positions in Å in LAMMPS' axes, not wrapped into the box, shape ``(n_atoms, 3)``.
    origin
        Lower corner of the box in Å, shape ``(3,)``.
    matrix
        Box vectors as rows in Å, lower triangular, shape ``(3, 3)``.
    rotation
        Rotation from LAMMPS' axes to the frame's own, ``own = positions @ rotation``, shape
        ``(3, 3)``.
    basis
        Integer combinations of the frame's cell vectors that give the box vectors, shape
        ``(3, 3)``.
    cell
        The frame's own cell vectors as rows in Å, shape ``(3, 3)``.
    pbc
        Periodicity along each cell vector, shape ``(3,)``.
    inputs
        Charge, spin, … of the frame.
    """

    numbers: IntArray
    elements: tuple[int, ...]
    positions: FloatArray
    origin: FloatArray
    matrix: FloatArray
    rotation: FloatArray
    basis: IntArray
    cell: FloatArray
    pbc: BoolArray
    inputs: Inputs

    @classmethod
    def from_frame(cls, frame: Frames) -> Self:
        """Box of a single frame.

        Parameters
        ----------
        frame
            One frame with atoms.

        Raises
        ------
        UsageError
            There is not exactly one frame with atoms, a position or cell vector is not finite, or
            the cell vector of a periodic direction is zero or depends on the others.
        """
        _check(frame)
        cell, pbc = np.array(frame.cells[0], dtype=float), np.array(frame.pbc[0], dtype=bool)
        completed = _complete(cell, pbc)
        basis = np.eye(3, dtype=np.int64)
        # Left-handed: invert the third lattice vector, which spans the same lattice.
        if np.linalg.det(completed) < 0.0:
            basis[2, 2] = -1
        matrix, rotation = _lower_triangular(basis @ completed)
        # Reduce the tilts: subtract whole box vectors until each tilt is at most half a length.
        # Only along periodic directions, where that leaves the lattice unchanged.
        # yz before xz: subtracting the second vector from the third changes xz too.
        for row, other in ((1, 0), (2, 1), (2, 0)):
            if pbc[row] and pbc[other]:
                times = int(np.rint(matrix[row, other] / matrix[other, other]))
                matrix[row] -= times * matrix[other]
                basis[row] -= times * basis[other]
        # own = lammps @ rotation, and the inverse of a rotation is its transpose.
        positions = np.asarray(frame.positions, dtype=float) @ rotation.T
        origin = np.zeros(3)
        free = np.flatnonzero(~pbc)
        if len(free):
            # The other components of these rows and columns are zero, see `_complete`, so the
            # length of the box vector can be set to the extent of the atoms.
            low, high = positions[:, free].min(axis=0), positions[:, free].max(axis=0)
            origin[free] = low - _FREE_MARGIN
            matrix[free, free] = high - low + 2 * _FREE_MARGIN
        return cls(
            numbers=np.asarray(frame.numbers, dtype=np.int64),
            elements=frame.elements,
            positions=positions,
            origin=origin,
            matrix=matrix,
            rotation=rotation,
            basis=basis,
            cell=cell,
            pbc=pbc,
            inputs=frame.inputs,
        )

    @property
    def types(self) -> IntArray:
        """LAMMPS' atom types, counted from 1, shape ``(n_atoms,)``."""
        return np.asarray(np.searchsorted(self.elements, self.numbers) + 1, dtype=np.int64)

    @property
    def has_stress(self) -> bool:
        """Whether a stress is defined: the frame is periodic in all three directions."""
        return bool(self.pbc.all())

    def frame(self, positions: FloatArray, matrix: FloatArray) -> Frames:
        """Frame in its own axes, from positions and box vectors in those of LAMMPS.

        Parameters
        ----------
        positions
            Positions in Å, shape ``(n_atoms, 3)``.
        matrix
            Box vectors as rows in Å, shape ``(3, 3)``.
        """
        # matrix @ rotation = basis @ cell, so the frame's own cell vectors follow by solving for
        # cell.
        cell = np.linalg.solve(self.basis.astype(float), matrix @ self.rotation)
        # LAMMPS has vectors of its own along directions without periodicity.
        cell[~self.pbc] = self.cell[~self.pbc]
        return Frames(
            numbers=self.numbers,
            positions=positions @ self.rotation,
            cells=cell[None],
            pbc=self.pbc[None],
            offsets=np.array([0, len(self.numbers)], dtype=np.int64),
            inputs=self.inputs,
        )

    def own_tensor(self, tensor: FloatArray) -> FloatArray:
        """Tensor in the frame's own axes, from one in those of LAMMPS, shape ``(3, 3)``."""
        # Rows turn as v R, so a tensor turns as R^T t R.
        return np.asarray(self.rotation.T @ tensor @ self.rotation)

    def lammps_tensor(self, tensor: FloatArray) -> FloatArray:
        """Inverse of `own_tensor`."""
        return np.asarray(self.rotation @ tensor @ self.rotation.T)

    def own_stress(self, pressure: Sequence[float], *, bar_per_ev_a3: float) -> FloatArray:
        """Stress in the frame's own axes, from LAMMPS' pressure tensor.

        Parameters
        ----------
        pressure
            Components xx yy zz xy xz yz in bar (LAMMPS' order), in LAMMPS' axes.
        bar_per_ev_a3
            Bar in one eV/Å^3. LAMMPS' own value (``nktv2p``) undoes its conversion exactly,
            whichever CODATA set its constants are from.

        Returns
        -------
        :
            Stress in eV/Å^3, tension positive, Voigt order xx yy zz yz xz xy, shape ``(6,)``.
        """
        xx, yy, zz, xy, xz, yz = pressure
        full = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        # Pressure is positive in compression, ASE's stress in tension.
        return to_voigt(self.own_tensor(-full / bar_per_ev_a3))


def current_matrix(lammps: Any) -> FloatArray:
    """Present box vectors of a LAMMPS instance as rows in Å, shape ``(3, 3)``."""
    low, high, xy, yz, xz, _, _ = lammps.extract_box()
    x, y, z = np.subtract(high, low)
    return np.array([[x, 0.0, 0.0], [xy, y, 0.0], [xz, yz, z]])


def _check(frame: Frames) -> None:
    if len(frame) != 1 or len(frame.numbers) == 0:
        msg = (
            f"a run in LAMMPS starts from one frame with atoms, found {len(frame)} frames with "
            f"{len(frame.numbers)} atoms: select one frame"
        )
        raise UsageError(msg)
    cell, pbc = np.asarray(frame.cells[0]), np.asarray(frame.pbc[0])
    if not (np.isfinite(cell).all() and np.isfinite(frame.positions).all()):
        msg = (
            "a run in LAMMPS needs finite positions and cell vectors, found NaN or infinity: "
            "choose another frame"
        )
        raise UsageError(msg)
    if not cell.any():
        msg = (
            "a run in LAMMPS needs a frame with a cell, found one without. Give it a cell, with "
            "ASE for instance by atoms.center(vacuum=10.0), and pbc=True where it is periodic"
        )
        raise UsageError(msg)
    vectors = cell[pbc]
    # The smallest singular value of the normalised vectors is near zero only if they are linearly
    # dependent, whatever the size of the cell.
    lengths = np.linalg.norm(vectors, axis=1)
    flat = len(vectors) and (
        lengths.min() == 0.0
        or np.linalg.svd(vectors / lengths[:, None], compute_uv=False).min() < 1e-6
    )
    if flat:
        msg = (
            "a run in LAMMPS needs independent cell vectors in all periodic directions, found "
            f"{cell.tolist()} with pbc {pbc.tolist()}: correct the cell, or set pbc to False "
            "where there is no cell vector"
        )
        raise UsageError(msg)


def _complete(cell: FloatArray, pbc: BoolArray) -> FloatArray:
    """Cell whose vectors along non-periodic directions are unit vectors orthogonal to the others.

    LAMMPS allows no tilt along such directions, and the potential does not depend on these vectors.
    """
    from ase.geometry import complete_cell

    return np.array(complete_cell(np.where(pbc[:, None], cell, 0.0)), dtype=float)


def _lower_triangular(cell: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower triangular matrix and rotation; ``matrix @ rotation`` is the cell."""
    # cell^T = Q R gives cell = R^T Q^T with R^T lower triangular; signs make its diagonal positive.
    orthogonal, upper = np.linalg.qr(cell.T)
    signs = np.where(np.diag(upper) < 0.0, -1.0, 1.0)
    # det(cell) > 0 and a positive diagonal leave det(rotation) = 1: no reflection.
    matrix = np.tril(upper.T * signs)
    # Remove rounding noise: LAMMPS refuses any tilt along a non-periodic direction.
    matrix[np.abs(matrix) < 1e-14 * np.abs(matrix).max()] = 0.0
    return matrix, np.asarray(signs[:, None] * orthogonal.T)
