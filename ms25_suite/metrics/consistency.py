"""Signs that potential and labels do not speak of the same thing.

A constant energy offset, a flipped sign or a wrong unit is no error of a potential: it means that
two levels of theory or two conventions are being compared. It is said, and nothing is corrected.
"""

from __future__ import annotations

import numpy as np

from ms25_suite.core.fields import NOT_STATED, Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.units import GPA_PER_EV_PER_A3, KBAR_PER_EV_PER_A3, MEV_PER_EV

__all__ = ["energy_offset", "level_of_theory_mismatch", "scale_mismatch"]

OFFSET_SHARE = 0.8
"""An offset is reported if removing it takes away more than this share of the energy error."""

MIN_OFFSET = 1e-4
"""Smallest MAE in eV/atom for which an offset is worth a word: DFT energies carry such noise."""

MIN_CORRELATION = 0.9
"""A scale is only reported where reference and prediction otherwise agree this well (Pearson)."""

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


def energy_offset(frames: Frames, reference: FloatArray, predicted: FloatArray) -> Finding | None:
    """Whether the energy error is mostly a constant for each atom of an element.

    The offsets are the least-squares solution of ``error = sum_elements n_element * offset``.

    Parameters
    ----------
    frames
        The structures.
    reference, predicted
        Energies per atom in eV, shape ``(n_frames,)``.
    """
    from ase.data import chemical_symbols

    elements = np.array(frames.elements)
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
        # At one composition only the sum of the elements' offsets can be known.
        each = f"{MEV_PER_EV * (fractions @ offsets).mean():+.4g} on average"
    else:
        each = ", ".join(
            f"{chemical_symbols[z]} {MEV_PER_EV * offset:+.4g}"
            for z, offset in zip(elements, offsets, strict=True)
        )
    message = (
        f"{100 * (1 - after / before):.0f} % of the energy error is a constant offset for each "
        f"atom of an element (meV: {each}): either potential and labels have different "
        f"energy zeros or levels of theory, or the potential errs alike on all of these frames. "
        f"Without the offset the MAE would be {MEV_PER_EV * after:.3g} meV/atom"
    )
    return Finding("energy-offset", message)


def scale_mismatch(
    quantity: Quantity, reference: FloatArray, predicted: FloatArray
) -> Finding | None:
    """Whether the reference is the prediction times a factor that a convention explains.

    Parameters
    ----------
    quantity
        ``forces`` or ``stress``.
    reference, predicted
        Components, shape ``(n_components,)``.
    """
    size = float(predicted @ predicted)
    if len(reference) < 6 or size == 0.0 or np.std(reference) == 0.0 or np.std(predicted) == 0.0:
        return None
    if abs(np.corrcoef(reference, predicted)[0, 1]) < MIN_CORRELATION:
        return None
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
    """Whether a potential was trained at another level of theory than that of the labels.

    Parameters
    ----------
    trained_on
        Level of theory of the training data.
    labels
        Level of theory of the labels that it is judged on. If either is empty or "not stated",
        nothing can be said.
    """
    if trained_on == labels or {trained_on, labels} & {"", NOT_STATED}:
        return None
    message = (
        f"the potential was trained on labels of the level of theory {trained_on!r} and is judged "
        f"on labels of {labels!r}: their difference is part of every error"
    )
    return Finding("level-of-theory", message)
