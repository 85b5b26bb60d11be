"""Many structures, as concatenated arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from ms25_suite.core.frames.arrays import BoolArray, FloatArray, IntArray, atom_indices, rows_of
from ms25_suite.core.inputs import Inputs, collect

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Frames"]

FINGERPRINT_STEP = 1e-5
"""Positions and cells that differ by less, in Å, are equal: files store 6 to 8 decimals."""


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
        atoms = atom_indices(np.asarray(self.offsets), chosen)
        offsets = np.concatenate([[0], np.cumsum(self.n_atoms[chosen])]).astype(np.int64)
        frame_rows, atom_rows = rows_of(chosen), rows_of(atoms)
        return Frames(
            numbers=np.array(self.numbers[atom_rows]),
            positions=np.array(self.positions[atom_rows]),
            cells=np.array(self.cells[frame_rows]),
            pbc=np.array(self.pbc[frame_rows]),
            offsets=offsets,
            inputs=self.inputs.select(chosen, atoms),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Frames]) -> Frames:
        """Join groups of frames that have the same inputs.

        Parameters
        ----------
        parts
            The groups, at least one.
        """
        sizes = np.concatenate([part.n_atoms for part in parts])
        return cls(
            numbers=np.concatenate([part.numbers for part in parts]),
            positions=np.concatenate([part.positions for part in parts]),
            cells=np.concatenate([part.cells for part in parts]),
            pbc=np.concatenate([part.pbc for part in parts]),
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            inputs=Inputs.concatenate([part.inputs for part in parts]),
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
