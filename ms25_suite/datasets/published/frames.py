"""Frames of foreign files, with their labels in one form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.core.fields import REF_STRESS
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.bonds import bond_finding
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.stated_units import unit_names
from ms25_suite.datasets.formats.units import Quantity, Units
from ms25_suite.datasets.labelling.open_units import UndecidedUnitError
from ms25_suite.datasets.labelling.reading import DOUBTS, NOT_STATED, read_labels
from ms25_suite.datasets.published.keys import (
    lacking,
    optional_stress,
    usable_frames,
    with_candidates,
)
from ms25_suite.datasets.readers.labels import FoundLabels, labelled_structure

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["LabelledFrame", "labelled_frames"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrame:
    """A structure with ``REF_`` labels.

    Parameters
    ----------
    atoms
        Structure and labels.
    index
        Number of the frame in its file.
    keys
        Keys of energy and forces, the latter empty without forces; and of the stress if it has one.
    role
        Role that the frame itself states in its info key ``split``.
    units
        Units that the labels had and how they are known; empty for those of the suite.
    decided
        The same for programs.
    unread
        Keys that may hold a stress, where there is none.
    stated
        Quantities whose unit is the one that a person states.
    doubts
        What was found of the units and puts them in doubt.
    """

    atoms: Atoms
    index: int
    keys: tuple[str, ...]
    role: str | None
    units: str = ""
    decided: Units = NOT_STATED
    unread: tuple[str, ...] = ()
    stated: frozenset[Quantity] = frozenset()
    doubts: tuple[Finding, ...] = ()


def labelled_frames(
    images: Sequence[Atoms],
    keys: LabelKeys,
    where: str,
    leave_out: Callable[[str, int], None],
    undecided: Units = NOT_STATED,
    prior: Units = NOT_STATED,
    *,
    of_cp2k: bool = False,
) -> list[LabelledFrame]:
    """Frames that have both energy and forces, or energies where no frame has forces.

    Parameters
    ----------
    images
        Frames of one file.
    keys
        Keys and units of the labels, as far as the user named them.
    undecided
        Units for labels whose unit the file leaves open.
    prior
        Units that were found so for earlier frames of the file.
    where
        Name of the file.
    leave_out
        Called with the reason and the number of frames that are left out.
    of_cp2k
        Whether the paper computed these frames with CP2K: labels of usual names may then be in
        atomic units, and forces whose size says so are refused.
    """
    keys = with_candidates(images, keys)

    def read(indices: Sequence[int]) -> list[LabelledFrame]:
        chosen = [images[index] for index in indices]
        known = optional_stress(chosen, keys)
        stated = known.units
        try:
            found = read_labels(chosen, known, where, partial=False, prior=prior)
            if of_cp2k and not known.units.stated:
                _refuse_wrong_size(chosen, found, where)
        except UndecidedUnitError as error:
            if not undecided.stated or known.units.stated:
                leave_out(str(error).removeprefix(f"{where}: "), len(chosen))
                return []
            stated = undecided
            found = read_labels(chosen, replace(known, units=undecided), where, partial=False)
        if found.unread.get("stress") and undecided.stress and found.decided.stated:
            # The program or the numbers say all but the unit of the stress.
            units = replace(found.decided, stress=undecided.stress)
            stated = Units(stress=undecided.stress)
            how = found.units.partition(". The stress was left out")[0]
            found = read_labels(chosen, replace(known, units=units), where, partial=False)
            found = replace(found, units=f"{how}; {stated}, stated by the user")
        return _complete(chosen, found, indices, leave_out, stated)

    # First all frames at once, which is the usual case and by far faster.
    try:
        return read(range(len(images)))
    except LabelError:
        usable = usable_frames(images, keys, where, leave_out)
    return read(usable) if usable else []


def _refuse_wrong_size(images: Sequence[Atoms], found: FoundLabels, where: str) -> None:
    """Refuse forces that are too small or large for eV/Å, or that have the wrong sign."""
    if found.labels.forces is None:
        return
    doubt = bond_finding(Frames.from_atoms(images), np.asarray(found.labels.forces))
    if doubt is not None:
        msg = f"{where}: the labels are not those of the paper in eV and eV/Å. {doubt.message}"
        raise UndecidedUnitError(msg)


def _complete(
    images: Sequence[Atoms],
    found: FoundLabels,
    indices: Sequence[int],
    leave_out: Callable[[str, int], None],
    stated: Units,
) -> list[LabelledFrame]:
    labels = found.labels
    doubts = tuple(finding for finding in found.findings if finding.code in DOUBTS)
    names = unit_names(labels, found.keys).values()
    applied = frozenset(name for name in stated.completed().stated if name in names)
    if labels.energy is None:
        named = found.unread.get("energy", ())
        hint = f" Name it, --keys energy={named[0]}" if named else ""
        leave_out(f"{lacking(found, 'energy')}{hint}", len(images))
        return []
    # Without an array that could be forces there are none; with one, a person has to say.
    could_be = found.unread.get("forces", ())
    if labels.forces is None and could_be:
        leave_out(
            f"{lacking(found, 'forces')} Name it, --keys energy={found.keys['energy']} "
            f"forces={could_be[0]}, or say that there are none, forces=none (of one system: "
            f"--keys SYSTEM:forces=…)",
            len(images),
        )
        return []
    frames = []
    start = 0
    for row, image in enumerate(images):
        atoms = labelled_structure(image, labels, row, start)
        start += len(atoms)
        keys: tuple[str, ...] = (found.keys["energy"], found.keys.get("forces", ""))
        if REF_STRESS in atoms.info:
            keys += (found.keys["stress"],)
        role = image.info.get("split")
        frames.append(
            LabelledFrame(
                atoms,
                indices[row],
                keys,
                None if role is None else str(role),
                found.units,
                found.decided,
                found.unread.get("stress", ()),
                applied,
                doubts,
            )
        )
    return frames
