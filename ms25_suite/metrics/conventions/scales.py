"""Another unit, or the opposite sign, of predictions or labels.

That is no error of the potential: it means that two conventions are being compared. It is reported
and not corrected. No false alarm must come from a poor potential, so a factor is reported only
where the two sides are proportional, and a factor that a poor potential may have as well only where
nearly nothing remains after scaling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.core.units import LABEL_UNITS
from ms25_suite.metrics.conventions.offsets import MIN_OFFSET, element_energies, fractions_of

__all__ = ["Slope", "energy_scale", "fit_slope", "scale_mismatch"]

MIN_CORRELATION: Final = 0.9
"""A factor is reported only if predictions and labels are proportional: with this correlation at
least, what remains after scaling is less than half of the labels."""

CLOSE_CORRELATION: Final = 0.99
"""And this one for a factor between 1/8 and 8, which a poor potential may have too: then less than
15 % remain."""

_FAR: Final = 8.0
"""Beyond this factor no potential is that is otherwise proportional to the labels. Those that
underestimate all forces do so by tens of per cent."""

_NEAR_UNIT: Final = 1.25
"""How close, as a ratio, a factor beyond `_FAR` must be to that of a unit."""

_AT_UNIT: Final = 1.03
"""The same for a factor between 1/8 and 8, and for energies. It also decides which of several units
are named."""

_EXACT: Final = 0.9995
"""Correlation from which on 3 % are left after scaling, as in `_AT_UNIT`: such a potential does not
underestimate all forces either."""

_SIGNS: Final = {
    "forces": "gradients instead of forces?",
    "stress": "is tension positive? VASP prints compression as positive",
}

_ONE_ATOM: Final = "the energy of one atom in place of all"


@dataclass(frozen=True, slots=True)
class Slope:
    """Regression of labels on predictions through the origin.

    Parameters
    ----------
    value
        Labels over predictions.
    interval
        Its 95 % interval, for which the components of one frame depend on each other.
    correlation
        Correlation of the two, about zero.
    """

    value: float
    interval: tuple[float, float]
    correlation: float

    @property
    def factor(self) -> float:
        """Size of the labels over that of the predictions.

        Errors of the predictions bring `value` closer to zero, but not this.
        """
        return abs(self.value / self.correlation)

    @property
    def evidence(self) -> str:
        """Value, interval and correlation, for messages."""
        low, high = self.interval
        return (
            f"{self.value:.4g} times the predictions (95 % interval {low:.4g} to {high:.4g}, "
            f"correlation {self.correlation:.3f})"
        )


def fit_slope(reference: FloatArray, predicted: FloatArray, frame: IntArray) -> Slope | None:
    """Slope of labels over predictions, both taken from zero.

    Parameters
    ----------
    reference, predicted
        Components, shape ``(n_components,)``.
    frame
        Frame of each component, shape ``(n_components,)``.

    Returns
    -------
    :
        None with fewer than six components, or if one side is zero or both have nothing in common.
    """
    sizes = float(predicted @ predicted), float(reference @ reference)
    product = float(reference @ predicted)
    if len(reference) < 6 or min(sizes) == 0.0 or product == 0.0:
        return None
    slope = product / sizes[0]
    # Sandwich estimate, clustered by frame: Cameron & Miller, J. Hum. Resour. 50 (2015) 317.
    _, index = np.unique(frame, return_inverse=True)
    scores = np.bincount(index, predicted * (reference - slope * predicted))
    spread = float(np.sqrt(np.square(scores).sum() * len(scores) / max(len(scores) - 1, 1)))
    half = 1.96 * spread / sizes[0]
    correlation = product / float(np.sqrt(sizes[0]) * np.sqrt(sizes[1]))
    return Slope(slope, (slope - half, slope + half), correlation)


def scale_mismatch(
    quantity: Quantity,
    reference: FloatArray,
    predicted: FloatArray,
    frame: IntArray | None = None,
    volumes: FloatArray | None = None,
) -> Finding | None:
    """Find out whether labels and predictions differ by a factor that a convention explains.

    Parameters
    ----------
    quantity
        ``forces`` or ``stress``.
    reference, predicted
        Components in eV/Å or eV/Å^3, shape ``(n_components,)``.
    frame
        Frame of each component, shape ``(n_components,)``; None if all are independent.
    volumes
        Volume in Å^3 of the cell of each component, for virials; None if it is not known.

    Returns
    -------
    :
        A finding if they are proportional, and the slope is that of another unit, of the opposite
        sign, or of both; else None.

    Examples
    --------
    >>> predicted = np.linspace(-1.0, 1.0, 9)
    >>> scale_mismatch("stress", 160.2 * predicted, predicted).code
    'stress-scale'
    >>> scale_mismatch("forces", predicted, predicted) is None
    True
    """
    frame = np.arange(len(reference)) if frame is None else frame
    if len(reference) == 0 or np.std(reference) == 0.0 or np.std(predicted) == 0.0:
        return None
    slope = fit_slope(reference, predicted, frame)
    if slope is None or abs(slope.correlation) < MIN_CORRELATION:
        return None
    opposite = slope.value < 0.0
    sign = " and the opposite sign" if opposite else ""
    meanings = [
        (side, f"the unit {name}{sign}", off)
        for side, name, off in _likely(LABEL_UNITS[quantity], slope.factor, slope.correlation)
    ]
    meanings += _virials(reference, predicted, volumes, frame)
    if not meanings and opposite and 0.5 < slope.factor < 2.0:
        meanings = [("labels", f"the opposite sign ({_SIGNS[quantity]})", 0.0)]
    if not meanings:
        return None
    return Finding(
        f"{quantity}-scale",
        f"the {quantity} labels are {slope.evidence}: {_joined(meanings, slope.correlation)}",
    )


def _virials(
    reference: FloatArray, predicted: FloatArray, volumes: FloatArray | None, frame: IntArray
) -> list[tuple[str, str, float]]:
    """Whether labels or predictions are the others times the volume: side, words, distance."""
    if volumes is None:
        return []
    found = []
    for side, slope in (
        ("labels", fit_slope(reference, predicted * volumes, frame)),
        ("predictions", fit_slope(reference * volumes, predicted, frame)),
    ):
        # Volumes below some Å^3 do not occur, so the factor of a virial is always far from one.
        if slope is not None and abs(slope.correlation) >= MIN_CORRELATION:
            off = abs(float(np.log(slope.factor)))
            if off < np.log(_NEAR_UNIT):
                sign = "-" if slope.value < 0.0 else ""
                found.append((side, f"a virial in eV ({sign}volume times stress)", off))
    return found


def _likely(
    units: dict[str, float], factor: float, correlation: float
) -> list[tuple[str, str, float]]:
    """Units that explain a factor: whose they are, their name, and how far off they are."""
    far = max(factor, 1.0 / factor) > _FAR
    if not far and abs(correlation) < CLOSE_CORRELATION:
        return []
    closeness = float(np.log(_NEAR_UNIT if far else _AT_UNIT))
    return [
        (side, name, off)
        for side, ratio in (("labels", factor), ("predictions", 1.0 / factor))
        for name, unit in units.items()
        if (off := abs(float(np.log(ratio / unit)))) < closeness
    ]


def _joined(meanings: Iterable[tuple[str, str, float]], correlation: float = 1.0) -> str:
    """What the factor may mean, the closest first.

    What is farther off counts only if none is close, or if the predictions are not so exact that
    they must be close.
    """
    ordered = sorted(meanings, key=lambda meaning: meaning[2])
    close = [meaning for meaning in ordered if meaning[2] < np.log(_AT_UNIT)]
    chosen = close if close and abs(correlation) > _EXACT else ordered
    first = chosen[0][0]
    return ", or ".join(
        f"the {side} seem to have {words}" if place == 0 or side != first else words
        for place, (side, words, _) in enumerate(chosen)
    )


def energy_scale(frames: Frames, reference: FloatArray, predicted: FloatArray) -> Finding | None:
    """Find out whether energies differ by the factor of a unit, or of the number of atoms.

    Either all energies have one ratio, which two methods with the same zero have, or what remains
    of both after an energy for each element has one slope.

    Parameters
    ----------
    frames
        The structures.
    reference, predicted
        Energies per atom in eV, shape ``(n_frames,)``.

    Returns
    -------
    :
        A finding, or None.
    """
    if len(frames) < 3:
        return None
    found = _equal_ratios(frames, reference, predicted)
    if found:
        ratio = float(np.median(reference / predicted))
        fact = f"the energy labels are {ratio:.4g} times the predictions"
        return Finding("energy-scale", f"{fact}: {_joined(found)}")
    left, fitted = _beyond_composition(frames, reference), _beyond_composition(frames, predicted)
    if left is None or fitted is None:
        return None
    slope = fit_slope(left, fitted, np.arange(len(frames)))
    # The opposite sign of energies is no convention.
    if slope is None or slope.correlation < CLOSE_CORRELATION:
        return None
    meanings = [
        (side, f"the unit {name}", off)
        for side, name, off in _likely(LABEL_UNITS["energy"], slope.factor, slope.correlation)
    ]
    if not meanings:
        return None
    fact = f"once an energy for each element is taken away, the energy labels are {slope.evidence}"
    return Finding("energy-scale", f"{fact}: {_joined(meanings, slope.correlation)}")


def _equal_ratios(
    frames: Frames, reference: FloatArray, predicted: FloatArray
) -> list[tuple[str, str, float]]:
    """Conventions that explain the ratio of each single energy."""
    if (reference == 0.0).any() or (predicted == 0.0).any():
        return []
    ratios = reference / predicted
    if (ratios < 0.0).any():
        return []
    n_atoms = np.asarray(frames.n_atoms, dtype=np.float64)
    conventions = {
        f"the unit {name}": np.full(len(frames), factor)
        for name, factor in LABEL_UNITS["energy"].items()
    }
    if (n_atoms > 1).all():
        # Stored as totals, they are divided by the number of atoms twice.
        conventions[_ONE_ATOM] = 1.0 / n_atoms
    return [
        (side, words, off)
        for words, factor in conventions.items()
        for side, quotient in (("labels", ratios / factor), ("predictions", ratios * factor))
        if (off := float(np.abs(np.log(quotient)).max())) < np.log(_AT_UNIT)
    ]


def _beyond_composition(frames: Frames, energies: FloatArray) -> FloatArray | None:
    """Energies without the part that the elements explain; None if there is too little left."""
    if len(frames) < max(10, 3 * len(frames.elements)):
        return None
    left = energies - fractions_of(frames) @ element_energies(frames, energies)
    # Below that it is noise, except where the unit is a large one.
    return left if np.std(left) > 0.01 * MIN_OFFSET else None
