"""Whether the energies of a dataset have one unit, and are free of outliers."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.core.frames import BoolArray, FloatArray, Frames, IntArray, Labels
from ms25_suite.core.inputs import Inputs
from ms25_suite.core.units import ENERGY_UNITS
from ms25_suite.datasets.answers import Answer, answered, unanswered
from ms25_suite.datasets.audit.stress import composition
from ms25_suite.datasets.audit.surroundings import closeness, evenly, unlike

__all__ = ["audit_energies"]

_OUTLIER_SIGMAS: Final = 15.0
"""Distance from the median, in robust standard deviations, that makes an energy an outlier."""

_OUTLIER_LEAST: Final = 0.5
"""And the least distance in eV/atom: kT per atom at 6000 K, more than heating any solid up to
its melting point stores (Dulong and Petit: 3/2 kT of potential energy, 0.39 eV at 3000 K)."""

_ALIKE: Final = 0.1
"""Robust spread of the logarithm of energies per atom up to which their ratios mean something.
Total energies of one system hardly vary (0.2 % in the built-in datasets but for alloys)."""

_RATIO: Final = 0.02
"""Least tolerance, in the logarithm, for a ratio of energies to be that of two units. The closest
ones, kcal/mol and Hartree against eV (23.06 and 27.21), are 0.17 apart."""

_REWEIGHTINGS: Final = 30
"""Far more than the fit of a few energies of elements needs to settle."""

_MIXTURE: Final = 0.1
"""Difference of the share of an element up to which two frames are of the same mixture."""

_NORMAL: Final = 1.4826
"""Turns the median absolute deviation of a normal distribution into its standard deviation."""


def audit_energies(frames: Frames, labels: Labels) -> Answer:
    """Energies of another unit than the others, far off the others, or all the same."""
    if labels.energy is None:
        return unanswered("energies", "there are no energies")
    energy = np.asarray(labels.energy)
    per_atom = energy / frames.n_atoms
    shown = f"{per_atom.min():.6g} to {per_atom.max():.6g} eV/atom"
    constant = _constant(frames, energy)
    if constant is not None:
        return answered("energies", f"they are all {energy[0]:.6g} eV", constant)
    mixed, elsewhere = _mixed_units(frames, energy)
    if mixed is not None:
        return answered("energies", f"no: {shown}", mixed)
    outliers, text = _outliers(frames, per_atom)
    return answered("energies", f"{shown}; {elsewhere}; {text}", outliers)


def _constant(frames: Frames, energy: FloatArray) -> Finding | None:
    # Two frames may agree in all digits by chance or by symmetry, but hardly all of three or
    # more.
    if len(energy) < 3 or float(np.ptp(energy)) > 0.0:
        return None
    fact = f"All frames have the same energy, {float(energy[0]):.6g} eV"
    spectra = [np.sort(closeness(frames, int(i))[0]) for i in evenly(np.arange(len(energy)), 20)]
    if all(len(s) == len(spectra[0]) and np.allclose(s, spectra[0]) for s in spectra):
        return Finding(
            "constant-energy",
            f"{fact}, and equal distances between neighbours: copies of one structure, moved or "
            f"rotated, have that; else the energies are placeholders.",
            "note",
        )
    return Finding(
        "constant-energy", f"{fact}, though the structures differ: these are probably placeholders"
    )


def _mixed_units(frames: Frames, energy: FloatArray) -> tuple[Finding | None, str]:
    """Energies per atom that are those of the other frames times the ratio of two units.

    Frames of the same elements are compared. Total energies of one system hardly vary, so the
    ratio to the median shows another unit. Where they vary more than `_ALIKE`, no conclusion is
    drawn.
    """
    n_atoms = frames.n_atoms
    per_atom = energy / n_atoms
    present = composition(frames) > 0
    found: list[int] = []
    words: dict[str, None] = {}
    comparable = 0
    # The level of total energies depends on the elements (and on the pseudopotentials), so that
    # only frames of the same elements are comparable.
    for kind in np.unique(present, axis=0):
        group = np.flatnonzero((present == kind).all(axis=1))
        if len(group) < 3:
            continue
        logs = _logs(per_atom[group])
        if logs is None:
            continue
        # An element of the sample, not the mean of the two middle ones: with half of the frames
        # in another unit, that mean would lie between both groups.
        middle = float(np.sort(logs)[len(logs) // 2])
        # A factor of 3 separates the common unit from all others: the smallest factor to eV in
        # `ENERGY_UNITS` is 13.6.
        near = np.abs(logs - middle) < np.log(3.0)
        spread = _NORMAL * float(np.median(np.abs(logs[near] - middle)))
        if near.mean() < 0.5 or spread > _ALIKE:
            continue
        comparable += len(group)
        # Dimers, clusters and surfaces have other energies per atom than the bulk.
        odd, usual = group[~near], group[near]
        alike = ~unlike(frames, odd, usual) & _same_mixture(frames, odd, usual)
        for frame, log in zip(odd[alike], (logs[~near] - middle)[alike], strict=True):
            ratios = {
                **ENERGY_UNITS,
                # A frequent mistake: energy per atom stored as total energy.
                "the energy of one atom in place of all": float(n_atoms[frame]),
            }
            for name, factor in ratios.items():
                if abs(abs(log) - np.log(factor)) < max(_RATIO, 3.0 * spread):
                    found.append(int(frame))
                    words[f"{name} ({factor:.4g})"] = None
                    break
    if not found:
        text = f"one unit in all {comparable} frames that can be compared"
        return None, text if comparable else "too different from each other to compare their units"
    frames_found = tuple(sorted(found))
    return Finding(
        "mixed-energy-units",
        f"The energies per atom of {len(frames_found)} of {len(energy)} frames "
        f"({frame_list(frames_found)}) are those of the others times, or divided by, the factor "
        f"between eV and {' or '.join(words)}, though elements and distances are alike: the file "
        f"mixes units, or methods with different energy zeros. Convert them to eV and to one zero.",
        frames=frames_found,
    ), ""


def _same_mixture(frames: Frames, chosen: IntArray, others: IntArray) -> BoolArray:
    """Whether another frame has nearly the same share of each element, shape ``(n_chosen,)``."""
    shares = composition(frames) / frames.n_atoms[:, None]
    known = np.unique(shares[others].round(3), axis=0)
    return np.array(
        [(np.abs(known - shares[index]).max(axis=1) < _MIXTURE).any() for index in chosen],
        dtype=bool,
    )


def _logs(per_atom: FloatArray) -> FloatArray | None:
    """Logarithms of the absolute values; None where signs differ or a value is zero."""
    # Energies around zero (formation energies, or a chosen zero) have no meaningful ratios.
    if (per_atom == 0.0).any() or len(np.unique(np.sign(per_atom))) > 1:
        return None
    return np.asarray(np.log(np.abs(per_atom)))


def _outliers(frames: Frames, per_atom: FloatArray) -> tuple[Finding | None, str]:
    """Energies far from a sum of energies of the elements, fitted to all frames."""
    elements = np.array(frames.elements)
    if len(frames) < max(10, 3 * len(elements)):
        return None, "too few frames to find outliers"
    shares = composition(frames) / frames.n_atoms[:, None]
    # One energy for each element: most of the variance of total energies in an alloy or in Zr-O
    # is composition, and would hide an outlier.
    residual = per_atom - shares @ _least_absolute(shares, per_atom)
    residual = residual - np.median(residual)
    # Median absolute deviation: a few failed calculations would inflate a standard deviation
    # until it hides them.
    sigma = _NORMAL * float(np.median(np.abs(residual)))
    limit = max(_OUTLIER_SIGMAS * sigma, _OUTLIER_LEAST)
    farthest = float(residual[int(np.argmax(np.abs(residual)))])
    bad: IntArray = np.flatnonzero(np.abs(residual) > limit)
    if len(bad) == 0:
        return None, (
            f"at most {abs(farthest):.3g} eV/atom from a fit to the composition (an outlier is "
            f"more than {limit:.2g} away)"
        )
    usual = np.flatnonzero(np.abs(residual) <= limit)
    other_kind = unlike(frames, bad, usual) | _of_other_state(frames, bad, usual)
    text = f"worst {farthest:+.3g} eV/atom off"
    how_far = f"more than {limit:.2f} eV/atom off the others (worst {farthest:+.2f} eV/atom"
    # Of the two kinds, the one that needs an answer.
    if not other_kind.all():
        bad = bad[~other_kind]
        indices = tuple(int(index) for index in bad)
        return Finding(
            "energy-outliers",
            f"The energy of {len(indices)} frames lies {how_far}; {frame_list(indices)}), and "
            f"their distances, numbers of bonds, charges and spins are like those of the others. "
            f"Did these calculations converge, to the same electronic state?",
            frames=indices,
        ), text
    indices = tuple(int(index) for index in bad)
    return Finding(
        "energy-outliers",
        f"The energy of {len(indices)} frames lies {how_far}; {frame_list(indices)}). Their "
        f"distances, numbers of bonds, charges or spins are unlike those of the others, which "
        f"explains it if they are ions, dimers, surfaces, or compressed or expanded cells on "
        f"purpose.",
        "note",
        indices,
    ), text


def _of_other_state(frames: Frames, chosen: IntArray, others: IntArray) -> BoolArray:
    """Whether each of some frames has a charge, spin, … that none of some others has."""
    if not len(frames.inputs):
        return np.zeros(len(chosen), dtype=bool)
    of_frames = Inputs({k: one for k, one in frames.inputs.columns.items() if one.per == "frame"})
    known = {of_frames.prints(int(index), slice(0)) for index in others}
    return np.array(
        [of_frames.prints(int(index), slice(0)) not in known for index in chosen], dtype=bool
    )


def _least_absolute(shares: FloatArray, per_atom: FloatArray) -> FloatArray:
    """Coefficients with the least sum of absolute residuals, by reweighted least squares.

    The sum of squares would follow an outlier, the farther off the more, and share its error out
    among frames of other compositions: by their scatter it would look usual.
    """
    weights = np.ones(len(per_atom))
    for _ in range(_REWEIGHTINGS):
        root = np.sqrt(weights)
        coefficients = np.linalg.lstsq(shares * root[:, None], per_atom * root, rcond=None)[0]
        residual = np.abs(per_atom - shares @ coefficients)
        # Without a floor, frames that are met exactly would take all of the weight.
        floor = max(1e-3 * float(np.median(residual)), 1e-9)
        weights = 1.0 / np.maximum(residual, floor)
    return np.asarray(coefficients)
