"""What the numbers of labels themselves say about their units.

Four tests, each of which fixes one unit or the ratio of two. None of them needs to know the units:
a wrong one changes what is measured by its factor.

======================  ==================  =====================  ==========================
test                    fixes               right labels give      hartree and hartree/bohr
                                                                   read as eV and eV/Å give
======================  ==================  =====================  ==========================
work of the forces      energy / forces     0.8 to 1.1             1.89 times that
work of the stress      energy / stress     0.8 to 1.2             1 / 27.2 of that
stiffness of bonds      forces              0.2 to 2               1 / 51.4 of that
atomisation energy      energy              -10 to -0.7 eV/atom    1 / 27.2 of that
======================  ==================  =====================  ==========================

The work alone cannot tell eV and eV/Å from kcal/mol and kcal/mol/Å, nor hartree and hartree/bohr
from eV and eV/bohr: their ratios are the same. So a reading counts as decided only if none of these
others passes all tests too.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ms25_suite.core.frames import FloatArray, Frames, Labels
from ms25_suite.datasets.audit.bonds import BOND_LIMITS, fit_bonds
from ms25_suite.datasets.audit.derivatives import fit_work
from ms25_suite.datasets.audit.stress import composition
from ms25_suite.datasets.audit.surroundings import closeness, evenly
from ms25_suite.datasets.formats.units import Quantity, factor

__all__ = ["OTHERS", "Measure", "Reading", "decided", "measures"]

Reading = Mapping[Quantity, str]
"""Quantity to unit."""

NOTHING: Final[Mapping[int, float]] = {}

_WORK: Final = (0.73, 1.37)
"""Energy differences over the work of forces that right labels can have: 0.8 to 1.1 are found
(docs/audit.md). The smallest ratio of two readings, 1.89, is more than the ratio of the limits, so
that no number passes both."""

_STRESS_WORK: Final = (0.6, 1.6)
"""The same for the work of the stress; the smallest ratio of two readings is 2.7."""

_ATOMISATION: Final = (-15.0, 2.0)
"""eV/atom that anything can have. W has -8.9, and approximate functionals overbind by 10 %; frames
with overlapping atoms are above zero."""

_BONDED: Final = -0.3
"""eV/atom: matter in which every atom has a bond is bound more strongly. Mercury, the weakest bound
metal, has -0.67 (Kittel, Introduction to Solid State Physics, 8th ed., table 1); heat and strain
take some 0.3 of it."""

_WEAK: Final = frozenset({2, 10, 18, 36, 54, 86, 3, 11, 19, 37, 55, 87, 12, 30, 48, 80, 25})
"""Noble gases, and metals whose dimers are bound more weakly than that: alkali metals, Mg, Zn, Cd,
Hg, Mn (Huber & Herzberg, Constants of Diatomic Molecules, 1979)."""

_LOOKED_AT: Final = 20

OTHERS: Final[tuple[Reading, ...]] = (
    {"energy": "kcal/mol", "forces": "kcal/mol/Å"},
    {"energy": "kJ/mol", "forces": "kJ/mol/Å"},
    {"energy": "meV", "forces": "meV/Å"},
    {"energy": "eV", "forces": "eV/bohr"},
    {"energy": "hartree", "forces": "hartree/Å"},
)
"""Readings that nobody asked about, but that could explain the numbers as well. Rydberg is not
among them: it has the ratios of hartree, and no program is known that writes it without saying so.
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """Result of a test.

    Parameters
    ----------
    powers
        Quantity to the power in which the factor of its unit enters.
    value
        What was measured, with the numbers as they are; of several numbers the median counts.
    low, high
        What it can be where the units are right.
    text, basis
        What was measured and on what, for people.
    zero
        What is subtracted from the value in the unit of the suite.
    """

    powers: Mapping[Quantity, int]
    value: float | FloatArray
    low: float
    high: float
    text: str
    basis: str = ""
    zero: float | FloatArray = 0.0

    def under(self, reading: Reading) -> float | None:
        """What it is under a reading; None if that says nothing about its quantities."""
        if not self.powers.keys() <= reading.keys():
            return None
        scale = [factor(name, reading[name]) ** power for name, power in self.powers.items()]
        return float(np.median(self.value * float(np.prod(scale)) - self.zero))

    def allows(self, reading: Reading, slack: float = 1.0) -> bool:
        """Whether a reading passes the test, or is not concerned by it.

        Parameters
        ----------
        reading
            Quantity to unit.
        slack
            Factor by which limits above zero are widened.
        """
        value = self.under(reading)
        if value is None:
            return True
        low = self.low / slack if self.low > 0.0 else self.low
        return low <= value <= (self.high * slack if self.low > 0.0 else self.high)

    def said(self, readings: Sequence[Reading]) -> str:
        """What is measured under each of some readings."""
        values = list(
            dict.fromkeys(
                f"{value:.3g} in {' and '.join(reading[name] for name in self.powers)}"
                for reading in readings
                if (value := self.under(reading)) is not None
            )
        )
        if not values:
            return ""
        basis = f" ({self.basis})" if self.basis else ""
        limits = f"right labels give {self.low:g} to {self.high:g}"
        return f"{self.text}: {', '.join(values)}; {limits}{basis}"


def measures(
    frames: Frames,
    labels: Labels,
    atoms: Mapping[int, float],
    names: Mapping[str, Quantity],
    stated: Mapping[int, float] = NOTHING,
) -> tuple[Measure, ...]:
    """All tests that the labels allow.

    Parameters
    ----------
    frames
        The structures, without isolated atoms.
    labels
        Their labels, as they are in the file.
    atoms
        Energy of an isolated atom of each element, by atomic number, as in the file.
    names
        Column of labels to the quantity that its numbers are.
    stated
        Energy in eV of an isolated atom of each element, from elsewhere.
    """
    found: list[Measure | None] = [
        *_work(frames, labels, names),
        _bonds(frames, labels),
        _atomisation(frames, labels, atoms, stated),
    ]
    return tuple(measure for measure in found if measure is not None)


def _work(frames: Frames, labels: Labels, names: Mapping[str, Quantity]) -> list[Measure | None]:
    if labels.energy is None or (labels.forces is None and labels.stress is None):
        return []
    usable = np.isfinite(np.asarray(labels.energy))
    if labels.forces is None:
        # Frames that differ by their cell alone have no work of the forces.
        labels = replace(labels, forces=np.zeros((int(frames.offsets[-1]), 3)))
    else:
        has = labels.has_forces(frames.offsets)
        usable &= True if has is None else has
    chosen = np.flatnonzero(usable)
    if len(chosen) < len(frames):
        frames, labels = frames.select(chosen), labels.select(chosen, frames.offsets)
    fits = fit_work(frames, labels) if len(chosen) > 1 else None
    if fits is None:
        return []
    forces, stress = fits
    result: list[Measure | None] = []
    if forces.factor is not None:
        result.append(
            Measure(
                {"energy": 1, "forces": -1},
                forces.factor,
                *_WORK,
                "energy differences over the work of the forces",
                forces.evidence,
            )
        )
    if stress.factor is not None and names.get("stress") == "stress":
        result.append(
            Measure(
                {"energy": 1, "stress": -1},
                stress.factor,
                *_STRESS_WORK,
                "energy differences over the work of the stress",
                stress.evidence,
            )
        )
    return result


def _bonds(frames: Frames, labels: Labels) -> Measure | None:
    if labels.forces is None:
        return None
    fit = fit_bonds(frames, np.asarray(labels.forces))
    if fit is None:
        return None
    return Measure(
        {"forces": 1},
        fit.ratio,
        *BOND_LIMITS,
        f"force constant of {fit.bond} over that of Badger's rule",
        f"{fit.n_bonds} bonds of {fit.length:.2f} Å",
    )


def _atomisation(
    frames: Frames, labels: Labels, atoms: Mapping[int, float], stated: Mapping[int, float]
) -> Measure | None:
    elements = [int(z) for z in frames.elements]
    known = next((one for one in (atoms, stated) if one.keys() >= set(elements)), None)
    if labels.energy is None or known is None:
        return None
    has = np.isfinite(np.asarray(labels.energy))
    if not has.any():
        return None
    per_atom = (np.asarray(labels.energy) / frames.n_atoms)[has]
    free = (composition(frames) @ np.array([known[z] for z in elements]) / frames.n_atoms)[has]
    low, high = _ATOMISATION
    if _WEAK.isdisjoint(elements) and _all_bonded(frames):
        high = _BONDED
    text = "energy relative to the isolated atoms in eV/atom"
    # Atoms of the same file are in its unit, those of a card in eV.
    if known is atoms:
        return Measure({"energy": 1}, per_atom - free, low, high, text, "median")
    return Measure({"energy": 1}, per_atom, low, high, text, "median", free)


def _all_bonded(frames: Frames) -> bool:
    return all(
        closeness(frames, int(index))[1].min() >= 1.0
        for index in evenly(np.arange(len(frames)), _LOOKED_AT)
    )


def decided(
    found: Sequence[Measure],
    options: Mapping[Quantity, Sequence[str]],
    others: Sequence[Reading] = OTHERS,
) -> tuple[Reading | None, list[Reading]]:
    """The one reading that passes all tests, if they tell it from all others.

    Parameters
    ----------
    found
        Results of the tests.
    options
        Quantity to the units that it may have.
    others
        Readings that were not asked about, which must not pass.

    Returns
    -------
    :
        The reading, None if there is not exactly one, or if a reading that was not asked about
        passes as well; and all readings that pass.
    """
    readings: list[Reading] = [
        dict(zip(options, units, strict=True)) for units in itertools.product(*options.values())
    ]
    passed = [reading for reading in readings if all(m.allows(reading) for m in found)]
    if len(passed) != 1 or len(readings) == 1:
        return (passed[0] if len(passed) == 1 else None), passed
    # A known unit stays known in the readings that nobody asked about.
    known = {name: units[0] for name, units in options.items() if len(units) == 1}
    tests = [m for m in found if m.powers.keys() & (options.keys() - known.keys())]
    for other in others:
        reading = {name: unit for name, unit in other.items() if name in options} | known
        new = reading.keys() - known.keys() and reading not in (*readings, *passed)
        if new and all(m.allows(reading) for m in tests):
            passed.append(reading)
    return (passed[0] if len(passed) == 1 else None), passed
