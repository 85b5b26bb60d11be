"""Inputs of structures that ASE has read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ms25_suite.core.inputs.columns import Column, Inputs
from ms25_suite.core.inputs.known import KNOWN_INPUTS, Per

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["collect"]

_ABSENT = ("", "none", "null", "nan")
"""Text with which writers say that there is no value."""


def collect(images: Sequence[Atoms], keys: Mapping[str, str] | None = None) -> Inputs:
    """Inputs that some structures state.

    Parameters
    ----------
    images
        Structures, as ASE read them.
    keys
        Name to key of further inputs, or of known ones under another key: the card's table
        ``[inputs]``.

    Raises
    ------
    ValueError
        A value is no number, not finite, of a shape that differs between frames, or two keys of
        the same input contradict each other.
    """
    columns = {}
    named = dict(keys or {})
    sizes = [len(atoms) for atoms in images]
    for known in KNOWN_INPUTS.values():
        own = named.pop(known.name, None)
        found = _find(images, (own.lower(),) if own else known.keys, known.per)
        column = _column(known.name, found, sizes, known.per)
        if column is not None:
            columns[known.name] = column
        elif own and images:
            raise ValueError(_absent(images, known.name, own))
    for name, key in named.items():
        of: tuple[Per, ...] = ("frame", "atom")
        tried = (_column(name, _find(images, (key.lower(),), per), sizes, per, key) for per in of)
        column = next((column for column in tried if column is not None), None)
        if column is not None:
            columns[name] = column
        elif images:
            raise ValueError(_absent(images, name, key))
    return Inputs(columns)


def _absent(images: Sequence[Atoms], name: str, key: str) -> str:
    entries = {str(entry) for atoms in images for entry in (*atoms.info, *atoms.arrays)}
    return (
        f"the card names the input `{name}` = {key!r}, which no frame has; the frames have "
        f"{', '.join(sorted(entries))}"
    )


def _find(images: Sequence[Atoms], keys: Sequence[str], per: Per) -> list[Any]:
    """Value of each structure under one of the keys, in any case; None where there is none."""
    values: list[Any] = []
    for index, atoms in enumerate(images):
        place = atoms.info if per == "frame" else atoms.arrays
        present = {
            str(key).lower(): value for key, value in place.items() if str(key).lower() in keys
        }
        first = None
        for key in keys:
            value = present.get(key)
            if value is None:
                continue
            if first is None:
                first = (key, value)
            elif not np.array_equal(np.asarray(value), np.asarray(first[1])):
                msg = (
                    f"frame {index} has `{first[0]}` = {first[1]} and `{key}` = {value}, which "
                    "mean the same: remove one of them, or name the right one in the card's "
                    "[inputs]"
                )
                raise ValueError(msg)
        values.append(None if first is None else first[1])
    return values


def _column(
    name: str, found: Sequence[Any], n_atoms: Sequence[int], per: Per, key: str = ""
) -> Column | None:
    """Values of an input as one array.

    Parameters
    ----------
    name
        Its name.
    found
        Value of each frame; None where it has none.
    n_atoms
        Number of atoms of each frame.
    per
        Whether a value is one for the frame, or has a row for each atom.
    key
        See `Column`.

    Returns
    -------
    :
        None if no frame has a value.

    Raises
    ------
    ValueError
        A value is neither number nor text, infinite, or of a shape that differs between frames.
    """
    arrays = [None if _is_absent(value) else np.asarray(value) for value in found]
    stated = [array for array in arrays if array is not None]
    if not stated:
        return None
    known = KNOWN_INPUTS.get(name)
    is_text = known.is_text if known else all(array.dtype.kind in "US" for array in stated)
    expected = None
    for index, (array, n) in enumerate(zip(arrays, n_atoms, strict=True)):
        if array is None:
            continue
        shape = array.shape[1:] if per == "atom" else array.shape
        if per == "frame" and shape == (1,):
            shape = ()
        expected = shape if expected is None else expected
        fits = per == "frame" or (array.ndim and len(array) == n)
        if not fits or shape != expected or not (is_text or array.dtype.kind in "biuf"):
            msg = (
                f"the input `{name}` of frame {index} is {_shown(array)}; expected "
                f"{'text' if is_text else 'numbers'} of shape "
                f"{((n,) if per == 'atom' else ()) + expected}"
            )
            raise ValueError(msg)
        if not is_text and np.isinf(array.astype(np.float64)).any():
            msg = f"the input `{name}` of frame {index} is infinite"
            raise ValueError(msg)
    assert expected is not None
    rows: list[npt.NDArray[Any]] = []
    for array, n in zip(arrays, n_atoms, strict=True):
        shape = ((n,) if per == "atom" else (1,)) + expected
        if array is None:
            rows.append(np.full(shape, "" if is_text else np.nan))
        else:
            rows.append(array.astype(str if is_text else np.float64).reshape(shape))
    return Column(np.concatenate(rows), per, key)


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _ABSENT)


def _shown(array: npt.NDArray[Any]) -> str:
    text = str(array.tolist())
    return f"{text if len(text) <= 40 else text[:40] + '…'} (shape {array.shape})"
