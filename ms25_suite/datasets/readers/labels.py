"""Finding the reference labels in the frames of a file."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.core.fields import QUANTITIES, REF_ENERGY, REF_FORCES, REF_STRESS, Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import BoolArray, FloatArray, IntArray, Labels
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.columns import remarks
from ms25_suite.datasets.columns.families import DECISIVE, LabelColumns, find_columns
from ms25_suite.datasets.columns.frame_kinds import is_isolated_atom
from ms25_suite.datasets.columns.names import LabelName, parse_name
from ms25_suite.datasets.columns.unread import named_like_labels, unread_labels
from ms25_suite.datasets.columns.values import (
    check_shape,
    has_gap,
    refuse_absent,
    refuse_infinite,
    value_under,
    values_under,
)
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.readers.inputs import copy_inputs
from ms25_suite.datasets.readers.stress import read_stresses

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["FoundLabels", "find_labels", "labelled_structure"]

_NAMES: Final[tuple[LabelName, ...]] = ("energy", "forces", "stress", "virial")

Candidates = Mapping[LabelName, tuple[str, ...]]
"""Keys to try for each label, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundLabels:
    """Labels, and the keys that they had.

    Parameters
    ----------
    labels
        The labels of all frames.
    keys
        Quantity to key in the file.
    findings
        Remarks.
    isolated
        Whether each frame is an isolated atom, shape ``(n_frames,)``.
    unread
        Keys that seem to hold a quantity, for each quantity without labels that has such keys.
    units
        Units that the labels had and how they are known, for people; empty for those of the suite.
    decided
        The same for programs.
    """

    labels: Labels
    keys: dict[str, str]
    findings: tuple[Finding, ...]
    isolated: BoolArray
    unread: dict[Quantity, tuple[str, ...]] = field(default_factory=dict)
    units: str = ""
    decided: Units = field(default_factory=Units)

    def judged(self, where: str) -> IntArray:
        """Indices of the frames that are no isolated atoms, by which potentials are judged.

        Parameters
        ----------
        where
            Name of the source, for the message.

        Raises
        ------
        DatasetError
            All frames are isolated atoms.
        """
        kept = np.flatnonzero(~self.isolated)
        if len(kept) == 0:
            msg = (
                f"{where}: all {len(self.isolated)} frames are isolated atoms, which are "
                "references of the elements: there is no frame to judge by"
            )
            raise DatasetError(msg)
        return kept


def find_labels(
    images: Sequence[Atoms], keys: LabelKeys, where: str, *, partial: bool = True
) -> FoundLabels:
    """Labels of some frames.

    Looked for in this order: keys that the card names; names of a reference (``REF_energy``), of a
    method or program (``dft_energy``, ``forces_vasp``); plain names, as results of an attached
    calculator or as entries. All labels are of one such family. Case, plural and separators do not
    matter.

    Each quantity may be on some frames only, and NaN means that there is none. A frame that is not
    periodic in all three directions has no stress. Isolated atoms have no say in which keys are
    taken.

    Parameters
    ----------
    images
        Frames as ASE read them.
    keys
        Keys that the card names.
    where
        Name of the source, for messages.
    partial
        Whether energies, or forces, may be on some frames only, and frames may be isolated atoms.

    Raises
    ------
    LabelError
        There are no labels, they are of several methods, infinite, or of the wrong shape; or they
        are on some frames only where that is not allowed.
    """
    named: dict[LabelName, str] = {
        name: key
        for name in _NAMES
        if (key := getattr(keys, name)) is not None and name not in keys.waived
    }
    isolated = np.array([partial and is_isolated_atom(atoms) for atoms in images], dtype=np.bool_)
    # Isolated atoms are often labelled by other keys, and are not what is judged.
    judged = np.flatnonzero(~isolated) if not isolated.all() else np.arange(len(images))
    frames = [images[int(index)] for index in judged]
    columns = find_columns(frames)
    candidates = _candidates(columns, named, keys.waived, where)
    labels, findings = _read(images, candidates, named, where)
    found = Labels(**labels)
    offsets = np.cumsum([0, *(len(atoms) for atoms in images)])
    missing = {name: judged[~_has(found, name, offsets)[judged]] for name in QUANTITIES}
    present = [name for name in QUANTITIES if len(missing[name]) < len(judged)]
    if not set(DECISIVE) & set(present):
        msg = f"{where}: {remarks.no_labels(frames)}"
        raise LabelError(msg)
    used = {name: _taken(frames, candidates, name) for name in present}
    taken = [key for keys in used.values() for key in keys]
    absent = [name for name in QUANTITIES if name not in present and name not in keys.waived]
    unread = unread_labels(frames, absent, taken)
    for name in DECISIVE:
        if name in absent:
            findings.append(remarks.absent(frames, name, unread.get(name, ())))
        elif name in present and len(missing[name]):
            without = missing[name].tolist()
            labelled = np.setdiff1d(judged, missing[name]).tolist()
            other_name = remarks.elsewhere(images, name, used[name], without, labelled)
            if other_name and name not in named:
                msg = f"{where}: {other_name}"
                raise LabelError(msg)
            some = remarks.partial(images, name, used[name], without, len(judged))
            if not partial:
                msg = f"{where}: {some.message.split('. ')[0]}. Label or remove these frames"
                raise LabelError(msg)
            findings.append(some)
    said = {key for keys in unread.values() for key in keys}
    beside = {*columns.beside(taken), *named_like_labels(frames, taken)} - said
    others = (
        remarks.stress_elsewhere(unread.get("stress", ())),
        remarks.not_taken(sorted(beside)),
    )
    findings += [finding for finding in others if finding is not None]
    shown = {str(name): "` and `".join(found_in) for name, found_in in used.items()}
    return FoundLabels(found, shown, tuple(findings), isolated, unread)


def _has(labels: Labels, quantity: Quantity, offsets: IntArray) -> BoolArray:
    has = labels.has(quantity, offsets)
    return np.zeros(len(offsets) - 1, dtype=np.bool_) if has is None else has


def labelled_structure(
    image: Atoms, labels: Labels, frame: int, first_atom: int, inputs: Iterable[str] = ()
) -> Atoms:
    """The structure of a frame and its inputs, with its labels under their ``REF_`` names.

    Parameters
    ----------
    image
        The frame as it was read.
    labels
        Labels of all frames.
    frame, first_atom
        Rows of the labels: index of the frame, and of its first atom.
    inputs
        Keys of inputs besides the known ones.
    """
    from ase import Atoms

    atoms = Atoms(numbers=image.numbers, positions=image.positions, cell=image.cell, pbc=image.pbc)
    copy_inputs(image, atoms, inputs)
    if labels.energy is not None and np.isfinite(labels.energy[frame]):
        atoms.info[REF_ENERGY] = float(labels.energy[frame])
    if labels.forces is not None:
        # A copy: the labels may be memory-mapped and read-only.
        forces = labels.forces[first_atom : first_atom + len(atoms)].copy()
        if np.isfinite(forces).all():
            atoms.arrays[REF_FORCES] = forces
    if labels.stress is not None and np.isfinite(labels.stress[frame]).all():
        atoms.info[REF_STRESS] = labels.stress[frame].copy()
    return atoms


def _read(
    images: Sequence[Atoms], candidates: Candidates, named: Mapping[LabelName, str], where: str
) -> tuple[dict[Quantity, FloatArray], list[Finding]]:
    """Labels of each quantity that there is, and findings about the stress."""
    energies = values_under(images, candidates["energy"], "info")
    forces = values_under(images, candidates["forces"], "arrays")
    if "energy" in named and energies is None:
        refuse_absent(images, "energy", named["energy"], where)
    if "forces" in named and forces is None:
        refuse_absent(images, "forces", named["forces"], where)
    if energies is None and forces is None:
        msg = f"{where}: {remarks.no_labels(images)}"
        raise LabelError(msg)
    labels: dict[Quantity, FloatArray] = {}
    if energies is not None:
        labels["energy"] = _energies(energies, where)
    if forces is not None:
        labels["forces"] = _forces(forces, [len(atoms) for atoms in images], where)
    stress, findings = read_stresses(images, candidates, named, where)
    if stress is not None:
        labels["stress"] = stress
    return labels, findings


def _candidates(
    columns: LabelColumns,
    named: Mapping[LabelName, str],
    waived: Container[str],
    where: str,
) -> Candidates:
    """Keys to try for each label: those of the card, and those of one family for all others."""
    open_ = [name for name in DECISIVE if name not in named and name not in waived]
    # A named key of a known family decides about what is not named, if that family has it.
    stated = [parsed.family for key in named.values() if (parsed := parse_name(key)) is not None]
    have = columns.families(open_)
    family = next((family for family in stated if family in have), None)
    if family is None:
        family = columns.best_family(open_, where)
    if family is None:
        # The card names energies and forces; a stress has to be named too, or be of their family.
        family = stated[0] if stated and len(set(stated)) == 1 else "ref"
    found: dict[LabelName, tuple[str, ...]] = {name: columns.keys(name, family) for name in _NAMES}
    # A named key replaces both, so that a stress and a virial of different origin cannot mix.
    if "stress" in named or "virial" in named:
        found |= {"stress": (), "virial": ()}
    found |= {name: () for name in _NAMES if name in waived}
    if "stress" in waived:
        found["virial"] = ()
    return found | {name: (key,) for name, key in named.items()}


def _energies(values: Sequence[Any], where: str) -> FloatArray:
    """Energies in eV, shape ``(n_frames,)``, NaN where there is none."""
    rows = np.full(len(values), np.nan)
    for index, value in enumerate(values):
        if value is not None:
            check_shape(value, ((), (1,)), "energy", index, where)
            # Some writers store an array of one number.
            rows[index] = np.reshape(value, ())
    refuse_infinite(rows, np.arange(len(values)), "energy", where)
    return rows


def _forces(values: Sequence[Any], sizes: Sequence[int], where: str) -> FloatArray:
    """Forces in eV/Å, shape ``(n_atoms_total, 3)``, NaN in frames without."""
    parts = []
    for index, (value, n_atoms) in enumerate(zip(values, sizes, strict=True)):
        if value is None:
            parts.append(np.full((n_atoms, 3), np.nan))
            continue
        check_shape(value, ((n_atoms, 3),), "forces", index, where)
        parts.append(np.asarray(value, dtype=np.float64))
    rows = np.concatenate(parts)
    refuse_infinite(rows, np.repeat(np.arange(len(sizes)), sizes), "forces", where)
    return rows


def _taken(images: Sequence[Atoms], candidates: Candidates, quantity: Quantity) -> tuple[str, ...]:
    """Keys that the labels of a quantity come from, the first in the file first."""
    place = "arrays" if quantity == "forces" else "info"
    names: tuple[LabelName, ...] = ("stress", "virial") if quantity == "stress" else (quantity,)
    keys = [key for name in names for key in candidates.get(name, ())]
    found: dict[str, None] = {}
    for atoms in images:
        if len(found) == len(keys):
            break
        key = next((key for key in keys if not has_gap(value_under(atoms, key, place))), None)
        if key is not None:
            found[key] = None
    return tuple(found)
