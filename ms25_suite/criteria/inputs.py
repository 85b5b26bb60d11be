"""Whether a potential reads what the frames state besides their structure, and the reverse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ms25_suite.core.errors import PotentialError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.core.inputs import KNOWN_INPUTS, Column, Inputs, is_default
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
        if name in read or name == "head" or is_default(name, column):
            continue
        # A calculator may read an array, or a key of its own, without being noticed; and the charge
        # of the system from those of its atoms.
        if is_calculator and (
            column.per == "atom" or name not in KNOWN_INPUTS or _has_effect(potential, frames, name)
        ):
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
        if lacking and (not is_calculator or _has_effect(potential, frames, name)):
            findings.append(
                Finding(
                    "input-not-stated",
                    f"The potential reads `{name}`, which {lacking} of {len(frames)} frames do not "
                    f"state: {known.default:g} was taken there. If the files have it under another "
                    f'key, name it in the card: [inputs] {name} = "…".',
                )
            )
    return tuple(findings)


def _has_effect(potential: Potential, frames: Frames, name: str) -> bool:
    """Whether an input changes the energy of a frame."""
    place, value = _example(frames, name)
    frame = frames.select([place])
    # Without the values of atoms, in which a calculator would still see the same charge.
    others = {key: one for key, one in frame.inputs.columns.items() if one.per == "frame"}
    default = KNOWN_INPUTS[name].default or 0.0
    energies: list[FloatArray] = []
    for values in (np.full_like(value, default), value):
        inputs = Inputs({**others, name: Column(values, "frame")})
        try:
            found = potential.compute(replace(frame, inputs=inputs)).energy
        except PotentialError:
            return True  # it reacts, if only by an error
        energies.append(np.zeros(0) if found is None else found)
    return not np.array_equal(energies[0], energies[1])


def _example(frames: Frames, name: str) -> tuple[int, FloatArray]:
    """The smallest frame, and a value that is not the default: its own where frames have one."""
    default = KNOWN_INPUTS[name].default or 0.0
    column = frames.inputs.columns.get(name)
    if column is not None:
        rows = np.nan_to_num(column.values, nan=default).reshape(len(frames), -1)
        stated = np.flatnonzero((rows != default).any(axis=1))
        if len(stated):
            place = int(stated[np.argmin(frames.n_atoms[stated])])
            return place, np.asarray(column.values[[place]])
    shape = (1, 3) if name == "external_field" else (1,)
    return int(np.argmin(frames.n_atoms)), np.full(shape, default + 1.0)


def _described(name: str, column: Column) -> str:
    """An input with its range."""
    if column.is_text:
        return f"`{name}`"
    values = column.values[column.stated()]
    low, high = float(values.min()), float(values.max())
    known = KNOWN_INPUTS.get(name)
    unit = f" {known.unit}" if known and known.unit else ""
    return f"`{name}` ({low:g} to {high:g}{unit})" if low != high else f"`{name}` = {low:g}{unit}"
