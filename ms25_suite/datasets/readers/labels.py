"""Finding the reference labels in the frames of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.core.frames import Labels
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.readers.label_values import (
    LabelName,
    check_shape,
    keys_present,
    refuse_absent,
    refuse_not_finite,
    values_under,
)
from ms25_suite.datasets.readers.stress import read_stresses

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["FoundLabels", "find_labels", "labelled_structure"]

_FAMILIES: Final[tuple[dict[LabelName, tuple[str, ...]], ...]] = (
    {
        "energy": (REF_ENERGY,),
        "forces": (REF_FORCES,),
        "stress": (REF_STRESS,),
        "virial": ("REF_virial", "REF_virials"),
    },
    {
        "energy": ("energy",),
        "forces": ("forces",),
        "stress": ("stress",),
        "virial": ("virial", "virials"),
    },
)
"""Names to try. Energies of one method must never be combined with forces of another, so only
names of the first family that is found are used."""


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
    """

    labels: Labels
    keys: dict[str, str]
    findings: tuple[Finding, ...]


def find_labels(images: Sequence[Atoms], keys: LabelKeys, where: str) -> FoundLabels:
    """Labels of some frames.

    Looked for in this order: keys that the card names; ``REF_energy``, ``REF_forces`` and
    ``REF_stress`` (or ``REF_virial``, ``REF_virials``); the same without prefix, as results of
    an attached calculator or as plain entries. Energies, and forces, are on all frames or on
    none; stress may be missing on some, and a frame that is not periodic in all three
    directions has none.

    Parameters
    ----------
    images
        Frames as ASE read them.
    keys
        Keys that the card names.
    where
        Name of the source, for messages.

    Raises
    ------
    LabelError
        There are no labels, they are on some frames only, not finite, or of the wrong shape.
    """
    named: dict[LabelName, str] = {
        name: key
        for name in _FAMILIES[0]
        if (key := getattr(keys, name)) is not None and name not in keys.waived
    }
    # One family for all labels: `REF_energy` of DFT beside `forces` of an attached model would be
    # labels of two methods.
    family = _first_family(images, named)
    candidates: dict[LabelName, tuple[str, ...]] = dict(family)
    # A named key replaces both, so that a stress and a virial of different origin cannot mix.
    if "stress" in named or "virial" in named:
        candidates |= {"stress": (), "virial": ()}
    candidates |= {name: (key,) for name, key in named.items()}
    candidates |= {name: () for name in _FAMILIES[0] if name in keys.waived}
    if "stress" in keys.waived:
        candidates["virial"] = ()
    energies = values_under(images, candidates["energy"], "info")
    forces = values_under(images, candidates["forces"], "arrays")
    if "energy" in named and energies is None:
        refuse_absent(images, "energy", named["energy"], where)
    if "forces" in named and forces is None:
        refuse_absent(images, "forces", named["forces"], where)
    if energies is None and forces is None:
        found = ", ".join(keys_present(images)) or "nothing beside the structure"
        msg = (
            f"{where}: no labels. Expected {REF_ENERGY} and {REF_FORCES} (or an attached "
            f"calculator, or plain energy and forces), found: {found}. Name the keys in a card: "
            f'[labels] energy = "…", forces = "…"'
        )
        raise LabelError(msg)
    used: dict[str, str] = {}
    findings: list[Finding] = []
    energy_rows = force_rows = None
    if energies is not None:
        used["energy"] = candidates["energy"][0]
        _refuse_partial(energies, used["energy"], where)
        for index, value in enumerate(energies):
            check_shape(value, ((), (1,)), "energy", index, where)
        # Some writers store an array of one number.
        energy_rows = np.array([np.reshape(value, ()) for value in energies], dtype=np.float64)
        refuse_not_finite(energy_rows, np.arange(len(images)), "energy", where)
    elif "energy" not in keys.waived:
        findings.append(_absent("energies", "energy"))
    if forces is not None:
        used["forces"] = candidates["forces"][0]
        _refuse_partial(forces, used["forces"], where)
        for index, (atoms, value) in enumerate(zip(images, forces, strict=True)):
            check_shape(value, ((len(atoms), 3),), "forces", index, where)
        force_rows = np.concatenate([np.asarray(value, dtype=np.float64) for value in forces])
        frame_of_atom = np.repeat(np.arange(len(images)), [len(atoms) for atoms in images])
        refuse_not_finite(force_rows, frame_of_atom, "forces", where)
    elif "forces" not in keys.waived:
        findings.append(_absent("forces", "forces"))
    stress_rows, stress_key, remarks = read_stresses(images, candidates, named, where)
    findings += remarks
    if stress_key is not None:
        used["stress"] = stress_key
    elif (
        "stress" not in keys.waived and (elsewhere := _stress_elsewhere(images, family)) is not None
    ):
        findings.append(elsewhere)
    labels = Labels(energy=energy_rows, forces=force_rows, stress=stress_rows)
    return FoundLabels(labels, used, tuple(findings))


def labelled_structure(image: Atoms, labels: Labels, frame: int, first_atom: int) -> Atoms:
    """The bare structure of a frame with its labels under their ``REF_`` names.

    Parameters
    ----------
    image
        The frame as it was read.
    labels
        Labels of all frames.
    frame, first_atom
        Rows of the labels: index of the frame, and of its first atom.
    """
    from ase import Atoms

    atoms = Atoms(numbers=image.numbers, positions=image.positions, cell=image.cell, pbc=image.pbc)
    if labels.energy is not None:
        atoms.info[REF_ENERGY] = float(labels.energy[frame])
    if labels.forces is not None:
        # A copy: the labels may be memory-mapped and read-only.
        atoms.arrays[REF_FORCES] = labels.forces[first_atom : first_atom + len(atoms)].copy()
    if labels.stress is not None and np.isfinite(labels.stress[frame]).all():
        atoms.info[REF_STRESS] = labels.stress[frame].copy()
    return atoms


def _first_family(
    images: Sequence[Atoms], named: Mapping[LabelName, str]
) -> dict[LabelName, tuple[str, ...]]:
    places: tuple[tuple[LabelName, str], ...] = (("energy", "info"), ("forces", "arrays"))
    for family in _FAMILIES:
        for name, place in places:
            # Energies or forces decide: a stress alone does not make a family.
            if name not in named and values_under(images, family[name], place) is not None:
                return family
    # The card names energies and forces; the stress has to be named too, or be REF_stress.
    return _FAMILIES[0]


def _refuse_partial(values: list[Any], key: str, where: str) -> None:
    missing = [index for index, value in enumerate(values) if value is None]
    if missing:
        msg = (
            f"{where}: `{key}` is on {len(values) - len(missing)} of {len(values)} frames only, "
            f"missing on {frame_list(missing)}. Label or remove these frames"
        )
        raise LabelError(msg)


def _absent(what: str, name: str) -> Finding:
    return Finding(
        f"no-{name}",
        f"No frame has {what}, so nothing that needs them can be checked. If the file has them "
        f'under another name, state it in the card: [labels] {name} = "…".',
    )


def _stress_elsewhere(images: Sequence[Atoms], family: Mapping[LabelName, Any]) -> Finding | None:
    """A stress under names of another family than the energies."""
    for other in _FAMILIES:
        if other is family:
            continue
        for name in ("stress", "virial"):
            if values_under(images, other[name], "info") is not None:
                return Finding(
                    "stress-not-used",
                    f"There is a `{other[name][0]}`, but energies and forces have other names, "
                    f"so it may be of another method and was left out. To use it, state it in the "
                    f'card: [labels] {name} = "{other[name][0]}".',
                    "note",
                )
    return None
