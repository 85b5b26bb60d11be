"""Frames of foreign files, with their labels in one form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS, Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.columns.values import values_under
from ms25_suite.datasets.formats.stated_units import in_suite_units
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.readers.labels import FoundLabels, find_labels, labelled_structure

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
        Quantity to key, of the labels that it has.
    role
        Role that the frame itself states in its info key ``split``.
    unread
        Keys that may hold a stress, where there is none.
    units
        What was converted, in words; empty if nothing was.
    """

    atoms: Atoms
    index: int
    keys: Mapping[str, str]
    role: str | None
    unread: tuple[str, ...] = ()
    units: str = ""


def labelled_frames(
    images: Sequence[Atoms], keys: LabelKeys, where: str, leave_out: Callable[[str, int], None]
) -> list[LabelledFrame]:
    """Frames that have an energy; and forces, unless none of them has any.

    Parameters
    ----------
    images
        Frames of one file.
    keys
        Keys of the labels, as far as the user named them.
    where
        Name of the file.
    leave_out
        Called with the reason and the number of frames that are left out.

    Raises
    ------
    DatasetError
        The labels are in units that are not known, or may be in two.
    """
    # First all frames at once, which is the usual case and by far faster.
    keys = _only_candidates(images, keys)
    try:
        return _labelled(images, keys, Units(), where, range(len(images)), leave_out)
    except LabelError:
        pass
    # Some frames have no labels, or bad ones: find out which.
    single: list[LabelledFrame] = []
    reasons: Counter[str] = Counter()
    for index, atoms in enumerate(images):
        try:
            single += _labelled([atoms], keys, Units(), where, [index], leave_out)
        except LabelError as error:
            reasons[_without_index(str(error).removeprefix(f"{where}: "))] += 1
    complete = [frame for frame in single if "forces" in frame.keys]
    if complete and len(complete) < len(single):
        # Where the others have forces, these were lost.
        leave_out("no forces", len(single) - len(complete))
        single = complete
    # Labels under different names may come from different methods.
    families = Counter(_pair(frame) for frame in single)
    if len(families) > 1:
        # Energies of two methods differ by large constants, which no potential can fit.
        usual = families.most_common(1)[0][0]
        others = sum(families.values()) - families[usual]
        leave_out(f"labels under other names than {' and '.join(usual)} of the others", others)
        single = [frame for frame in single if _pair(frame) == usual]
    for reason, number in reasons.items():
        leave_out(reason, number)
    return single


def _pair(frame: LabelledFrame) -> tuple[str, ...]:
    return tuple(frame.keys[name] for name in ("energy", "forces") if name in frame.keys)


def _labelled(
    images: Sequence[Atoms],
    keys: LabelKeys,
    units: Units,
    where: str,
    indices: Sequence[int],
    leave_out: Callable[[str, int], None],
) -> list[LabelledFrame]:
    """Frames with their labels in eV and Å; none where energies are missing, or forces unread."""
    found = find_labels(images, _optional_stress(images, keys), where, partial=False)
    labels, converted = in_suite_units(images, found.labels, found.keys, units, where)
    missing: Quantity | None = "energy" if labels.energy is None else None
    if labels.forces is None and found.unread.get("forces"):
        # Without a word of the user, energies alone would be less than what the files hold.
        missing = "forces"
    if missing is not None:
        could_be = ", ".join(f"`{key}`" for key in found.unread.get(missing, ()))
        hint = (
            f": could it be {could_be}? If so, say --keys {missing}=…"
            + (", and if there are none --keys forces=none" if missing == "forces" else "")
            if could_be
            else ""
        )
        leave_out(f"no {missing}{hint}", len(images))
        return []
    return _complete(images, replace(found, labels=labels), indices, converted)


def _optional_stress(images: Sequence[Atoms], keys: LabelKeys) -> LabelKeys:
    """The keys without that of a stress which none of the frames has."""
    for name in ("stress", "virial"):
        key = getattr(keys, name)
        if key is not None and values_under(images, [key], "info") is None:
            keys = replace(keys, **{name: None})
    return keys


def _without_index(message: str) -> str:
    return re.sub(r"frames? 0\b", "the frame", message)


def _only_candidates(images: Sequence[Atoms], keys: LabelKeys) -> LabelKeys:
    """Unambiguous keys: the only number called …energy… and the only array called …force….

    Only where the user named none and the usual names are missing.
    """
    if keys != LabelKeys() or not images:
        return keys
    first = images[0]
    results = getattr(first.calc, "results", None) or {}
    if any(name in {**first.info, **first.arrays, **results} for name in _USUAL):
        return keys
    energies = [
        str(key)
        for key, value in first.info.items()
        if re.search("energy|^e$|etot", str(key), re.IGNORECASE) and np.ndim(value) == 0
        if not _OTHER_ENERGY.search(str(key))
        # Integers are counters or step numbers.
        if isinstance(value, float | np.floating)
    ]
    forces = [
        key
        for key, value in first.arrays.items()
        if re.search("force|^f$", key, re.IGNORECASE) and np.shape(value) == (len(first), 3)
        if not _OTHER_ENERGY.search(key)
    ]
    # With several candidates any choice would be a guess.
    if len(energies) != 1 or len(forces) != 1:
        return keys
    # Not every frame needs to have a stress.
    others = sorted({str(key) for atoms in images for key in atoms.info})
    stresses = [key for key in others if "stress" in key.lower()]
    virials = [key for key in others if "virial" in key.lower()]
    found = {"energy": energies[0], "forces": forces[0]}
    if len(stresses) == 1:
        found["stress"] = stresses[0]
    elif not stresses and len(virials) == 1:
        found["virial"] = virials[0]
    return LabelKeys(**found)


_OTHER_ENERGY: Final = re.compile(
    r"per_?atom|kin|form|atomi[sz]|bind|cohes|interact|ads|dispersion|d3|hartree|bohr|kcal|kj|ryd"
    r"|(?:\b|_)(?:ha|au|ry)(?:\b|_)",
    re.IGNORECASE,
)
"""Parts of names of energies that are not of the whole cell, or not in eV."""

_USUAL: Final = (REF_ENERGY, REF_FORCES, "energy", "forces")


def _complete(
    images: Sequence[Atoms], found: FoundLabels, indices: Sequence[int], converted: Finding | None
) -> list[LabelledFrame]:
    frames = []
    start = 0
    units = "" if converted is None else converted.message
    for row, image in enumerate(images):
        atoms = labelled_structure(image, found.labels, row, start)
        start += len(atoms)
        there = {"energy": True, "forces": REF_FORCES in atoms.arrays}
        there["stress"] = REF_STRESS in atoms.info
        keys = {name: found.keys[name] for name, has in there.items() if has}
        stated = image.info.get("split")
        role = None if stated is None else str(stated)
        unread = found.unread.get("stress", ())
        frames.append(LabelledFrame(atoms, indices[row], keys, role, unread, units))
    return frames
