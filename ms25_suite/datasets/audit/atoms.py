"""Isolated atoms: the energies of the elements, and whether the frames are bound by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets.answers import Answer, answered, unanswered
from ms25_suite.datasets.audit.stress import composition
from ms25_suite.datasets.readers.labels import FoundLabels

__all__ = ["AtomReferences", "atom_references", "audit_atoms"]

_STRONGEST: Final = -10.0
"""eV/atom: no solid is bound more strongly. W has -8.9 eV/atom (Kittel, Introduction to Solid State
Physics, 8th ed., table 3.1), approximate functionals overbind by up to some 10 %."""


@dataclass(frozen=True, slots=True)
class AtomReferences:
    """Isolated atoms of a dataset.

    Parameters
    ----------
    energies
        Energy in eV of an atom of each element, by atomic number.
    frames
        Their frames, counted as in the files.
    elements
        Atomic number of each of these frames.
    """

    energies: dict[int, float]
    frames: tuple[int, ...]
    elements: tuple[int, ...]


def atom_references(frames: Frames, found: FoundLabels) -> AtomReferences:
    """Energies of the isolated atoms among some frames.

    Of several neutral atoms of an element (spin states, cells) the lowest energy counts, that of
    the ground state.

    Parameters
    ----------
    frames
        All frames of the files.
    found
        Their labels, and which of them are isolated atoms.
    """
    isolated = np.flatnonzero(found.isolated)
    elements = np.asarray(frames.numbers)[np.asarray(frames.offsets)[isolated]].tolist()
    charges = np.zeros(len(frames))
    if "total_charge" in frames.inputs:
        charges = np.nan_to_num(frames.inputs["total_charge"].values)
    energies: dict[int, float] = {}
    for index, number in zip(isolated.tolist(), elements, strict=True):
        energy = np.nan if found.labels.energy is None else float(found.labels.energy[index])
        # An ion is no reference: an anion can even lie below the atom.
        if np.isfinite(energy) and charges[index] == 0.0:
            energies[number] = min(energy, energies.get(number, np.inf))
    frames_found = tuple(isolated.tolist())
    return AtomReferences(dict(sorted(energies.items())), frames_found, tuple(elements))


def audit_atoms(frames: Frames, labels: Labels, atoms: AtomReferences) -> Answer:
    """What the isolated atoms are, and the atomisation energies of the frames by them.

    Parameters
    ----------
    frames, labels
        The data, without isolated atoms.
    atoms
        The isolated atoms.
    """
    if not atoms.frames:
        return unanswered("atom-energies", "there are no frames of isolated atoms")
    said = Finding("atom-references", _what_they_are(atoms), "note")
    has = labels.has_energy
    elements = np.array(frames.elements)
    unknown = [int(z) for z in elements if int(z) not in atoms.energies]
    if unknown or labels.energy is None or has is None:
        why = f"no energy of isolated {_symbols(unknown)}" if unknown else "there are no energies"
        return answered("atom-energies", f"{_symbols(atoms.elements)}; {why}", said)
    free = composition(frames) @ np.array([atoms.energies[int(z)] for z in elements])
    bound = ((np.asarray(labels.energy) - free) / frames.n_atoms)[has]
    text = (
        f"{_symbols(atoms.elements)}; relative to them the frames have {bound.min():.4g} to "
        f"{bound.max():.4g} eV/atom"
    )
    typical = float(np.median(bound))
    if _STRONGEST * 1.5 <= typical <= 0.0:
        return answered("atom-energies", text, said)
    what = "are not bound" if typical > 0.0 else "are bound more strongly than any solid"
    odd = Finding(
        "not-bound",
        f"Relative to the isolated atoms the frames have {typical:.4g} eV/atom (median): "
        f"they {what}. Are frames and isolated atoms of one method and one unit, and the "
        f"atoms in their ground state? If these energies are formation energies already, leave the "
        f"isolated atoms out.",
    )
    return answered("atom-energies", text, said, odd)


def _what_they_are(atoms: AtomReferences) -> str:
    from ase.data import chemical_symbols

    n = len(atoms.frames)
    known = ", ".join(
        f"{chemical_symbols[number]} {energy:.6g} eV" for number, energy in atoms.energies.items()
    )
    without = sorted(set(atoms.elements) - set(atoms.energies))
    lacking = f", without a usable energy: {_symbols(without)}" if without else ""
    be, kept = (
        ("frame is an isolated atom", "the reference of its element")
        if n == 1
        else ("frames are isolated atoms", "references of their elements")
    )
    return (
        f"{n} {be} ({frame_list(atoms.frames)} of the files; {known or 'no energies'}{lacking}): "
        f"{kept}, never judged or trained on. All other frames are counted without "
        f"{'it' if n == 1 else 'them'}."
    )


def _symbols(numbers: Sequence[int]) -> str:
    from ase.data import chemical_symbols

    return " ".join(chemical_symbols[number] for number in dict.fromkeys(numbers))
