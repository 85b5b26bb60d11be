"""Whether a potential reads what the frames state besides their structure, and the reverse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ms25_suite.core.errors import PotentialError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.inputs import KNOWN_INPUTS, Column, Inputs, KnownInput, is_default
from ms25_suite.potentials.potential import Potential

__all__ = ["input_findings"]


def input_findings(potential: Potential, frames: Frames) -> tuple[Finding, ...]:
    """Findings about inputs that are stated and not read, or read and not stated.

    Parameters
    ----------
    potential
        The potential; a calculator must have predicted the frames before.
    frames
        The frames that it is judged on.
    """
    read = potential.info().inputs
    if read is None:
        return ()
    findings = []
    is_calculator = potential.architecture in ("ase", "reference")
    for name in frames.inputs:
        column = frames.inputs[name]
        # A calculator may read an array, or a key of its own, without being noticed.
        unnoticed = is_calculator and (column.per == "atom" or name not in KNOWN_INPUTS)
        if name in read or name == "head" or unnoticed or is_default(name, column):
            continue
        if is_calculator and _stated_by_atoms(name, frames):
            continue
        findings.append(
            Finding(
                "input-not-read",
                f"The frames state {_described(name, column)}, which the potential does not read: "
                "frames that differ in it alone get the same prediction. Choose a potential that "
                "takes it, or frames without it.",
            )
        )
    for name in read:
        known = KNOWN_INPUTS.get(name)
        if known is None or known.default is None:
            continue
        column_or_none = frames.inputs.columns.get(name)
        lacking = len(frames)
        if column_or_none is not None:
            lacking = int((~column_or_none.stated()).sum())
        # A calculator may look up what its model does not use.
        if lacking and (not is_calculator or _has_effect(potential, frames, known)):
            findings.append(
                Finding(
                    "input-not-stated",
                    f"The potential reads `{name}`, which {lacking} of {len(frames)} frames do not "
                    f"state: {known.default:g} was taken there. If the files have it under another "
                    f'key, name it in the card: [inputs] {name} = "…".',
                )
            )
    return tuple(findings)


def _has_effect(potential: Potential, frames: Frames, known: KnownInput) -> bool:
    """Whether another value of an input changes the energy of the smallest frame."""
    frame = frames.select([int(np.argmin(frames.n_atoms))])
    shape = (1, 3) if known.name == "external_field" else (1,)
    energies: list[FloatArray] = []
    for value in (known.default or 0.0, (known.default or 0.0) + 1.0):
        column = Column(np.full(shape, value), "frame")
        inputs = Inputs({**frame.inputs.columns, known.name: column})
        try:
            found = potential.compute(replace(frame, inputs=inputs)).energy
        except PotentialError:
            return True  # it reacts, if only by an error
        energies.append(np.zeros(0) if found is None else found)
    return not np.array_equal(energies[0], energies[1])


def _stated_by_atoms(name: str, frames: Frames) -> bool:
    """Whether values of the atoms state the same: calculators sum up initial charges and moments.

    The number of unpaired electrons, 2S, is the sum of the magnetic moments in μB.
    """
    column = {"total_charge": "initial_charges", "spin_multiplicity": "initial_magmoms"}.get(name)
    if column is None or column not in frames.inputs:
        return False
    values = np.nan_to_num(frames.inputs[column].values)
    if values.ndim > 1:
        return False
    sums = np.bincount(frames.frame_of_atom, weights=values, minlength=len(frames))
    stated = frames.inputs[name].values
    expected = stated if name == "total_charge" else stated - 1
    found = sums if name == "total_charge" else np.abs(sums)
    return bool(np.allclose(found, np.nan_to_num(expected), atol=0.01))


def _described(name: str, column: Column) -> str:
    """An input with its range."""
    if column.is_text:
        return f"`{name}`"
    values = column.values[column.stated()]
    low, high = float(values.min()), float(values.max())
    known = KNOWN_INPUTS.get(name)
    unit = f" {known.unit}" if known and known.unit else ""
    return f"`{name}` ({low:g} to {high:g}{unit})" if low != high else f"`{name}` = {low:g}{unit}"
