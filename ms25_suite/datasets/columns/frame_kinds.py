"""What a file says about a frame: its kind, trajectory and temperature; and isolated atoms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.fields import TEMPERATURE_KEY
from ms25_suite.core.frames import IntArray

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["INDEPENDENT", "config_type", "is_isolated_atom", "temperature_k", "trajectories"]

_CONFIG_KEYS: Final = ("configtype", "configtypes", "configurationtype")
"""Keys of the kind of a frame, in lower case and without separators; the first is that of GAP, MACE
and wfl."""

_TRAJECTORY_KEYS: Final = (
    "trajectory",
    "trajectoryid",
    "trajectoryname",
    "trajectoryindex",
    "traj",
    "trajid",
    "trajname",
    "mdrun",
    "mdrunid",
    "runid",
    "simulationid",
)
"""Keys of the trajectory that a frame is from, in lower case and without separators."""

INDEPENDENT: Final = "none"
"""In place of the key of the trajectories: the frames are independent."""

_LONGEST: Final = 80
"""Most characters of a kind that are kept."""

_ISOLATED_WORDS: Final = ("isolatedatom", "isolatedatoms", "freeatom", "freeatoms")

_ALONE_A: Final = 7.0
"""Distance in Å to its nearest periodic image from which on one atom is alone. The longest distance
of neighbours in a crystal with one atom in its cell is that of Cs, 5.24 Å at 5 K (C. S. Barrett,
Acta Cryst. 9 (1956) 671); a third more is far outside of any equation of state."""


def _squeezed(text: object) -> str:
    return re.sub(r"[\W_]", "", str(text)).lower()


def config_type(info: Mapping[Any, Any]) -> str:
    """Kind of a frame as its file states it; empty if it does not.

    The key may be written in any case, in the plural, and with or without a separator.
    """
    return _name(info, _CONFIG_KEYS)


def trajectories(images: Sequence[Atoms], key: str | None = None) -> IntArray:
    """Number of the trajectory of each frame, shape ``(n_frames,)``; -1 where the file has none.

    Frames are of one trajectory if they name the same one, and have the same number of atoms of
    each element: many programs count the trajectories of each structure from 0. Frames of the same
    name in several files are taken to be of one.

    Parameters
    ----------
    images
        Frames.
    key
        Key that names the trajectory, as the card has it; by default the usual keys are tried. The
        word ``none`` says that all frames are independent.
    """
    if key == INDEPENDENT:
        return np.full(len(images), -1, dtype=np.int64)
    numbers: dict[tuple[str, bytes], int] = {}
    found = np.full(len(images), -1, dtype=np.int64)
    for index, atoms in enumerate(images):
        name = _name(atoms.info, _TRAJECTORY_KEYS if key is None else (_squeezed(key),))
        if name:
            what = (name, np.sort(atoms.numbers).tobytes())
            found[index] = numbers.setdefault(what, len(numbers))
    return found


def _name(info: Mapping[Any, Any], keys: Sequence[str]) -> str:
    """Name or number that a frame has under the first of some keys; empty if it has none."""
    found = {_squeezed(key): value for key, value in info.items()}
    value = next((found[key] for key in keys if key in found), None)
    # A value that is text, or a number; a switch (`config_type` alone) or a list is no name.
    if value is None or isinstance(value, bool | np.bool_) or np.ndim(value) > 0:
        return ""
    # It becomes part of tables and terminals: one line of printable characters.
    words = "".join(sign if sign.isprintable() else " " for sign in str(value)).split()
    return " ".join(words)[:_LONGEST]


def is_isolated_atom(atoms: Atoms) -> bool:
    """Whether a frame is one atom without neighbours: a reference of its element.

    It is if it has one atom, and the file says so (``config_type=IsolatedAtom``), or there is no
    periodic image, or the nearest one is 7 Å away or farther. One atom in the primitive cell of a
    crystal is an ordinary frame.
    """
    if len(atoms) != 1:
        return False
    if _squeezed(config_type(atoms.info)) in _ISOLATED_WORDS:
        return True
    vectors = atoms.cell.array[atoms.pbc]
    # No cell vector in a periodic direction is damage, and not for here to judge.
    if not np.isfinite(vectors).all() or (len(vectors) and not vectors.any(axis=1).all()):
        return False
    return _nearest_image(vectors) >= _ALONE_A


def _nearest_image(vectors: np.ndarray[Any, Any]) -> float:
    """Length in Å of the shortest lattice vector; infinite without a periodic direction."""
    if len(vectors) == 0:
        return np.inf
    from ase.geometry.minkowski_reduction import minkowski_reduce

    # In a reduced cell the shortest lattice vector is one of the cell vectors.
    full = np.zeros((3, 3))
    full[: len(vectors)] = vectors
    pbc = np.arange(3) < len(vectors)
    reduced, _ = minkowski_reduce(full, pbc)
    return float(np.linalg.norm(reduced[: len(vectors)], axis=1).min())


def temperature_k(info: Mapping[Any, Any]) -> float:
    """Temperature at which a frame was sampled, above zero, in K; NaN if the file has none."""
    value = info.get(TEMPERATURE_KEY)
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return np.nan
    return float(value) if 0.0 < value < np.inf else np.nan
