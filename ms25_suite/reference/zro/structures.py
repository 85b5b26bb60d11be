"""Random structures of Zr and O: composition, volume, cell, and positions with minimum distances.

The paper's structures come from M. J. Waters and J. M. Rondinelli, J. Phys.: Condens. Matter 34,
385901 (2022), whose random structures cover the Zr-O compositions at varying cell volumes. The
paper does not state their ranges; those used here are in `StructureRanges`, each with its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.frames import FloatArray

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "MINIMUM_DISTANCES_A",
    "MOST_TRIES",
    "StructureRanges",
    "closeness",
    "random_structure",
    "volume",
]

ZIRCONIUM: Final = 40
OXYGEN: Final = 8

ZIRCONIUM_A3: Final = 23.25
"""Volume in Å^3 per atom of hcp Zr, a = 3.23 Å and c/a = 1.593 (`ase.data.reference_states`)."""

OXIDE_OXYGEN_A3: Final = 5.99
"""Volume in Å^3 that an O atom adds to Zr in the oxide, up to ZrO2.

Baddeleyite, a = 5.1505, b = 5.2116, c = 5.3173 Å, β = 99.23°, has 35.22 Å^3 per ZrO2.
C. J. Howard, R. J. Hill and B. E. Reichert, Acta Cryst. B 44, 116 (1988).
"""

EXCESS_OXYGEN_A3: Final = 17.4
"""Volume in Å^3 that each O atom beyond ZrO2 adds, taken from solid oxygen.

α-O2, a = 5.403, b = 3.429, c = 5.086 Å, β = 132.53°, four atoms per cell. C. S. Barrett, L. Meyer
and J. Wasserman, J. Chem. Phys. 47, 592 (1967).
"""

MINIMUM_DISTANCES_A: Final[Mapping[tuple[int, int], float]] = {
    (ZIRCONIUM, ZIRCONIUM): 2.8,
    (ZIRCONIUM, OXYGEN): 1.9,
    (OXYGEN, OXYGEN): 2.0,
}
"""Smallest distances in Å of a random structure, by atomic numbers.

These are about nine tenths of the smallest distances of hcp Zr (3.18 Å) and of baddeleyite (Zr-O
2.05 Å). The O-O distance lies two thirds of the way from a peroxide (1.5 Å) to the edge of a ZrO7
polyhedron: with more O than in ZrO2, bonds between O atoms form during the exploration.
"""

_OVERLAP_A2: Final = 1e-6
"""Sum of squared overlaps below which a structure has none."""

MOST_TRIES: Final = 50
"""Sets of random positions that are tried for one cell and composition."""


@dataclass(frozen=True, slots=True)
class StructureRanges:
    """Ranges that random structures are drawn from, uniformly.

    Parameters
    ----------
    fewest_atoms, most_atoms
        Number of atoms.
    lowest_oxygen, highest_oxygen
        Share of O among the atoms. Below the lower end the charges of GFN1-xTB become
        self-consistent for half of the random structures or fewer; see ``docs/datasets/zro.md``.
    smallest_volume, largest_volume
        Volume, relative to `volume`. In GFN1-xTB fluorite ZrO2 has 1.37 times its experimental
        volume (5.66 Å instead of 5.09 Å); the range contains both densities.
    stretch
        Largest logarithm of the ratio of an edge to that of a cube.
    shear
        Largest off-diagonal entry of the cell matrix, relative to the edge.

    Raises
    ------
    UsageError
        A range is empty, or contains impossible values.
    """

    fewest_atoms: int = 12
    most_atoms: int = 24
    lowest_oxygen: float = 0.4
    highest_oxygen: float = 0.85
    smallest_volume: float = 1.0
    largest_volume: float = 1.5
    stretch: float = 0.15
    shear: float = 0.15

    def __post_init__(self) -> None:
        ranges = {
            "number of atoms": (self.fewest_atoms, self.most_atoms, 2, float("inf")),
            "share of O": (self.lowest_oxygen, self.highest_oxygen, 0.0, 1.0),
            "volume": (self.smallest_volume, self.largest_volume, 0.1, 10.0),
        }
        for name, (low, high, least, most) in ranges.items():
            if not least <= low <= high <= most:
                msg = (
                    f"expected a range of the {name} within {least:g} and {most:g}, the lower end "
                    f"first, found {low:g} to {high:g}"
                )
                raise UsageError(msg)
        if not self._compositions():
            msg = (
                f"expected a share of O between {self.lowest_oxygen:g} and {self.highest_oxygen:g} "
                f"with at least one Zr in {self.fewest_atoms} to {self.most_atoms} atoms, found "
                "none: take a wider range or more atoms"
            )
            raise UsageError(msg)

    def _compositions(self) -> tuple[tuple[int, int], ...]:
        """All pairs of the number of atoms and the number of O atoms within the ranges."""
        return tuple(
            (n, n_oxygen)
            for n in range(self.fewest_atoms, self.most_atoms + 1)
            for n_oxygen in range(n)  # at least one Zr: the paper has no pure oxygen
            if self.lowest_oxygen - 1e-9 <= n_oxygen / n <= self.highest_oxygen + 1e-9
        )

    def composition(self, rng: np.random.Generator) -> tuple[int, int]:
        """Draw the numbers of Zr and O atoms: first the share of O, then the number of atoms."""
        # Drawing pairs uniformly would favour the shares that many numbers of atoms allow.
        share = rng.uniform(self.lowest_oxygen, self.highest_oxygen)
        n = rng.integers(self.fewest_atoms, self.most_atoms + 1)
        # The composition closest to both, first in the number of atoms, then in the share.
        found = min(
            self._compositions(), key=lambda pair: (abs(pair[0] - n), abs(pair[1] - share * n))
        )
        return found[0] - found[1], found[1]


def volume(n_zirconium: int, n_oxygen: int) -> float:
    """Volume in Å^3 of a composition, linear between hcp Zr, baddeleyite and solid oxygen."""
    excess = max(n_oxygen - 2 * n_zirconium, 0)
    return (
        n_zirconium * ZIRCONIUM_A3
        + (n_oxygen - excess) * OXIDE_OXYGEN_A3
        + excess * EXCESS_OXYGEN_A3
    )


def random_structure(ranges: StructureRanges, rng: np.random.Generator) -> Atoms:
    """Draw a periodic structure with no distance below `MINIMUM_DISTANCES_A`.

    Positions are uniform in the cell; then a harmonic repulsion pushes atoms apart that are too
    close.

    Parameters
    ----------
    ranges
        Ranges.
    rng
        Source of everything random.

    Raises
    ------
    ReferenceCalculatorError
        The atoms do not fit into the cell in `MOST_TRIES` tries: the volumes are too small.
    """
    from ase import Atoms

    n_zirconium, n_oxygen = ranges.composition(rng)
    size = volume(n_zirconium, n_oxygen)
    size *= rng.uniform(ranges.smallest_volume, ranges.largest_volume)
    cell = _random_cell(size, ranges, rng)
    numbers = [ZIRCONIUM] * n_zirconium + [OXYGEN] * n_oxygen
    for _ in range(MOST_TRIES):
        # Uniform in fractional coordinates is uniform in the cell.
        scaled = rng.random((len(numbers), 3))
        atoms = Atoms(numbers, scaled_positions=scaled, cell=cell, pbc=True)
        if _pushed_apart(atoms):
            atoms.wrap()
            return atoms
    msg = (
        f"found no positions for {atoms.get_chemical_formula()} in {size:.0f} Å^3 with the minimum "
        f"distances {sorted(MINIMUM_DISTANCES_A.values())} Å in {MOST_TRIES} tries: take larger "
        "volumes"
    )
    raise ReferenceCalculatorError(msg)


def closeness(atoms: Atoms) -> float:
    """Smallest distance between two atoms, relative to that in `MINIMUM_DISTANCES_A`.

    It is 1 or more for a random structure, and infinite where no pair is closer than allowed.
    """
    _, _, _, ratios = _overlapping(atoms)
    return float(ratios.min(initial=np.inf))


def _random_cell(size: float, ranges: StructureRanges, rng: np.random.Generator) -> FloatArray:
    """Stretch and shear a cube of the given volume in Å^3; cell vectors are rows."""
    # Logarithmic: a factor and its inverse are equally probable.
    edges = np.exp(rng.uniform(-ranges.stretch, ranges.stretch, 3))
    shears = rng.uniform(-ranges.shear, ranges.shear, (3, 3)) * (1.0 - np.eye(3))
    cell = np.diag(edges) + shears
    # Stretch and shear change the volume; scaling restores it.
    return np.asarray(cell * np.cbrt(size / abs(np.linalg.det(cell))), dtype=np.float64)


def _overlapping(atoms: Atoms) -> tuple[Any, Any, Any, Any]:
    """Find pairs closer than allowed: atom, vector to its neighbour (Å), overlap (Å), ratio.

    Each pair is listed twice, once for each of its atoms.
    """
    from vesin import ase_neighbor_list

    first, second, lengths, vectors = ase_neighbor_list(
        "ijdD", atoms, max(MINIMUM_DISTANCES_A.values())
    )
    allowed = np.array(
        [
            # Keys have the heavier element first.
            MINIMUM_DISTANCES_A[max(pair), min(pair)]
            for pair in zip(atoms.numbers[first], atoms.numbers[second], strict=True)
        ]
    )
    close = np.flatnonzero(lengths < allowed)
    # Coinciding atoms have no direction to be pushed along.
    lengths = np.maximum(lengths[close], 1e-9)
    return first[close], vectors[close], allowed[close] - lengths, lengths / allowed[close]


def _pushed_apart(atoms: Atoms) -> bool:
    """Move the atoms apart; return whether none overlap any more."""
    from scipy.optimize import minimize

    def repulsion(flat: FloatArray) -> tuple[float, FloatArray]:
        atoms.positions = flat.reshape(-1, 3)
        first, vectors, overlaps, _ = _overlapping(atoms)
        gradient = np.zeros((len(atoms), 3))
        lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
        # d/dx_i of sum (d0 - d)^2 over pairs, with d = |x_j - x_i| and `vectors` = x_j - x_i.
        np.add.at(gradient, first, (2.0 * overlaps / lengths)[:, None] * vectors)
        # Half of the sum: each pair is listed twice.
        return 0.5 * float(np.sum(overlaps**2)), gradient.ravel()

    found = minimize(
        repulsion,
        atoms.positions.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 500, "ftol": 0.0, "gtol": 1e-7},
    )
    atoms.positions = found.x.reshape(-1, 3)
    return bool(found.fun < _OVERLAP_A2)
