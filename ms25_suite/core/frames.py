"""Many structures with their energies, forces and stresses, as concatenated arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ms25_suite.core.fields import Quantity
from ms25_suite.core.inputs import Inputs, collect

if TYPE_CHECKING:
    from ase import Atoms

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = [
    "BoolArray",
    "FloatArray",
    "Frames",
    "IntArray",
    "Labels",
    "Predictions",
    "Properties",
    "from_voigt",
    "to_voigt",
]

FINGERPRINT_STEP = 1e-5
"""Positions and cells that differ by less, in Å, are equal: files store 6 to 8 decimals."""


def to_voigt(tensors: npt.ArrayLike) -> FloatArray:
    """Symmetric part of tensors in Voigt order xx yy zz yz xz xy (ASE's).

    Parameters
    ----------
    tensors
        Shape ``(…, 3, 3)``.

    Returns
    -------
    :
        Shape ``(…, 6)``.

    Examples
    --------
    >>> to_voigt([[1, 6, 5], [6, 2, 4], [5, 4, 3]]).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    """
    full = np.asarray(tensors, dtype=np.float64)
    # The antisymmetric part of a stress is noise: an energy that does not change under rotation
    # has a symmetric stress.
    symmetric = 0.5 * (full + np.swapaxes(full, -1, -2))
    return symmetric[..., [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]


def from_voigt(components: npt.ArrayLike) -> FloatArray:
    """Symmetric tensors from components in Voigt order xx yy zz yz xz xy.

    Parameters
    ----------
    components
        Shape ``(…, 6)``.

    Returns
    -------
    :
        Shape ``(…, 3, 3)``.

    Examples
    --------
    >>> from_voigt([1, 2, 3, 4, 5, 6]).tolist()
    [[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]]
    """
    rows = np.asarray(components, dtype=np.float64)[..., [0, 5, 4, 5, 1, 3, 4, 3, 2]]
    return rows.reshape(*rows.shape[:-1], 3, 3)


def _atom_indices(offsets: IntArray, frames: IntArray) -> IntArray:
    """Indices into per-atom arrays of the atoms of the given frames, in their order."""
    # A range from each frame's first atom, for all frames at once.
    counts = offsets[frames + 1] - offsets[frames]
    starts = np.repeat(offsets[frames] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    return np.asarray(np.arange(counts.sum()) + starts, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Structures of any size and composition, concatenated.

    Parameters
    ----------
    numbers
        Atomic numbers, shape ``(n_atoms_total,)``.
    positions
        Cartesian positions in Å, shape ``(n_atoms_total, 3)``.
    cells
        Cell vectors as rows in Å, shape ``(n_frames, 3, 3)``; zeros where there is no cell.
    pbc
        Periodicity along each cell vector, shape ``(n_frames, 3)``.
    offsets
        Index of the first atom of each frame, followed by the total number of atoms, shape
        ``(n_frames + 1,)``.
    inputs
        What potentials may read besides the structure: charge, spin, magnetic moments, …

    Raises
    ------
    ValueError
        The shapes do not fit together.
    """

    numbers: IntArray
    positions: FloatArray
    cells: FloatArray
    pbc: BoolArray
    offsets: IntArray
    inputs: Inputs = field(default_factory=Inputs)

    def __post_init__(self) -> None:
        n_frames = len(self.offsets) - 1
        n_atoms = int(self.offsets[-1])
        expected = {
            "numbers": (n_atoms,),
            "positions": (n_atoms, 3),
            "cells": (n_frames, 3, 3),
            "pbc": (n_frames, 3),
        }
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                msg = f"`{name}` must have shape {shape} to fit `offsets`, got {found}"
                raise ValueError(msg)
        self.inputs.check(n_frames, n_atoms)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def n_atoms(self) -> IntArray:
        """Number of atoms of each frame, shape ``(n_frames,)``."""
        return np.asarray(np.diff(self.offsets), dtype=np.int64)

    @property
    def frame_of_atom(self) -> IntArray:
        """Index of the frame of each atom, shape ``(n_atoms_total,)``."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.n_atoms)

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers that occur, ascending."""
        # `bincount` takes a tenth of the time of `unique`, which sorts.
        return tuple(int(z) for z in np.flatnonzero(np.bincount(np.asarray(self.numbers))))

    @property
    def volumes(self) -> FloatArray:
        """Cell volumes in Å^3, shape ``(n_frames,)``; zero where there is no cell."""
        return np.asarray(np.abs(np.linalg.det(self.cells)), dtype=np.float64)

    def select(self, indices: Sequence[int] | IntArray) -> Frames:
        """Frames with the given indices, in that order."""
        chosen = np.asarray(indices, dtype=np.int64)
        atoms = _atom_indices(np.asarray(self.offsets), chosen)
        offsets = np.concatenate([[0], np.cumsum(self.n_atoms[chosen])]).astype(np.int64)
        return Frames(
            numbers=np.asarray(self.numbers[atoms]),
            positions=np.asarray(self.positions[atoms]),
            cells=np.asarray(self.cells[chosen]),
            pbc=np.asarray(self.pbc[chosen]),
            offsets=offsets,
            inputs=self.inputs.select(chosen, atoms),
        )

    def content_hash(self) -> str:
        """SHA-256 of all arrays and inputs, as 64 hexadecimal digits."""
        digest = hashlib.sha256()
        for array, dtype in (
            (self.numbers, "<i8"),
            (self.positions, "<f8"),
            (self.cells, "<f8"),
            (self.pbc, "|b1"),
            (self.offsets, "<i8"),
        ):
            # Fixed byte order and width: the hash is the same on every machine.
            digest.update(np.ascontiguousarray(array, dtype=dtype).tobytes())
        self.inputs.update_hash(digest)
        return digest.hexdigest()

    def fingerprints(self) -> list[bytes]:
        """Fingerprint of each frame, 16 bytes.

        It is equal for frames that agree within 1e-5 Å and in their inputs: charge states of one
        geometry are different frames.
        """
        whole = [
            # Rounding to a grid, since hashes know no tolerance. Two values on both sides of a
            # rounding limit differ even if they are closer than the step.
            np.rint(np.asarray(values) / FINGERPRINT_STEP).astype("<i8")
            for values in (self.positions, self.cells)
        ]
        numbers = np.ascontiguousarray(self.numbers, dtype="<i8")
        pbc = np.ascontiguousarray(self.pbc, dtype="|b1")
        found = []
        for index in range(len(self)):
            part = self.atoms_of(index)
            digest = hashlib.blake2b(digest_size=16)
            for array in (numbers[part], whole[0][part], whole[1][index], pbc[index]):
                digest.update(array.tobytes())
            digest.update(self.inputs.prints(index, part))
            found.append(digest.digest())
        return found

    def atoms_of(self, index: int) -> slice:
        """Indices into per-atom arrays of the atoms of one frame."""
        return slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    def atoms(self, index: int, kind: type[Atoms] | None = None) -> Atoms:
        """One frame as an ASE ``Atoms`` object without calculator; inputs in info and arrays.

        Parameters
        ----------
        index
            Index of the frame.
        kind
            Class of the object, a subclass of ``Atoms``; ``Atoms`` by default.
        """
        from ase import Atoms

        part = self.atoms_of(index)
        atoms = (kind or Atoms)(
            numbers=np.array(self.numbers[part]),
            positions=np.array(self.positions[part]),
            cell=np.array(self.cells[index]),
            pbc=np.array(self.pbc[index]),
        )
        self.inputs.set_on(atoms, index, part)
        return atoms

    @classmethod
    def from_atoms(cls, images: Iterable[Atoms], inputs: Mapping[str, str] | None = None) -> Self:
        """Frames from ASE ``Atoms`` objects, without their calculators.

        Parameters
        ----------
        images
            The structures. Of ``info`` and ``arrays`` only inputs are taken.
        inputs
            Keys of inputs besides the known ones; see `ms25_suite.core.inputs.collect`.

        Raises
        ------
        ValueError
            An input is unusable.
        """
        images = list(images)
        n_atoms = [len(atoms) for atoms in images]
        return cls(
            numbers=np.concatenate([a.numbers for a in images] or [np.zeros(0)]).astype(np.int64),
            positions=np.concatenate([a.positions for a in images] or [np.zeros((0, 3))]),
            cells=np.array([a.cell.array for a in images], dtype=np.float64).reshape(-1, 3, 3),
            pbc=np.array([a.pbc for a in images], dtype=bool).reshape(-1, 3),
            offsets=np.concatenate([[0], np.cumsum(n_atoms)]).astype(np.int64),
            inputs=collect(images, inputs),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Properties:
    """Energies, forces and stresses of some frames.

    Parameters
    ----------
    energy
        Total energies in eV, shape ``(n_frames,)``.
    forces
        Forces in eV/Å, shape ``(n_atoms_total, 3)``.
    stress
        Stresses in eV/Å^3, tension positive, Voigt order xx yy zz yz xz xy, shape
        ``(n_frames, 6)``.

    A frame that lacks a quantity has NaN in its row, or in the rows of its atoms.
    """

    energy: FloatArray | None = None
    forces: FloatArray | None = None
    stress: FloatArray | None = None

    def select(self, indices: Sequence[int] | IntArray, offsets: IntArray) -> Self:
        """Properties of the frames with the given indices.

        Parameters
        ----------
        indices
            Frames to take, in this order.
        offsets
            ``Frames.offsets`` of the frames that the properties belong to.
        """
        chosen = np.asarray(indices, dtype=np.int64)
        atoms = _atom_indices(np.asarray(offsets), chosen)

        def take(values: FloatArray | None, rows: IntArray) -> Any:
            return None if values is None else np.asarray(values[rows])

        return type(self)(
            energy=take(self.energy, chosen),
            forces=take(self.forces, atoms),
            stress=take(self.stress, chosen),
        )

    @property
    def has_energy(self) -> BoolArray | None:
        """Whether each frame has an energy, shape ``(n_frames,)``; None without energies."""
        if self.energy is None:
            return None
        return np.asarray(np.isfinite(self.energy), dtype=np.bool_)

    def has_forces(self, offsets: IntArray) -> BoolArray | None:
        """Whether each frame has forces, shape ``(n_frames,)``; None without forces.

        Parameters
        ----------
        offsets
            ``Frames.offsets`` of the frames that the properties belong to.
        """
        if self.forces is None:
            return None
        whole = np.isfinite(self.forces).all(axis=1)
        starts = np.asarray(offsets)[:-1]
        if len(starts) == 0:
            return np.zeros(0, dtype=np.bool_)
        return np.asarray(np.logical_and.reduceat(whole, starts), dtype=np.bool_)

    @property
    def has_stress(self) -> BoolArray | None:
        """Whether each frame has a stress, shape ``(n_frames,)``; None without stresses."""
        if self.stress is None:
            return None
        return np.asarray(np.isfinite(self.stress).all(axis=1), dtype=np.bool_)

    def has(self, quantity: Quantity, offsets: IntArray) -> BoolArray | None:
        """Whether each frame has a quantity, shape ``(n_frames,)``; None if no frame can."""
        if quantity == "forces":
            return self.has_forces(offsets)
        return self.has_energy if quantity == "energy" else self.has_stress


class Labels(Properties):
    """Energies, forces and stresses of some frames from the reference.

    Each quantity may be on some frames only; it is judged on those.
    """

    __slots__ = ()

    def select(self, indices: Sequence[int] | IntArray, offsets: IntArray) -> Labels:
        """Labels of the frames with the given indices; None for what none of them has.

        Parameters
        ----------
        indices
            Frames to take, in this order.
        offsets
            ``Frames.offsets`` of the frames that the labels belong to.
        """
        # Not `super()`, which knows no class in a dataclass with slots.
        found = Properties.select(self, indices, offsets)

        def kept(values: FloatArray | None) -> FloatArray | None:
            return None if values is None or np.isnan(values).all() else values

        return Labels(kept(found.energy), kept(found.forces), kept(found.stress))

    def complete(self, offsets: IntArray) -> BoolArray:
        """Whether each frame has both energy and forces, which a training needs, ``(n_frames,)``.

        Parameters
        ----------
        offsets
            ``Frames.offsets`` of the frames that the labels belong to.
        """
        has_energy, has_forces = self.has_energy, self.has_forces(offsets)
        if has_energy is None or has_forces is None:
            return np.zeros(len(offsets) - 1, dtype=np.bool_)
        return has_energy & has_forces


class Predictions(Properties):
    """Energies, forces and stresses of some frames from a potential."""

    __slots__ = ()

    @classmethod
    def concatenate(cls, parts: Sequence[Predictions]) -> Predictions:
        """Join the predictions for consecutive groups of frames.

        Parameters
        ----------
        parts
            Predictions of each group, at least one. What is missing in one is missing in all.
        """

        def column(name: str) -> FloatArray | None:
            arrays = [getattr(part, name) for part in parts]
            # A quantity that one part lacks is lacking in the whole.
            return None if any(array is None for array in arrays) else np.concatenate(arrays)

        return cls(column("energy"), column("forces"), column("stress"))
