"""Different energy zeros and levels of theory of predictions and labels.

A constant energy offset is no error of the potential: it means that two levels of theory or two
conventions are being compared. It is reported and not corrected.
"""

from __future__ import annotations

import numpy as np

from ms25_suite.core.fields import NOT_STATED
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.units import MEV_PER_EV

__all__ = [
    "MIN_OFFSET",
    "element_energies",
    "energy_offset",
    "fractions_of",
    "level_of_theory_mismatch",
]

OFFSET_SHARE = 0.8
"""An offset is reported if removing it reduces the energy error by more than this fraction. A
choice of the suite: errors of a fit to these very labels have a fraction near 0, and labels of
another level of theory one near 1."""

MIN_OFFSET = 1e-4
"""Smallest MAE in eV/atom for which an offset is reported: below, it is convergence noise of
DFT."""


def energy_offset(frames: Frames, reference: FloatArray, predicted: FloatArray) -> Finding | None:
    """Find out whether the energy error is mostly a constant offset per atom of each element.

    The offsets are the least-squares solution of ``error = sum_elements x_element * offset`` with
    the atomic fractions ``x``. Different energy zeros (isolated atoms, core electrons,
    pseudopotentials) differ by exactly such offsets.

    Parameters
    ----------
    frames
        The structures.
    reference, predicted
        Energies per atom in eV, shape ``(n_frames,)``.

    Returns
    -------
    :
        A finding if removing the offsets reduces the mean absolute error by more than 80 %; None if
        not, if the error is below 0.1 meV/atom, or if there are fewer than three frames per
        element.
    """
    from ase.data import chemical_symbols

    elements = np.array(frames.elements)
    # With as many frames as elements, offsets would explain any error.
    if len(frames) < 3 * len(elements):
        return None
    error = predicted - reference
    fractions, offsets = fractions_of(frames), element_energies(frames, error)
    before = np.abs(error).mean()
    after = np.abs(error - fractions @ offsets).mean()
    if before < MIN_OFFSET or not after < (1.0 - OFFSET_SHARE) * before:
        return None
    if np.linalg.matrix_rank(fractions) < len(elements):
        # If all frames have one composition, only the mean offset is determined.
        each = f"{MEV_PER_EV * (fractions @ offsets).mean():+.4g} on average"
    else:
        each = ", ".join(
            f"{chemical_symbols[z]} {MEV_PER_EV * offset:+.4g}"
            for z, offset in zip(elements, offsets, strict=True)
        )
    message = (
        f"{100 * (1 - after / before):.0f} % of the energy error is a constant offset for each "
        f"atom of an element (meV: {each}): either potential and labels have different energy "
        "zeros or levels of theory, or the potential has the same error on all of these frames. "
        f"Without the offset the MAE would be {MEV_PER_EV * after:.3g} meV/atom"
    )
    return Finding("energy-offset", message)


def fractions_of(frames: Frames) -> FloatArray:
    """Atomic fraction of each element in each frame, shape ``(n_frames, n_elements)``."""
    elements = np.array(frames.elements)
    counts = np.zeros((len(frames), len(elements)))
    np.add.at(counts, (frames.frame_of_atom, np.searchsorted(elements, frames.numbers)), 1.0)
    return np.asarray(counts / frames.n_atoms[:, None])


def element_energies(frames: Frames, energies: FloatArray) -> FloatArray:
    """Energy of each element that fits energies per atom best, shape ``(n_elements,)``."""
    return np.asarray(np.linalg.lstsq(fractions_of(frames), energies, rcond=None)[0])


def level_of_theory_mismatch(trained_on: str, labels: str) -> Finding | None:
    """Find out whether a potential was trained at another level of theory than that of the labels.

    Parameters
    ----------
    trained_on
        Level of theory of the training data.
    labels
        Level of theory of the labels with which its predictions are compared.

    Returns
    -------
    :
        A finding if the two differ; None if they are equal, or if either is empty or
        "not stated".
    """
    if trained_on == labels or {trained_on, labels} & {"", NOT_STATED}:
        return None
    message = (
        f"the potential was trained on labels of the level of theory {trained_on!r} and is judged "
        f"on labels of {labels!r}: their difference is part of every error"
    )
    return Finding("level-of-theory", message)
