"""Which keys of the frames of an archive are their labels, and which frames have them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, Quantity
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.columns.values import values_under
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.labelling.bare_energy import named_labels
from ms25_suite.datasets.readers.labels import FoundLabels, find_labels

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["lacking", "optional_stress", "usable_frames", "with_candidates"]


def usable_frames(
    images: Sequence[Atoms], keys: LabelKeys, where: str, leave_out: Callable[[str, int], None]
) -> list[int]:
    """Frames of the most frequent names of labels, where some have none, or bad ones."""
    kinds: dict[int, tuple[str, str]] = {}
    reasons: Counter[str] = Counter()
    for index, atoms in enumerate(images):
        try:
            known = named_labels([atoms], optional_stress([atoms], keys), where)
            found = find_labels([atoms], known, where, partial=False)
        except LabelError as error:
            reasons[_without_index(str(error).removeprefix(f"{where}: "))] += 1
            continue
        if found.labels.energy is None:
            reasons[lacking(found, "energy")] += 1
        else:
            kinds[index] = (found.keys["energy"], found.keys.get("forces", ""))
    # Labels under different names may come from different methods, whose energies differ by large
    # constants, which no potential can fit. Those with forces come first.
    families = Counter(kinds.values())
    usual = max(families, key=lambda kind: (bool(kind[1]), families[kind]), default=("", ""))
    for kind, number in families.items():
        if kind == usual:
            continue
        if kind[1]:
            leave_out(f"labels under other names than {' and '.join(usual)} of the others", number)
        else:
            leave_out("no forces", number)
    for reason, number in reasons.items():
        leave_out(reason, number)
    return [index for index, kind in kinds.items() if kind == usual]


def lacking(found: FoundLabels, name: Quantity) -> str:
    """Reason that there is no such label, with the columns that could be it."""
    could_be = ", ".join(f"`{key}`" for key in found.unread.get(name, ()))
    return f"no {name}{f': could it be {could_be}?' if could_be else ''}"


def optional_stress(images: Sequence[Atoms], keys: LabelKeys) -> LabelKeys:
    """The keys without that of a stress which none of the frames has."""
    for name in ("stress", "virial"):
        key = getattr(keys, name)
        if key is not None and values_under(images, [key], "info") is None:
            keys = replace(keys, **{name: None})  # type: ignore[arg-type]
    return keys


def _without_index(message: str) -> str:
    return re.sub(r"frames? 0\b", "the frame", message)


def with_candidates(images: Sequence[Atoms], keys: LabelKeys) -> LabelKeys:
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
