"""Whether forces and stress are the derivatives of the energy.

Along a short path from one side of a structure to the other, the energy changes by the work done
against the forces or the stress. The change is known exactly, the work by Simpson's rule with the
slopes at both ends and in the middle::

    E(+1) - E(-1) = (E'(-1) + 4 E'(0) + E'(+1)) / 3 + E⁽⁵⁾ / 90

That is a central difference whose error is of the fourth order in the step, and not of the second,
so that steps can be long enough for single precision. How much a difference means is found with a
path along all of them at once, of half the length: what does not add up is no derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, Predictions, from_voigt
from ms25_suite.metrics.finite import energies_and_forces

__all__ = [
    "COMPONENTS",
    "Bundle",
    "Path",
    "Slope",
    "displacements",
    "sides",
    "slopes",
    "steps_for",
    "strain_paths",
]

COMPONENTS: Final = ("xx", "yy", "zz", "yz", "xz", "xy")
"""Components of a stress in ASE's order."""

_INDICES: Final = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))

LEAST_PATHS: Final = 4
"""Random displacements of a frame, at least: a difference of the forces shows along one of them
with a chance of 97 % or more if it is 30 times the mark."""

MARGIN: Final = 3.0
"""Errors of a number that are within three standard deviations are not counted as differences."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A straight way through a structure, from -1 to +1.

    Parameters
    ----------
    what
        Along what, in words.
    displacement
        Displacements of the atoms at +1 in Å, shape ``(n_atoms, 3)``; zeros along a strain.
    strain
        Symmetric strain of cell and positions at +1, shape ``(3, 3)``; zeros along displacements.
    """

    what: str
    displacement: FloatArray
    strain: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Paths through one structure, and one along all of them at once that is half as long.

    Parameters
    ----------
    paths
        The paths, at least one.
    signs
        Direction in which the last path follows each of them, ±1, shape ``(n_paths,)``.
    """

    paths: tuple[Path, ...]
    signs: FloatArray

    @classmethod
    def of(cls, paths: Sequence[Path], rng: np.random.Generator) -> Self:
        """A bundle with random signs."""
        return cls(tuple(paths), rng.choice([-1.0, 1.0], len(paths)))

    @property
    def all_paths(self) -> tuple[Path, ...]:
        """The paths, and the one along all of them last."""
        parts = 0.5 * self.signs
        together = Path(
            "all at once",
            np.tensordot(parts, [path.displacement for path in self.paths], 1),
            np.tensordot(parts, [path.strain for path in self.paths], 1),
        )
        return (*self.paths, together)


@dataclass(frozen=True, slots=True)
class Slope:
    """Difference between a slope of the energy and the force or stress along it.

    Parameters
    ----------
    what
        Along what, in words.
    difference
        In eV/Å, as a root mean square of the components of the forces along the path; or in
        eV/Å^3.
    error
        Numerical error of the difference, in the same unit.
    """

    what: str
    difference: float
    error: float


def steps_for(dtype: str) -> tuple[float, float]:
    """Displacement of an atom in Å and strain, for which rounding and curvature do not matter.

    The stiffest bonds (O-H, 50 eV/Å^2, decay 2.5/Å) have a fifth derivative of about 3e4 eV/Å^5.
    Simpson's rule is then wrong by 2e-6 eV/Å for 0.01 Å. The rounding of the energy is divided by
    the length of the path: for 1000 eV in single precision, 1e-4 eV over 0.2 Å (100 atoms).

    Parameters
    ----------
    dtype
        ``float64`` or ``float32``.

    Examples
    --------
    >>> steps_for("float32")
    (0.01, 0.003)
    """
    return (0.003, 0.001) if dtype == "float64" else (0.01, 0.003)


def displacements(
    frame: Frames, elements: Sequence[int], rng: np.random.Generator, step: float
) -> list[Path]:
    """Random displacements, each of the atoms of one element.

    Parameters
    ----------
    frame
        Exactly one frame.
    elements
        Atomic numbers in the frame; each is displaced at least once.
    rng
        Random numbers.
    step
        Root mean square displacement of the atoms that move, in Å.
    """
    from ase.data import chemical_symbols

    paths = []
    for index in range(max(LEAST_PATHS, len(elements))):
        number = elements[index % len(elements)]
        moves = np.asarray(frame.numbers) == number
        field = rng.normal(size=frame.positions.shape) * moves[:, None]
        field *= step * np.sqrt(moves.sum()) / np.linalg.norm(field)
        what = f"random displacements of {chemical_symbols[number]}"
        paths.append(Path(what, field, np.zeros((3, 3))))
    return paths


def strain_paths(frame: Frames, step: float) -> list[Path]:
    """Strains along each of the six components.

    Parameters
    ----------
    frame
        Exactly one frame.
    step
        Largest strain.
    """
    paths = []
    for name, (k, m) in zip(COMPONENTS, _INDICES, strict=True):
        strain = np.zeros((3, 3))
        # The symmetric strain with dE = V sigma_km step: a diagonal component gets both halves, a
        # shear one half on either side of the diagonal.
        strain[k, m] += 0.5 * step
        strain[m, k] += 0.5 * step
        paths.append(Path(f"component {name}", np.zeros_like(frame.positions), strain))
    return paths


def sides(frame: Frames, path: Path) -> tuple[Frames, Frames]:
    """The structure at -1 and at +1 of a path."""
    ends = []
    for sign in (-1.0, 1.0):
        grown = np.eye(3) + sign * path.strain
        # Rows are vectors, and the strain is symmetric.
        positions = (frame.positions + sign * path.displacement) @ grown
        ends.append(replace(frame, positions=positions, cells=frame.cells @ grown))
    return ends[0], ends[1]


def slopes(
    frame: Frames,
    original: Predictions,
    bundle: Bundle,
    found: Sequence[tuple[Predictions, Predictions]],
    *,
    rounding: float,
) -> list[Slope]:
    """Differences between slopes of the energy and forces or stress.

    Parameters
    ----------
    frame, original
        The structure and the predictions for it.
    bundle
        The paths.
    found
        Predictions at -1 and +1 of each of ``bundle.all_paths``.
    rounding
        Rounding error of an energy in eV that is known beforehand.

    Returns
    -------
    :
        One for each path of the bundle.

    Raises
    ------
    ValueError
        Energies or forces are missing, or the stress along a strain.
    """
    missing = [
        _missing_work(frame, path, original, before, after)
        for path, (before, after) in zip(bundle.all_paths, found, strict=True)
    ]
    each = np.array(missing[:-1])
    # To first order, what is missing along all of them is the sum of what is missing along each.
    expected = 0.5 * float(bundle.signs @ each)
    # Independent errors: one of the whole, and half of each.
    scatter = abs(missing[-1] - expected) / np.sqrt(1 + len(each) / 4)
    error = MARGIN * (scatter + rounding)
    found_slopes = []
    for path, value in zip(bundle.paths, each, strict=True):
        # From -1 to +1 it is twice as long as to +1.
        length = 2 * (float(np.linalg.norm(path.displacement)) or _per_stress(frame, path))
        found_slopes.append(Slope(path.what, abs(float(value)) / length, float(error) / length))
    return found_slopes


def _missing_work(
    frame: Frames, path: Path, original: Predictions, before: Predictions, after: Predictions
) -> float:
    """Change of the energy along a path that work does not explain, in eV."""
    rates = [
        _rate(frame, path, predictions, at)
        for at, predictions in ((-1.0, before), (0.0, original), (1.0, after))
    ]
    work = (rates[0] + 4 * rates[1] + rates[2]) / 3
    (first,), (last,) = energies_and_forces(before)[0], energies_and_forces(after)[0]
    return float(last - first - work)


def _rate(frame: Frames, path: Path, predictions: Predictions, at: float) -> float:
    """Derivative of the energy along a path in eV, by forces and stress."""
    _, forces = energies_and_forces(predictions)
    grown = np.eye(3) + at * path.strain
    # x(t) = (x + t u)(1 + t e): the atoms move by u (1 + t e) relative to the strained cell.
    rate = -float((forces * (path.displacement @ grown)).sum())
    if path.strain.any():
        if predictions.stress is None:
            msg = "expected predictions with a stress, found none"
            raise ValueError(msg)
        # From a strained cell on, the strain is relative to that cell.
        relative = path.strain @ np.linalg.inv(grown)
        volume = float(frame.volumes[0]) * float(np.linalg.det(grown))
        rate += volume * float((from_voigt(predictions.stress[0]) * relative).sum())
    return rate


def _per_stress(frame: Frames, path: Path) -> float:
    """Energy along a strain over the component of the stress, in Å^3."""
    strain = path.strain
    largest = float(np.abs(strain).max())
    # A shear has its strain on both sides of the diagonal.
    is_shear = not np.diag(strain).any()
    return float(frame.volumes[0]) * largest * (2 if is_shear else 1)
