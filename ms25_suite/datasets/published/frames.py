"""Frames of foreign files, with their labels in one form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.columns.values import values_under
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.labelling.reading import UndecidedUnitError, read_labels
from ms25_suite.datasets.readers.labels import FoundLabels, labelled_structure

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["NOT_STATED", "LabelledFrame", "labelled_frames"]

NOT_STATED: Final = Units()
"""Units of which a person says nothing."""


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
    unread
        Keys that may hold a stress, where there is none.
    """

    atoms: Atoms
    index: int
    keys: tuple[str, ...]
    role: str | None
    units: str = ""
    unread: tuple[str, ...] = ()


def labelled_frames(
    images: Sequence[Atoms],
    keys: LabelKeys,
    where: str,
    leave_out: Callable[[str, int], None],
    undecided: Units = NOT_STATED,
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
    where
        Name of the file.
    leave_out
        Called with the reason and the number of frames that are left out.
    """
    # First all frames at once, which is the usual case and by far faster.
    keys = _only_candidates(images, keys)
    try:
        found = read_labels(images, _optional_stress(images, keys), where, partial=False)
        return _complete(images, found, range(len(images)), leave_out)
    except UndecidedUnitError as error:
        if undecided.stated and not keys.units.stated:
            stated = replace(keys, units=undecided)
            return labelled_frames(images, stated, where, leave_out)
        leave_out(str(error).removeprefix(f"{where}: "), len(images))
        return []
    except LabelError:
        pass
    # Some frames have no labels, or bad ones: find out which.
    single: list[LabelledFrame] = []
    reasons: Counter[str] = Counter()
    for index, atoms in enumerate(images):
        try:
            found = read_labels([atoms], _optional_stress([atoms], keys), where, partial=False)
        except LabelError as error:
            reasons[_without_index(str(error).removeprefix(f"{where}: "))] += 1
        else:
            single += _complete([atoms], found, [index], leave_out)
    # Labels under different names may come from different methods.
    families = Counter(frame.keys[:2] for frame in single if frame.keys[1])
    if families and (bare := [frame for frame in single if not frame.keys[1]]):
        leave_out("no forces", len(bare))
        single = [frame for frame in single if frame.keys[1]]
    if len(families) > 1:
        # Energies of two methods differ by large constants, which no potential can fit.
        usual = families.most_common(1)[0][0]
        others = sum(families.values()) - families[usual]
        leave_out(f"labels under other names than {' and '.join(usual)} of the others", others)
        single = [frame for frame in single if frame.keys[:2] == usual]
    for reason, number in reasons.items():
        leave_out(reason, number)
    return single


def _optional_stress(images: Sequence[Atoms], keys: LabelKeys) -> LabelKeys:
    """The keys without that of a stress which none of the frames has."""
    for name in ("stress", "virial"):
        key = getattr(keys, name)
        if key is not None and values_under(images, [key], "info") is None:
            keys = replace(keys, **{name: None})  # type: ignore[arg-type]
    return keys


def _without_index(message: str) -> str:
    return re.sub(r"frames? 0\b", "the frame", message)


def _only_candidates(images: Sequence[Atoms], keys: LabelKeys) -> LabelKeys:
    """Unambiguous keys: the only number called …energy… and the only array called …force….

    Only where the user named none and the usual names are missing.
    """
    if replace(keys, units=Units()) != LabelKeys() or not images:
        return keys
    first = images[0]
    results = getattr(first.calc, "results", None) or {}
    if any(name in {**first.info, **first.arrays, **results} for name in _USUAL):
        return keys
    energies = [
        str(key)
        for key, value in first.info.items()
        if re.search("energy|etot", str(key), re.IGNORECASE) and np.ndim(value) == 0
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
    return replace(keys, **found)


_OTHER_ENERGY: Final = re.compile(
    r"per_?atom|kin|form|atomi[sz]|bind|cohes|interact|ads|dispersion|d3|hartree|bohr|kcal|kj|ryd"
    r"|(?:\b|_)(?:ha|au|ry)(?:\b|_)",
    re.IGNORECASE,
)
"""Parts of names of energies that are not of the whole cell, or not in eV."""

_USUAL: Final = (REF_ENERGY, REF_FORCES, "energy", "forces")


def _complete(
    images: Sequence[Atoms],
    found: FoundLabels,
    indices: Sequence[int],
    leave_out: Callable[[str, int], None],
) -> list[LabelledFrame]:
    labels = found.labels
    could_be = ", ".join(f"`{key}`" for key in found.unread.get("forces", ()))
    if labels.energy is None:
        could_be = ", ".join(f"`{key}`" for key in found.unread.get("energy", ()))
        leave_out(f"no energy{f': could it be {could_be}?' if could_be else ''}", len(images))
        return []
    # Without an array that could be forces there are none; with one, a person has to say.
    if labels.forces is None and could_be:
        leave_out(
            f"no forces: could it be {could_be}? Name it, --keys energy={found.keys['energy']} "
            f"forces={found.unread['forces'][0]}, or say that there are none, forces=none",
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
        stated = image.info.get("split")
        role = None if stated is None else str(stated)
        unread = found.unread.get("stress", ())
        frames.append(LabelledFrame(atoms, indices[row], keys, role, found.units, unread))
    return frames
