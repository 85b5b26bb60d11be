"""Frames in a temporary file between reading and writing, to save memory."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from ms25_suite.core.fields import REF_FORCES

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["FrameStore"]


class FrameStore:
    """Frames in a temporary file, in any number, of which only one is in memory."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = (folder / "frames").open("w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, atoms: Atoms) -> int:
        """Keep a frame.

        Returns
        -------
        int
            Where it is, for `get`.
        """
        # Append at the end; the offset is the handle of the frame.
        place = self._file.seek(0, 2)
        content: tuple[Any, ...] = (
            atoms.numbers,
            atoms.positions,
            atoms.cell.array,
            atoms.pbc,
            dict(atoms.info),
            atoms.arrays.get(REF_FORCES),
        )
        # Only this object writes to the file, so unpickling it is safe.
        pickle.dump(content, self._file, protocol=pickle.HIGHEST_PROTOCOL)
        return place

    def get(self, place: int) -> Atoms:
        """A frame that was kept."""
        from ase import Atoms

        self._file.seek(place)
        numbers, positions, cell, pbc, info, forces = pickle.load(self._file)
        atoms = Atoms(numbers=numbers, positions=positions, cell=cell, pbc=pbc)
        atoms.info.update(info)
        if forces is not None:
            atoms.arrays[REF_FORCES] = forces
        return atoms
