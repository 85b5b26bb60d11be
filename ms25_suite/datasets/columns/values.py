"""Values of frames under the keys of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.core.findings import frame_list
from ms25_suite.core.frames import FloatArray, IntArray

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "check_shape",
    "entries",
    "has_gap",
    "keys_present",
    "refuse_absent",
    "refuse_infinite",
    "value_under",
    "values_under",
]


def entries(atoms: Atoms) -> dict[str, Any]:
    """Everything that a frame carries beside its structure, by key; what is there twice, once."""
    structure = {"numbers", "positions"}
    results = getattr(atoms.calc, "results", None) or {}
    arrays = {key: value for key, value in atoms.arrays.items() if key not in structure}
    return {**results, **{str(key): value for key, value in atoms.info.items()}, **arrays}


def keys_present(images: Sequence[Atoms]) -> tuple[str, ...]:
    """Keys of everything in the frames beside the structure, sorted."""
    structure = {"numbers", "positions"}
    keys: set[str] = set()
    for atoms in images:
        keys.update(str(key) for key in atoms.info)
        keys.update(key for key in atoms.arrays if key not in structure)
        if atoms.calc is not None:
            keys.update(f"{key} (calculator)" for key in getattr(atoms.calc, "results", {}))
    return tuple(sorted(keys))


def value_under(atoms: Atoms, key: str, place: str) -> Any:
    """Value under a key: an entry of the frame, else a result of its calculator."""
    store = atoms.arrays if place == "arrays" else atoms.info
    if key in store:
        return store[key]
    if place == "arrays" and key in atoms.info and len(atoms) == 1:
        # ASE writes one row of three numbers where a frame has a single atom.
        return np.reshape(atoms.info[key], (1, -1))
    results = getattr(atoms.calc, "results", None) or {}
    return results.get(key)


def has_gap(value: Any) -> bool:
    """Whether a value is missing: None, or not a number (NaN) in a component.

    NaN is how NequIP, ASE's databases and pandas write that there is none.
    """
    if value is None:
        return True
    array = np.asarray(value)
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def values_under(images: Sequence[Atoms], keys: Sequence[str], place: str) -> list[Any] | None:
    """Value of each frame under the first of the keys that it has; None if no frame has one.

    A value that is NaN counts as missing.
    """
    values = []
    for atoms in images:
        found = (value_under(atoms, key, place) for key in keys)
        values.append(next((value for value in found if not has_gap(value)), None))
    return None if all(value is None for value in values) else values


def check_shape(
    value: Any, shapes: Sequence[tuple[int, ...]], name: str, index: int, where: str
) -> None:
    """Refuse a label that is not an array of numbers of one of the given shapes.

    Raises
    ------
    LabelError
        The label has another shape, or is not made of numbers.
    """
    found = np.shape(value)
    # Floats and integers; booleans, text and objects are no labels.
    numeric = np.asarray(value).dtype.kind in "fiu"
    if found not in shapes or not numeric:
        expected = " or ".join(str(shape) for shape in shapes)
        what = f"shape {found}" if numeric else f"no number: {_short(value)}"
        msg = f"{where}: `{name}` of frame {index} must have shape {expected}, found {what}"
        raise LabelError(msg)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:60]}…"


def refuse_absent(images: Sequence[Atoms], name: str, key: str, where: str) -> NoReturn:
    """Raise an error for a key of the card that no frame has.

    Raises
    ------
    LabelError
        Always.
    """
    found = ", ".join(keys_present(images)) or "nothing beside the structure"
    msg = f"{where}: the card names `{key}` for `{name}`, but no frame has it; found: {found}"
    raise LabelError(msg)


def refuse_infinite(rows: FloatArray, frames: IntArray, name: str, where: str) -> None:
    """Refuse labels that are infinite.

    Parameters
    ----------
    rows
        The labels, shape ``(n,)`` or ``(n, n_components)``; NaN where there is none.
    frames
        Frame of each row, shape ``(n,)``.
    name, where
        For the message.

    Raises
    ------
    LabelError
        There are such labels.
    """
    infinite = np.isinf(rows)
    bad = infinite if rows.ndim == 1 else infinite.any(axis=1)
    if bad.any():
        indices = [int(index) for index in np.unique(frames[bad])]
        msg = (
            f"{where}: `{name}` is infinite in {len(indices)} of the frames "
            f"({frame_list(indices)}). Label these frames again, or remove them"
        )
        raise LabelError(msg)
