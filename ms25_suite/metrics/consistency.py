"""Signs that predictions and labels follow different conventions.

A constant energy offset, an opposite sign or another unit is no error of the potential: it means
that two levels of theory or two conventions are being compared. It is reported and not corrected.
"""

from __future__ import annotations

import numpy as np

from ms25_suite.core.fields import NOT_STATED, Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.units import GPA_PER_EV_PER_A3, KBAR_PER_EV_PER_A3, MEV_PER_EV

__all__ = ["energy_offset", "level_of_theory_mismatch", "scale_mismatch"]

OFFSET_SHARE = 0.8
"""An offset is reported if removing it reduces the energy error by more than this fraction. A
choice of the suite: errors of a fit to these very labels have a fraction near 0, and labels of
another level of theory one near 1."""

MIN_OFFSET = 1e-4
"""Smallest MAE in eV/atom for which an offset is reported: below, it is convergence noise of
DFT."""

MIN_CORRELATION = 0.9
"""A factor is reported only if predictions and labels are proportional: Pearson correlation of at
least this."""

_FACTORS = {
    "energy": (),
    "forces": ((-1.0, "the opposite sign (gradients instead of forces?)"),),
    "stress": (
        (-1.0, "the opposite sign (is tension positive? VASP prints compression as positive)"),
        (GPA_PER_EV_PER_A3, "the unit GPa"),
        (-GPA_PER_EV_PER_A3, "the unit GPa and the opposite sign"),
        (KBAR_PER_EV_PER_A3, "the unit kbar"),
        (-KBAR_PER_EV_PER_A3, "the unit kbar and the opposite sign, as VASP prints it"),
    ),
}
"""Factors of the labels relative to the predictions that a convention explains."""


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
    counts = np.zeros((len(frames), len(elements)))
    np.add.at(counts, (frames.frame_of_atom, np.searchsorted(elements, frames.numbers)), 1.0)
    fractions = counts / frames.n_atoms[:, None]
    offsets, *_ = np.linalg.lstsq(fractions, error, rcond=None)
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


def scale_mismatch(
    quantity: Quantity, reference: FloatArray, predicted: FloatArray
) -> Finding | None:
    """Find out whether labels and predictions differ by a factor that a convention explains.

    Parameters
    ----------
    quantity
        ``forces`` or ``stress``.
    reference, predicted
        Components in eV/Å or eV/Å^3, shape ``(n_components,)``.

    Returns
    -------
    :
        A finding if they are proportional (correlation of at least 0.9) and the slope is within a
        factor of two of -1 or, for a stress, of a conversion to GPa or kbar; else None.

    Examples
    --------
    >>> predicted = np.linspace(-1.0, 1.0, 9)
    >>> scale_mismatch("stress", 160.2 * predicted, predicted).code
    'stress-scale'
    >>> scale_mismatch("forces", predicted, predicted) is None
    True
    """
    size = float(predicted @ predicted)
    if len(reference) < 6 or size == 0.0 or np.std(reference) == 0.0 or np.std(predicted) == 0.0:
        return None
    # Negative correlation too: an opposite sign is one of the factors.
    if abs(np.corrcoef(reference, predicted)[0, 1]) < MIN_CORRELATION:
        return None
    # Least squares through the origin. A potential with large errors may be off by tens of per
    # cent, hence the factor of two; the factors of the conventions are further apart than that.
    slope = float(reference @ predicted) / size
    for factor, meaning in _FACTORS[quantity]:
        if 0.5 < slope / factor < 2.0:
            message = (
                f"the {quantity} labels are {slope:.4g} times the predictions: the labels "
                f"seem to have {meaning}"
            )
            return Finding(f"{quantity}-scale", message)
        if 0.5 < slope * factor < 2.0:
            message = (
                f"the {quantity} predictions are {1 / slope:.4g} times the labels: the "
                f"predictions seem to have {meaning}"
            )
            return Finding(f"{quantity}-scale", message)
    return None


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
