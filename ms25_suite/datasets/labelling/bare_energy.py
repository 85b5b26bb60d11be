"""Energies under the bare key ``E``, whose unit the key does not say.

CP2K writes ``i = 0, time = 0.000, E = -17.2`` over each frame of a trajectory, in hartree (module
``motion_utils`` of its source: ``E`` is the potential energy in internal units). ASE's readers put
the three into ``Atoms.info``, from where they get into trajectories, databases and extended XYZ.
Others write ``E`` for eV. Both look alike: -17.2 hartree for a molecule of water read as eV is -5.7
eV an atom, close to what VASP gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.core.frames import FloatArray
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.columns.families import LabelColumns, find_columns
from ms25_suite.datasets.columns.frame_kinds import is_isolated_atom
from ms25_suite.datasets.columns.names import LabelName, words_of
from ms25_suite.datasets.columns.unread import says, unread_labels

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "BARE_ENERGY",
    "bare_energies",
    "has_bare_energy",
    "has_header",
    "is_of_cp2k",
    "named_labels",
    "where_forces_are",
]

BARE_ENERGY: Final = "E"

_COUNTERS: Final = frozenset({"i", "time"})
_HEADER: Final = _COUNTERS | {BARE_ENERGY}
"""Keys in the header of each frame of a trajectory of CP2K."""

_PROGRAM: Final = "cp2k"
_TENSORS: Final[tuple[LabelName, ...]] = ("stress", "virial")
_OWN_FAMILIES: Final = ("", _PROGRAM)
"""Families of names whose forces may belong to a bare ``E``: plain ones, and those of CP2K."""


def has_bare_energy(images: Sequence[Atoms]) -> bool:
    """Whether a frame has a number under the key ``E``."""
    return any(_is_number(atoms.info.get(BARE_ENERGY)) for atoms in images)


def bare_energies(images: Sequence[Atoms]) -> FloatArray:
    """Numbers under the key ``E``, shape ``(n_frames,)``, NaN where there is none."""
    values = [atoms.info.get(BARE_ENERGY) for atoms in images]
    return np.array(
        [float(np.reshape(v, ())) if _is_number(v) else np.nan for v in values], dtype=np.float64
    )


def _is_number(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind in "fiu" and array.shape in ((), (1,))


def named_labels(images: Sequence[Atoms], keys: LabelKeys, where: str) -> LabelKeys:
    """The keys, with ``E`` and the forces of CP2K where no usual name is there.

    Parameters
    ----------
    images
        Frames as ASE read them.
    keys
        Keys that a person names.
    where
        Name of the source, for messages.

    Raises
    ------
    LabelError
        Several arrays could be the forces of CP2K.
    """
    if keys.energy not in (None, BARE_ENERGY) or not has_bare_energy(images):
        return keys
    columns = find_columns(images)
    families = columns.families(("energy", "forces"))
    if keys.energy is None:
        usual = any("energy" in names for names in families.values())
        # Labels of another family are of another method than `E` may be.
        if usual or not set(families) <= set(_OWN_FAMILIES):
            return keys
        keys = replace(keys, energy=BARE_ENERGY)
    keys = replace(keys, **_tensor(columns, keys))
    if keys.forces is not None or any("forces" in names for names in families.values()):
        return keys
    if not is_of_cp2k(images):
        return keys
    # CP2K's own files have no forces beside the energy; who puts them there names them at will.
    arrays = [
        key
        for key in unread_labels(images, ["forces"], ()).get("forces", ())
        if says("forces", key) and not _is_gradient(key)
    ]
    if len(arrays) > 1:
        msg = (
            f"{where}: several arrays could be the forces of CP2K: "
            f"{', '.join(f'`{key}`' for key in arrays)}. Name them in a card: [labels] "
            f'energy = "{BARE_ENERGY}", forces = "{arrays[0]}"'
        )
        raise LabelError(msg)
    return replace(keys, forces=arrays[0]) if arrays else keys


def _tensor(columns: LabelColumns, keys: LabelKeys) -> dict[str, Any]:
    """Name and key of the only stress that can belong to ``E``.

    Where no forces have a usual name, nothing else says of which family the stress is.
    """
    if keys.stress is not None or keys.virial is not None:
        return {}
    found: dict[str, Any] = {
        name: key
        for name in _TENSORS
        for family in _OWN_FAMILIES
        for key in columns.keys(name, family)
    }
    return found if len(found) == 1 else {}


def _is_gradient(key: str) -> bool:
    return any(word.startswith("grad") for word in words_of(key))


def is_of_cp2k(images: Sequence[Atoms], counts: Sequence[int] = ()) -> bool:
    """Whether all frames with a bare ``E`` are of CP2K.

    They are if ``i`` and ``time`` stand beside it, or if anything in their file names CP2K: the key
    of a label (``cp2k_forces``), or a text (``program=CP2K``).

    Parameters
    ----------
    images
        Frames as ASE read them.
    counts
        Number of frames of each file, in order; empty for one file.
    """
    ends = np.cumsum(counts or [len(images)])
    groups = np.split(np.arange(len(images)), ends[:-1])
    return has_bare_energy(images) and all(
        _all_of_cp2k([images[index] for index in group.tolist()]) for group in groups
    )


def has_header(images: Sequence[Atoms]) -> bool:
    """Whether ``i`` and ``time`` of CP2K stand in all frames, isolated atoms aside."""
    headed = [atoms for atoms in images if not is_isolated_atom(atoms)]
    return bool(headed) and all(atoms.info.keys() >= _COUNTERS for atoms in headed)


def _all_of_cp2k(images: Sequence[Atoms]) -> bool:
    bare = [atoms for atoms in images if _is_number(atoms.info.get(BARE_ENERGY))]
    # Isolated atoms may have been added to a trajectory by hand.
    headed = [atoms for atoms in bare if not is_isolated_atom(atoms)] or bare
    if all(atoms.info.keys() >= _HEADER for atoms in headed):
        return True
    return any(_names_cp2k(atoms) for atoms in images)


def where_forces_are(images: Sequence[Atoms], source: Path) -> str:
    """What to know of a trajectory of CP2K, which has no forces; empty for other files."""
    forces = source.name.replace("-pos", "-frc")
    if forces == source.name or not images or not images[0].info.keys() >= _HEADER:
        return ""
    return (
        f"{source.name} is a trajectory of CP2K: E is in hartree, and there is no cell. Its forces "
        f"are in {forces} (&MOTION &PRINT &FORCES), in hartree/bohr. Write positions, cell and "
        f"forces into one extended XYZ file"
    )


def _names_cp2k(atoms: Atoms) -> bool:
    texts = [value for value in atoms.info.values() if isinstance(value, str)]
    keys = [*map(str, atoms.info), *atoms.arrays]
    return any(_PROGRAM in text.lower() for text in texts) or any(
        _PROGRAM in words_of(key) for key in keys
    )
