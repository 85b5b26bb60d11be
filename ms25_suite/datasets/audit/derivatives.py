"""Whether forces and stress match the energies: the work between two frames.

On the way from one frame to another of the same atoms the energy changes by the work done
against forces and stress, ``dE = -sum(F . dx) + V sum(stress . strain)`` with the mean of both
ends. That is exact where energies are quadratic, however far apart the frames are, and good to
some 10 % for thermal motion and strained cells. A wrong sign or unit is far
outside of that: the work is then -1, 23 or 160 times what it should be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames, Labels
from ms25_suite.core.units import BOHR, FORCE_UNITS, GPA_PER_EV_PER_A3, KBAR_PER_EV_PER_A3
from ms25_suite.datasets.answers import Answer, answered, unanswered
from ms25_suite.datasets.audit.displacements import RIGID, displacement, neighbouring_frames
from ms25_suite.datasets.formats.likely_units import likely_units

__all__ = ["WorkFit", "audit_work", "fit_work"]

_LEAST_PAIRS: Final = 10

_NEAR: Final = 0.5
"""Largest displacement of an atom in Å that is preferred: energies are nearly quadratic there."""

_ENOUGH: Final = 30
"""With at least this many such pairs, pairs with larger displacements are left out."""

_FARTHEST: Final = 1.0
"""Largest displacement in Å of a pair that is used. Beyond it an atom has moved to another site."""

_LARGEST_STRAIN: Final = 0.1
_CLEAR: Final = 0.8
"""Share of the variance of the energy differences that the work must explain. On real data it
is 0.8 to 0.99 (docs/audit.md)."""

_SHARE: Final = 0.3
"""Share that one of the two kinds of work must explain before a conclusion is drawn from it."""

_AGREES: Final = (0.5, 1.8)
"""Factors between energies and work that anharmonic energies explain; between 0.8 (strongly
distorted MgO) and 1.1 (strained zeolites) were found. The smallest factor of a wrong unit is 1.89,
that of eV/Bohr."""

_LIKELY: Final = 1.4
"""How close, as a ratio, a factor must be to that of a unit; as wide as `_AGREES` around 1."""


@dataclass(frozen=True, slots=True)
class WorkFit:
    """Energy differences as work times a factor.

    Parameters
    ----------
    factor
        1 if the labels are right; None where the frames do not allow a conclusion.
    r2
        Share of the variance of the energy differences that work explains.
    n_pairs
        Number of pairs of frames.
    """

    factor: float | None
    r2: float
    n_pairs: int

    @property
    def evidence(self) -> str:
        """Quality of the fit, for messages: R² and number of pairs."""
        return f"R² = {self.r2:.2f}, {self.n_pairs} pairs of frames"


def audit_work(frames: Frames, labels: Labels) -> list[Answer]:
    """Sign and unit of forces and stress by the energies."""
    if labels.energy is None or labels.forces is None:
        why = "that takes energies and forces"
        return [unanswered("force-work", why), unanswered("stress-work", why)]
    no_stress = "there are no stresses" if labels.stress is None else ""
    fits = fit_work(frames, labels)
    if fits is None:
        why = (
            f"there are no {_LEAST_PAIRS} pairs of frames with the same atoms within "
            f"{_FARTHEST:g} Å of each other"
        )
        return [unanswered("force-work", why), unanswered("stress-work", no_stress or why)]
    if no_stress:
        return [_forces(fits[0]), unanswered("stress-work", no_stress)]
    return [_forces(fits[0]), _stress(fits[1], float(np.median(frames.volumes)))]


def _forces(fit: WorkFit) -> Answer:
    factor = fit.factor
    if factor is None:
        return unanswered("force-work", _unclear(fit))
    text = f"energy differences are {factor:#.3g} times the work of the forces ({fit.evidence})"
    # Anharmonicity changes the factor smoothly around 1; a wrong sign or unit jumps by far more.
    if _AGREES[0] <= factor <= _AGREES[1]:
        return answered("force-work", text)
    parts = []
    if factor < 0.0:
        # F = -dE/dx: some programs write the gradient dE/dx.
        parts.append("the sign is reversed (gradients?)")
    if not _AGREES[0] <= abs(factor) <= _AGREES[1]:
        # Mixed conventions, such as energies converted to eV with forces left per Bohr, are
        # common.
        units = {**FORCE_UNITS, "eV/Bohr": 1.0 / BOHR}
        # Forces may be too large or too small by the ratio.
        ratio = max(abs(factor), 1.0 / abs(factor))
        names = likely_units(ratio, units, _LIKELY)
        likely = f"; likely is the factor between eV/Å and {names}" if names else ""
        parts.append(f"the unit is not that of the energies{likely}")
    finding = Finding(
        "force-sign" if factor < 0.0 else "force-energy-unit",
        f"From one frame to another the energy changes by {factor:#.3g} times the work of the "
        f"forces ({fit.evidence}), expected is 1: {', and '.join(parts)}.",
    )
    return answered("force-work", text, finding)


def _stress(fit: WorkFit, volume: float) -> Answer:
    factor = fit.factor
    if factor is None:
        return unanswered("stress-work", _unclear(fit))
    text = f"energy differences are {factor:#.3g} times the work of the stress ({fit.evidence})"
    if _AGREES[0] <= factor <= _AGREES[1]:
        return answered("stress-work", text)
    fact = (
        f"From one cell to another the energy changes by {factor:#.3g} times the work of the "
        f"stress ({fit.evidence}), expected is 1"
    )
    return answered("stress-work", text, Finding(*_stress_meaning(factor, volume, fact)))


def _stress_meaning(factor: float, volume: float, fact: str) -> tuple[str, str]:
    """Code and message for stress labels whose work is off by a factor."""

    def fits(ratio: float) -> bool:
        return _AGREES[0] <= abs(factor) * ratio <= _AGREES[1]

    # Programs that print a pressure tensor (VASP, CP2K) have compression positive.
    if fits(1.0):
        return "stress-sign", (
            f"{fact}: compression is positive in the labels. Expected tension positive: change "
            f"their sign."
        )
    names = [
        name
        # With labels that are too large by `ratio` the work is too large by it, and the fitted
        # factor is 1 / ratio.
        for name, ratio in (("GPa", GPA_PER_EV_PER_A3), ("kbar", KBAR_PER_EV_PER_A3))
        if fits(ratio)
    ]
    sign = " and the opposite sign" if factor < 0.0 else ""
    if factor < 0.0 and fits(volume):
        # A virial is -volume times stress.
        others = f" (or {' or '.join(names)}{sign})" if names else ""
        return "virial-as-stress", (
            f"{fact}: the labels seem to be a virial in eV{others}. Name it in the card, "
            f'[labels] virial = "…".'
        )
    meaning = f"the unit {' or '.join(names)}{sign}" if names else "no usual unit"
    return "stress-unit", f"{fact}: the labels seem to have {meaning}."


def _unclear(fit: WorkFit) -> str:
    if fit.r2 == 0.0:
        return (
            "the frames allow no conclusion: there is no such work between them "
            f"({fit.n_pairs} pairs)"
        )
    return (
        f"the frames allow no conclusion: this work is too small a part of the energy differences, "
        f"or explains them too poorly ({fit.evidence})"
    )


def fit_work(frames: Frames, labels: Labels) -> tuple[WorkFit, WorkFit] | None:
    """Fit energy differences by the work against forces, and by that against stress.

    Parameters
    ----------
    frames, labels
        The data; energies and forces must be there.

    Returns
    -------
    :
        Fits for forces and for stress; None with too few pairs of frames.
    """
    volumes = frames.volumes
    rows = (
        _work(frames, labels, volumes, int(first), int(second))
        for first, second in neighbouring_frames(frames)
    )
    # Columns: energy difference, work against forces, work against stress (eV), displacement (Å).
    table = np.array([row for row in rows if row is not None]).reshape(-1, 4)
    # Trapezoidal work is exact to second order only. Large displacements are used only where
    # there are not enough small ones.
    near = table[:, 3] <= _NEAR
    if np.count_nonzero(near) >= _ENOUGH:
        table = table[near]
    if len(table) < _LEAST_PAIRS:
        return None
    # Where cells change, most of the work is that of the stress. The factor of the forces is
    # found from the pairs in which the work of the forces is the larger part.
    parts = np.abs(table[:, 1:3] * _factors(table)[0])
    calm = table[parts[:, 1] <= parts[:, 0]]
    return _fit(calm if len(calm) >= _LEAST_PAIRS else table, 0), _fit(table, 1)


def _fit(table: FloatArray, which: int) -> WorkFit:
    """Fit of the energy changes by both kinds of work; the result for one kind."""
    factors, r2 = _factors(table)
    total = float(np.square(table[:, 0]).sum())
    # The two kinds of work share one fit; a kind that explains almost nothing has a factor that
    # is noise.
    share = float(np.square(table[:, 1 + which] * factors[which]).sum()) / total if total else 0.0
    clear = r2 >= _CLEAR and share >= _SHARE and _steady(table, which, float(factors[which]))
    return WorkFit(float(factors[which]) if clear else None, r2 if share else 0.0, len(table))


def _steady(table: FloatArray, which: int, factor: float) -> bool:
    """Whether the factor does not hang on a few pairs of frames.

    Along a steep repulsion the trapezoidal rule is far off, and a few such pairs outweigh all
    others.
    """
    order = np.argsort(np.abs(table[:, 0]), kind="stable")
    rest = table[order[: -(-len(table) * 9 // 10)]]
    other = float(_factors(rest)[0][which])
    return other == 0.0 or 1.0 / _LIKELY < other / factor < _LIKELY


def _factors(table: FloatArray) -> tuple[FloatArray, float]:
    """Least-squares factor of each kind of work, zero where there is no such work, and R²."""
    change, work = table[:, 0], table[:, 1:3]
    factors = np.zeros(2)
    used = np.square(work).sum(axis=0) > 0.0
    total = float(np.square(change).sum())
    if total == 0.0 or not used.any():
        return factors, 0.0
    # No constant term: without work there is no energy difference, and a constant offset of the
    # energies cancels in it.
    factors[used] = np.linalg.lstsq(work[:, used], change, rcond=None)[0]
    return factors, 1.0 - float(np.square(change - work @ factors).sum()) / total


def _work(
    frames: Frames, labels: Labels, volumes: FloatArray, first: int, second: int
) -> tuple[float, float, float, float] | None:
    """Energy difference, work against forces and stress (eV), largest displacement (Å).

    None if the frames are too far apart, or a stress is missing.
    """
    ends = (first, second)
    atoms = [slice(int(frames.offsets[i]), int(frames.offsets[i + 1])) for i in ends]
    motion = displacement(frames, first, second)
    if motion is None:
        return None
    moved, strain = motion
    largest = float(np.sqrt(np.square(moved).sum(axis=1).max()))
    if largest > _FARTHEST or np.abs(strain).max() > _LARGEST_STRAIN:
        return None
    against_stress = 0.0
    if np.abs(strain).max() > RIGID:
        # Without the stress, its part of the energy difference would be blamed on the forces.
        if labels.stress is None:
            return None
        # ASE's sign: stress = (1/V) dE/d(strain), tension positive, so V stress . strain is the
        # energy gained.
        stress = [volumes[i] * np.asarray(labels.stress[i]) for i in ends]
        # Voigt order xx yy zz yz xz xy; each shear occurs twice in the double sum.
        voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]] * [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
        against_stress = float(0.5 * (stress[0] + stress[1]) @ voigt)
        if not np.isfinite(against_stress):
            return None
    energy, forces = np.asarray(labels.energy), np.asarray(labels.forces)
    # Trapezoidal rule along the straight line between both frames; dE = -F . dx.
    mean_force: FloatArray = 0.5 * (forces[atoms[0]] + forces[atoms[1]])
    against_forces = -float((mean_force * moved).sum())
    return float(energy[second] - energy[first]), against_forces, against_stress, largest
