"""Recognising zeolite frameworks by the connectivity of their Si atoms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.frames import IntArray

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["FRAMEWORKS", "Framework", "coordination_sequence", "recognise_framework"]

_SHELLS: Final = 4
_SILICON, _OXYGEN = 14, 8

_LONGEST_BOND: Final = 2.6
"""Å. A Si-O bond has 1.61 Å and the next oxygen is 3.9 Å away, so this leaves room for any motion
at 300 K and for volumes that are 10 % off."""

_DENSITY_RANGE: Final = (0.75, 1.25)
"""Densities, relative to the published one, that frames of a framework may have."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework of the IZA's Atlas.

    Parameters
    ----------
    code
        Framework code.
    sequence
        Number of Si atoms in the first four shells of Si neighbours, as the mean over all Si.
    density
        Si atoms per 1000 Å^3.
    """

    code: str
    sequence: tuple[float, float, float, float]
    density: float


FRAMEWORKS: Final = (
    Framework("CHA", (4.0, 9.0, 17.0, 29.0), 15.1),
    Framework("FAU", (4.0, 9.0, 16.0, 25.0), 13.3),
    Framework("LTA", (4.0, 9.0, 17.0, 28.0), 14.2),
    Framework("MFI", (4.0, 11.83, 22.42, 38.08), 18.4),
    Framework("BEA", (4.0, 10.75, 19.0, 31.0), 15.3),
)
"""Coordination sequences and framework densities of the idealised SiO2 structures (Baerlocher,
McCusker & Olson, Atlas of Zeolite Framework Types, 6th ed., 2007, and its database). CHA, FAU and
LTA have one kind of Si atom; those of MFI (12 kinds) and BEA (9) are averages."""


def recognise_framework(atoms: Atoms) -> str:
    """Framework code of a frame of SiO2, in any supercell.

    Volume per Si and atom count are not enough: MFI and a doubled CHA both have 288 atoms, and
    where volumes are spread by 10 %, CHA, LTA and BEA overlap. The coordination sequence does not
    depend on either.

    Raises
    ------
    ValueError
        It is not one of `FRAMEWORKS`; the message says why.
    """
    found = coordination_sequence(atoms)
    # The framework density FD of the Atlas: T-atoms per 1000 Å^3.
    density = 1000.0 * np.count_nonzero(atoms.numbers == _SILICON) / atoms.get_volume()
    distances = {
        entry: float(np.abs(np.subtract(found, entry.sequence)).max()) for entry in FRAMEWORKS
    }
    best = min(distances, key=lambda entry: distances[entry])
    shown = ", ".join(f"{number:.4g}" for number in found)
    # CHA and LTA differ by one in the fourth shell only.
    if distances[best] > 0.4:
        msg = (
            f"SiO2 whose Si atoms have {shown} neighbours in the first four shells, which is none "
            f"of {', '.join(entry.code for entry in FRAMEWORKS)}"
        )
        raise ValueError(msg)
    low, high = (factor * best.density for factor in _DENSITY_RANGE)
    if not low <= density <= high:
        msg = (
            f"SiO2 connected as {best.code}, but with {density:.1f} Si per 1000 Å^3 instead of "
            f"about {best.density}"
        )
        raise ValueError(msg)
    return best.code


def coordination_sequence(atoms: Atoms) -> tuple[float, ...]:
    """Number of Si atoms in each of the first four shells around a Si atom, averaged over all.

    Two Si atoms are neighbours if an O atom has both as its two nearest. Periodic images count
    as atoms of their own, so the size of the cell does not matter.

    Raises
    ------
    ValueError
        An O atom does not bridge two Si atoms.
    """
    from matscipy.neighbours import neighbour_list

    numbers = atoms.numbers
    # The cell shifts S keep periodic images of one atom apart.
    first, second, shifts, distances = neighbour_list("ijSd", atoms, _LONGEST_BOND)
    bond = (numbers[first] == _OXYGEN) & (numbers[second] == _SILICON)
    first, second, shifts, distances = (array[bond] for array in (first, second, shifts, distances))
    # By oxygen, then by distance: the first two rows of an oxygen are its two nearest Si.
    order = np.lexsort((distances, first))
    first, second, shifts = first[order], second[order], shifts[order]
    oxygens, starts, counts = np.unique(first, return_index=True, return_counts=True)
    if len(oxygens) != np.count_nonzero(numbers == _OXYGEN) or (counts < 2).any():
        msg = "SiO2 in which some O atoms do not bridge two Si atoms, so it is no framework"
        raise ValueError(msg)
    one, two = second[starts], second[starts + 1]
    # Lattice vector of the Si-Si link across the oxygen: S(O->2) - S(O->1).
    steps = shifts[starts + 1] - shifts[starts]
    # Which of the two is nearer changes as the atoms move, the connections do not.
    swapped = one > two
    steps[swapped] *= -1
    links = np.column_stack([np.minimum(one, two), np.maximum(one, two), steps])
    return _shells(np.flatnonzero(numbers == _SILICON).tobytes(), links.astype(np.int64).tobytes())


@lru_cache(maxsize=256)
def _shells(silicon: bytes, links: bytes) -> tuple[float, ...]:
    """Coordination sequence of a net; the frames of a trajectory share theirs.

    Parameters
    ----------
    silicon
        Indices of the Si atoms.
    links
        For each O atom the two Si atoms and the lattice vector from the first to the second, five
        integers.
    """
    neighbours: dict[int, list[tuple[int, tuple[int, int, int]]]] = {
        int(index): [] for index in np.frombuffer(silicon, dtype=np.int64)
    }
    rows: IntArray = np.frombuffer(links, dtype=np.int64).reshape(-1, 5)
    for left, right, x, y, z in rows.tolist():
        neighbours[left].append((right, (x, y, z)))
        neighbours[right].append((left, (-x, -y, -z)))
    totals = np.zeros(_SHELLS)
    for start in neighbours:
        # Breadth-first search on the infinite net; a node is an atom and its lattice vector.
        known = {(start, 0, 0, 0)}
        shell = known
        for number in range(_SHELLS):
            shell = {
                (atom, x + dx, y + dy, z + dz)
                for centre, x, y, z in shell
                for atom, (dx, dy, dz) in neighbours[centre]
            } - known
            known = known | shell
            # N_k of the coordination sequence (Meier & Moeck, J. Solid State Chem. 27 (1979)
            # 349).
            totals[number] += len(shell)
    return tuple((totals / len(neighbours)).tolist())
