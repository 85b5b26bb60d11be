"""What is known of the frames of each system between reading and writing."""

from __future__ import annotations

import pickle
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Self

from ms25_suite.core.fields import REF_FORCES
from ms25_suite.core.findings import Finding
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.published.archive import natural_key

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["FrameStore", "Gap", "SystemFrames"]


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


@dataclass(frozen=True, slots=True)
class Gap:
    """Images that a file of a reaction path lacks.

    Parameters
    ----------
    reason
        Why they were left out.
    at_end
        Whether the last one is among them.
    """

    reason: str
    at_end: bool


@dataclass(slots=True)
class SystemFrames:
    """Frames of one system: each structure once, and which files have it.

    Parameters
    ----------
    places
        Where the store keeps each structure.
    energies
        Energy in eV of each.
    ids
        Fingerprint to the number of the structure.
    files
        Number and role of each frame of each file.
    bare
        Numbers of the structures without forces.
    paths
        Images of reaction paths: by what its files have in common, and by file in their order.
    gaps
        What files of these paths lack, by the same two names.
    keys
        How often labels had which keys, energy and forces.
    unread
        Keys that may hold a stress and were not read.
    units
        How often labels had which units, where these are not obvious.
    because
        Units to how they are known, for the first frames that had them.
    doubts
        What puts the units in doubt, each with the number of frames that it is said of.
    conflicts
        Number of repeated structures with another energy.
    lost
        Files of the archive's split that were left out or damaged, with the reason.
    """

    places: list[int] = field(default_factory=list)
    energies: list[float] = field(default_factory=list)
    ids: dict[bytes, int] = field(default_factory=dict)
    files: dict[str, list[tuple[int, str | None]]] = field(default_factory=dict)
    bare: set[int] = field(default_factory=set)
    paths: dict[str, dict[str, list[Atoms]]] = field(default_factory=dict)
    gaps: dict[str, dict[str, Gap]] = field(default_factory=dict)
    keys: Counter[tuple[str, ...]] = field(default_factory=Counter)
    unread: dict[str, None] = field(default_factory=dict)
    units: Counter[Units] = field(default_factory=Counter)
    because: dict[Units, str] = field(default_factory=dict)
    doubts: Counter[Finding] = field(default_factory=Counter)
    conflicts: int = 0
    lost: dict[str, str] = field(default_factory=dict)

    def bands(self) -> tuple[dict[str, list[Atoms]], list[str]]:
        """Images of each reaction path in the order of the files, and what to know of them."""
        bands, notes = {}, []
        for name, files in self._paths().items():
            longest = max(map(len, files.values()))
            relaxed = len(files) > 1 and longest > 1
            gaps = {
                file: gap
                for own, lacking in self.gaps.items()
                if own == name or _numberless(own) == name
                for file, gap in lacking.items()
                # Of a relaxation only the last image counts.
                if gap.at_end or not relaxed
            }
            if gaps:
                # A part of a path has another barrier, which looks as sound as the right one.
                shown = "; ".join(f"{file}: {gap.reason}" for file, gap in sorted(gaps.items()))
                notes.append(
                    f"{name} is no reaction path that can be used: it lacks images ({shown})"
                )
                continue
            if relaxed:
                # One file for each image, which holds its relaxation.
                notes.append(
                    f"{name}: its {len(files)} files hold up to {longest} frames each; the last "
                    f"one of each is taken as an image of the path"
                )
                bands[name] = [images[-1] for images in files.values()]
            else:
                bands[name] = [atoms for images in files.values() for atoms in images]
        return bands, notes

    def _paths(self) -> dict[str, dict[str, list[Atoms]]]:
        """The paths, with files of one image each, ``neb0.traj``, ``neb1.traj``, …, as one."""
        numbered: dict[str, dict[str, list[Atoms]]] = {}
        for name, files in self.paths.items():
            if [*map(len, files.values())] == [1]:
                numbered.setdefault(_numberless(name), {}).update(files)
        joined = {name: files for name, files in numbered.items() if len(files) > 1}
        taken = {file for files in joined.values() for file in files}
        rest = {name: files for name, files in self.paths.items() if not taken & files.keys()}
        ordered = {
            name: {file: files[file] for file in sorted(files, key=natural_key)}
            for name, files in joined.items()
        }
        return rest | ordered

    def remarks(self) -> list[str]:
        """What a user should know of the frames and their labels."""
        notes = []
        total = sum(len(entries) for entries in self.files.values())
        unique = len({frame for entries in self.files.values() for frame, _ in entries})
        if total > unique:
            notes.append(f"{total} frames in the files are {unique} different ones")
        if self.conflicts:
            notes.append(
                f"{self.conflicts} repeated frames have another energy than the first time; the "
                f"first was kept. Are the files of one level of theory? --exclude leaves files out"
            )
        if len(self.keys) > 1:
            shown = "; ".join(
                f"{' and '.join(filter(None, keys))}: {n}" for keys, n in self.keys.items()
            )
            notes.append(f"labels have different names ({shown}): are they of one method?")
        # Unusual names may be in other units, which the user has to confirm.
        usual = {("energy", "forces"), ("REF_energy", "REF_forces"), ("energy", "")}
        for energy, forces in sorted(set(self.keys) - usual):
            taken = f"`{energy}` and `{forces}`" if forces else f"`{energy}`"
            notes.append(f"labels were taken from {taken}: check that this is right")
        if self.unread:
            shown = ", ".join(f"`{key}`" for key in self.unread)
            notes.append(f"{shown} may be a stress and was not read: if it is, say --keys stress=…")
        for units, number in self.units.items():
            notes.append(f"the labels of {number} frames are read as {self.because[units]}")
        return notes


def _numberless(name: str) -> str:
    """The path with a sign for each number in the name of the file."""
    path = PurePosixPath(name)
    return str(path.with_name(re.sub(r"\d+", "#", path.name)))
