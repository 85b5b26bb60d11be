"""Recognising the paper's systems by composition, number of atoms and cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.frames import FloatArray
from ms25_suite.datasets.published.frameworks import recognise_framework

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["SYSTEMS", "PaperSystem", "UnknownSystemError", "recognise"]

_MGO_A0: Final = 4.21
"""Å, lattice constant of MgO (Wyckoff, Crystal Structures, 1963: 4.212)."""

_VACUUM: Final = 5.0
"""Å without atoms that make a slab: more than twice the distance of two layers of MgO, 2.1 Å."""


_ALLOYED: Final = frozenset({"Fe", "Ni", "Cr", "Co", "Cu"})
_FEWEST_ALLOYED: Final = 3
"""Elements that an alloy of high entropy has at least: with two it would be an ordinary one."""


class UnknownSystemError(ValueError):
    """A frame is of no system of the paper; the message says why."""


@dataclass(frozen=True, slots=True)
class PaperSystem:
    """A system of the paper.

    Parameters
    ----------
    name
        Name of its dataset here, and of the file that is written.
    title
        One line for people.
    elements
        Chemical symbols.
    threshold_class
        Class of the thresholds in ``checks/thresholds.toml``.
    transfer
        Whether the paper only tests potentials on it that were trained on another system.
    """

    name: str
    title: str
    elements: tuple[str, ...]
    threshold_class: str = "standard"
    transfer: bool = False


SYSTEMS: Final = (
    PaperSystem("mgo-2x2", "MgO(001) slab of four layers, 2x2", ("Mg", "O")),
    PaperSystem("mgo-4x4", "MgO(001) slab of four layers, 4x4", ("Mg", "O")),
    PaperSystem("water-64", "Water, 64 molecules", ("H", "O")),
    PaperSystem("water-192", "Water, 192 molecules", ("H", "O")),
    PaperSystem("cha", "Zeolite CHA, SiO2", ("Si", "O")),
    PaperSystem("fau", "Zeolite FAU, SiO2", ("Si", "O"), transfer=True),
    PaperSystem("lta", "Zeolite LTA, SiO2", ("Si", "O"), transfer=True),
    PaperSystem("mfi", "Zeolite MFI, SiO2", ("Si", "O"), transfer=True),
    PaperSystem("bea", "Zeolite BEA, SiO2", ("Si", "O"), transfer=True),
    PaperSystem("reaction", "CH4 on Pt(111), 64 Pt atoms", ("Pt", "C", "H")),
    PaperSystem("hea", "High-entropy alloy FeNiCrCoCu", ("Fe", "Ni", "Cr", "Co", "Cu"), "complex"),
    PaperSystem("zro", "Zr-O, amorphous", ("Zr", "O"), "complex"),
)
"""The systems of the paper (Maxson et al., JCIM 2025, Methods), with the classes of its thresholds:
5 meV/atom and 50 meV/Å for HEA and Zr-O, 2.5 meV/atom and 35 meV/Å for the others."""


def recognise(atoms: Atoms) -> str:
    """Name in `SYSTEMS` of what a frame is.

    Raises
    ------
    UnknownSystemError
        It is not one of them, or not clearly so. Nothing is guessed.
    """
    from ase.data import chemical_symbols

    # Formulas of ASE count as well, but take a millisecond for some hundred atoms.
    numbers, times = np.unique(atoms.numbers, return_counts=True)
    counts = {chemical_symbols[number]: int(n) for number, n in zip(numbers, times, strict=True)}
    elements = frozenset(counts)
    kind = _KINDS.get(elements)
    # Random compositions of the alloy may lack an element.
    if kind is None and len(elements) >= _FEWEST_ALLOYED and elements < _ALLOYED:
        kind = _alloy
    if kind is None:
        msg = f"{_formula(atoms)}: no system of the paper consists of these elements"
        raise UnknownSystemError(msg)
    try:
        return kind(atoms, counts)
    except ValueError as error:
        msg = f"{_formula(atoms)}: {error}"
        raise UnknownSystemError(msg) from None


def _formula(atoms: Atoms) -> str:
    """Composition, or the elements alone where the numbers would be many."""
    symbols = sorted(set(atoms.get_chemical_symbols()))
    if len(symbols) > 3:
        return f"{' '.join(symbols)} ({len(atoms)} atoms)"
    return str(atoms.symbols.formula.format("hill"))


def _magnesia(atoms: Atoms, counts: dict[str, int]) -> str:
    if counts["Mg"] != counts["O"]:
        msg = "not as many Mg as O atoms"
        raise ValueError(msg)
    one, two, area = _slab_plane(atoms)
    angle = abs(float(one @ two)) / (np.linalg.norm(one) * np.linalg.norm(two))
    ratio = float(np.linalg.norm(one) / np.linalg.norm(two))
    if angle > 0.1 or not 0.9 < ratio < 1.1:
        msg = "a slab of MgO, but not with a square surface"
        raise ValueError(msg)
    # Each layer of MgO(001) has one Mg and one O on half of a face of the cubic cell. 2x2 and 4x4
    # count whole faces: 8 and 32 Mg atoms in each of four layers.
    layers = counts["Mg"] * _MGO_A0**2 / 2.0 / area
    name = {32: "mgo-2x2", 128: "mgo-4x4"}.get(counts["Mg"])
    if name is None or abs(layers - 4.0) > 0.6:
        msg = (
            f"a slab of about {layers:.1f} layers of MgO with {counts['Mg'] / layers:.1f} Mg atoms "
            f"each; expected 4 layers of 8 (2x2, 64 atoms) or 32 (4x4, 256 atoms)"
        )
        raise ValueError(msg)
    return name


def _slab_plane(atoms: Atoms) -> tuple[FloatArray, FloatArray, float]:
    """The two cell vectors in the plane of a slab, and the area that they span in Å^2."""
    from ase.geometry import complete_cell

    cell = np.array(complete_cell(atoms.cell))
    volume = abs(float(np.linalg.det(cell)))
    scaled = np.linalg.solve(cell.T, atoms.positions.T).T
    normals = []
    for axis in range(3):
        one, two = (cell[(axis + 1) % 3], cell[(axis + 2) % 3])
        # Height of the cell along the normal of the other two vectors, in Å.
        height = volume / float(np.linalg.norm(np.cross(one, two)))
        # Wrapped into the cell, the widest gap between sorted coordinates (across the boundary
        # included) is the vacuum, wherever the slab lies.
        inside = np.sort(scaled[:, axis] % 1.0)
        gap = float(np.diff(inside, append=inside[0] + 1.0).max()) * height
        if gap > _VACUUM or not atoms.pbc[axis]:
            normals.append(axis)
    if len(normals) != 1:
        what = "no vacuum on any side" if not normals else "vacuum on more than two sides"
        msg = f"MgO with {what}; expected a slab"
        raise ValueError(msg)
    one, two = (cell[(normals[0] + 1) % 3], cell[(normals[0] + 2) % 3])
    return one, two, float(np.linalg.norm(np.cross(one, two)))


def _water(atoms: Atoms, counts: dict[str, int]) -> str:
    name = {64: "water-64", 192: "water-192"}.get(counts["O"])
    if name is None or counts["H"] != 2 * counts["O"]:
        msg = "expected 64 or 192 molecules of water"
        raise ValueError(msg)
    # 30 Å^3 a molecule at ambient density; the paper's frames spread around it.
    volume = _volume(atoms) / counts["O"]
    if not 20.0 < volume < 60.0:
        msg = f"water with {volume:.0f} Å^3 for each molecule instead of about 30"
        raise ValueError(msg)
    return name


def _zeolite(atoms: Atoms, counts: dict[str, int]) -> str:
    if counts["O"] != 2 * counts["Si"]:
        msg = "expected twice as many O as Si atoms"
        raise ValueError(msg)
    _volume(atoms)
    return recognise_framework(atoms).lower()


def _reaction(atoms: Atoms, counts: dict[str, int]) -> str:
    # 4x4x4 Pt(111) (paper, "Chemical Reaction Training Data"); one CH4, dissociated or not.
    if counts != {"Pt": 64, "C": 1, "H": 4}:
        msg = "expected CH4 on 64 Pt atoms"
        raise ValueError(msg)
    if not atoms.pbc.any():
        msg = "not periodic in any direction; expected a slab"
        raise ValueError(msg)
    return "reaction"


def _alloy(atoms: Atoms, _: dict[str, int]) -> str:
    # The pure metals have 10.9 (Ni) to 12.0 (Cr) Å^3 an atom.
    volume = _volume(atoms) / len(atoms)
    if not 8.0 < volume < 20.0:
        msg = f"{volume:.1f} Å^3 for each atom instead of about 11.5"
        raise ValueError(msg)
    return "hea"


def _zirconia(atoms: Atoms, _: dict[str, int]) -> str:
    volume = _volume(atoms) / len(atoms)
    # ZrO2 has 11 to 12 Å^3 an atom and Zr 23; by density, since the smallest cells have two atoms.
    if not 6.0 < volume < 50.0:
        msg = f"{volume:.0f} Å^3 for each atom: no solid, which has 11 to 23"
        raise ValueError(msg)
    return "zro"


def _volume(atoms: Atoms) -> float:
    """Volume in Å^3 of a cell that is periodic in all directions."""
    volume = abs(float(np.linalg.det(atoms.cell.array)))
    if volume == 0.0:
        msg = "the frame has no cell"
        raise ValueError(msg)
    if not atoms.pbc.all():
        msg = "the frame is not periodic in all three directions"
        raise ValueError(msg)
    return volume


_KINDS: Final[dict[frozenset[str], Callable[[Atoms, dict[str, int]], str]]] = {
    frozenset({"Mg", "O"}): _magnesia,
    frozenset({"H", "O"}): _water,
    frozenset({"Si", "O"}): _zeolite,
    frozenset({"Pt", "C", "H"}): _reaction,
    _ALLOYED: _alloy,
    frozenset({"Zr", "O"}): _zirconia,
    frozenset({"Zr"}): _zirconia,
}
