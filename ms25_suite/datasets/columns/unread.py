"""Columns that could hold a label that was not found.

A label under a name that says nothing (``E``, ``f``, ``gradient``, ``MACE_energy``) is never taken
without a word of the user. But it must not vanish either: a potential that was not judged on the
forces of a file has not passed.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.fields import QUANTITIES, Quantity
from ms25_suite.datasets.columns.names import parse_name, words_of
from ms25_suite.datasets.columns.values import entries, has_gap

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["named_like_labels", "says", "unread_labels"]

_WORDS: Final[dict[Quantity, frozenset[str]]] = {
    "energy": frozenset(
        {
            "energy",
            "energies",
            "e",
            "etot",
            "toten",
            "en",
            "ene",
            "ener",
            "enrg",
            "eng",
            "poteng",
            "u",
        }
    ),
    "forces": frozenset({"force", "forces", "f", "frc", "gradient", "gradients", "grad", "grads"}),
    "stress": frozenset({"stress", "stresses", "virial", "virials", "pressure"}),
}

_SPELLED_OUT: Final = frozenset(
    {"energy", "energies", "force", "forces", "stress", "stresses", "virial", "virials"}
)

_SOMETHING_ELSE: Final = frozenset(
    {
        *("weight", "weights", "sigma", "std", "stdev", "var", "variance", "uncertainty"),
        *("error", "errors", "err", "mae", "rmse", "rms", "max", "min", "mean", "norm", "mask"),
        *("unit", "units", "key", "name", "kinetic", "ekin", "kin", "field", "constant"),
        *("converged", "convergence", "tolerance", "cutoff", "fermi", "gap", "homo", "lumo"),
        *("above", "hull", "zpe"),
    }
)
"""Words that turn a name of a label into that of something else."""

_OTHER_VECTORS: Final = frozenset(
    {
        *("momenta", "momentum", "velocity", "velocities", "vel", "velo", "v"),
        *("pos", "position", "positions", "coord", "coords", "coordinates", "xyz", "image"),
        *("displacement", "displacements", "disp", "shift", "shifts", "unwrapped", "scaled"),
        *("dipole", "dipoles", "dip", "mu", "polarization", "polarizability", "quadrupole"),
        *("magmom", "magmoms", "mag", "magnetic", "magnetization", "moment", "moments", "spin"),
        *("spins", "charge", "charges", "born", "field", "torque", "torques", "acceleration"),
        *("accelerations", "angular", "angmom", "mask", "color", "colour", "orientation"),
        *("direction", "normal", "normals", "euler", "efg", "tag", "tags", "map", "weights"),
    }
)
"""Words of vectors on atoms that are no forces."""


def unread_labels(
    images: Sequence[Atoms], missing: Collection[Quantity], used: Container[str]
) -> dict[Quantity, tuple[str, ...]]:
    """Keys that seem to hold a quantity, for each quantity without labels that has such keys.

    Parameters
    ----------
    images
        Frames as they were read.
    missing
        Quantities without labels.
    used
        Keys that labels were taken from.
    """
    found: dict[Quantity, dict[str, None]] = {name: {} for name in QUANTITIES if name in missing}
    if found:
        for atoms in images:
            for key, value in entries(atoms).items():
                if key in used:
                    continue
                for name, keys in found.items():
                    if key not in keys and _could_be(name, atoms, key, value):
                        keys[key] = None
    # The most telling names first: those with the word itself.
    return {
        name: tuple(sorted(keys, key=lambda key: (not says(name, key), key)))
        for name, keys in found.items()
        if keys
    }


def named_like_labels(images: Sequence[Atoms], used: Container[str]) -> tuple[str, ...]:
    """Keys that name a quantity together with a word that is not known: ``MACE_energy``.

    Parameters
    ----------
    images
        Frames as they were read.
    used
        Keys that labels were taken from.
    """
    found: dict[str, None] = {}
    for atoms in images:
        for key, value in entries(atoms).items():
            # Names first: values are looked at where a name is telling only.
            if key in found or key in used or _SPELLED_OUT.isdisjoint(words_of(key)):
                continue
            if parse_name(key) is None and any(
                _could_be(name, atoms, key, value) for name in QUANTITIES
            ):
                found[key] = None
    return tuple(found)


def says(name: Quantity, key: str) -> bool:
    """Whether a name has a word of a quantity."""
    return not _WORDS[name].isdisjoint(words_of(key))


def _could_be(name: Quantity, atoms: Atoms, key: str, value: Any) -> bool:
    if has_gap(value):
        return False
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or not _SOMETHING_ELSE.isdisjoint(words_of(key)):
        return False
    if name == "forces":
        if key.lower() in ("fx", "fy", "fz") and array.shape == (len(atoms),):
            return True
        if array.shape != (len(atoms), 3) and not (len(atoms) == 1 and array.shape == (3,)):
            return False
        # Any vector of real numbers on atoms may be forces, unless its name says something else.
        return says(name, key) or (
            array.dtype.kind == "f"
            and key in atoms.arrays
            and _OTHER_VECTORS.isdisjoint(words_of(key))
            and not key.startswith(("initial_", "bfield"))
        )
    if not says(name, key) or key in atoms.arrays:
        return False
    if name == "energy":
        return array.shape in ((), (1,))
    # Without a volume there is no stress; a scalar pressure is no tensor.
    return bool(atoms.pbc.all()) and array.shape in ((6,), (3, 3), (9,))
