"""Reading NumPy archives (``.npz``) that are laid out as those of Si-ZEO22."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.documents.files import refuse_irregular
from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["read_npz"]

_STRUCTURE: Final = ("positions", "symbols")
_LABELS: Final = ("energies", "forces")
_STRESS_NAMES: Final = ("stresses", "stress")


def read_npz(path: Path) -> Iterator[Atoms]:
    """Frames of one composition from a NumPy archive, as the Si-ZEO22 data have it.

    Expected are ``positions`` (n, n_atoms, 3) in Å, ``symbols`` (n_atoms,), ``energies`` (n,) in
    eV, ``forces`` (n, n_atoms, 3) in eV/Å; and as far as there are any, ``cells`` (n, 3, 3) or
    (3, 3) in Å and ``stresses`` (n, 6) or (n, 3, 3) in eV/Å^3. Without cells the frames are not
    periodic.

    Raises
    ------
    DatasetError
        It is not such an archive, or the shapes do not fit together.
    LabelError
        There are neither energies nor forces.
    """
    from ase import Atoms

    refuse_irregular(path, "the frames", DatasetError)
    try:
        # Opened here, since NumPy leaves a file open that turns out to be no archive.
        # `allow_pickle=False`: unpickling a foreign file could run its code.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except Exception as error:  # NumPy and zipfile raise anything on a damaged file
        msg = f"{path} cannot be read as a NumPy archive without Python objects: {error}"
        raise DatasetError(msg) from error
    layout = ", ".join(f"{key} {value.shape}" for key, value in arrays.items())
    if any(key not in arrays for key in _STRUCTURE):
        msg = (
            f"{path}: expected arrays {', '.join(_STRUCTURE + _LABELS)} (and cells, stresses), "
            f"found {layout or 'none'}"
        )
        raise DatasetError(msg)
    if not any(key in arrays for key in _LABELS):
        msg = f"{path}: no labels. Expected {' and '.join(_LABELS)}, found {layout}"
        raise LabelError(msg)
    _check_shapes(path, arrays)
    n_frames = len(arrays["positions"])
    cells = arrays.get("cells")
    symbols = [str(symbol).strip() for symbol in arrays["symbols"]]
    stress_name = next((name for name in _STRESS_NAMES if name in arrays), None)
    for index in range(n_frames):
        # One cell for all frames (dynamics at constant volume), or one for each.
        cell = None if cells is None else (cells if cells.ndim == 2 else cells[index])
        atoms = Atoms(
            symbols,
            positions=arrays["positions"][index].astype(np.float64),
            cell=None if cell is None else cell.astype(np.float64),
            pbc=cell is not None,
        )
        if "energies" in arrays:
            atoms.info[REF_ENERGY] = float(arrays["energies"].reshape(n_frames)[index])
        if "forces" in arrays:
            atoms.arrays[REF_FORCES] = arrays["forces"][index].astype(np.float64)
        if stress_name is not None:
            atoms.info[REF_STRESS] = arrays[stress_name][index].astype(np.float64)
        yield atoms


def _check_shapes(path: Path, arrays: dict[str, Any]) -> None:
    from ase.data import atomic_numbers

    shape = arrays["positions"].shape
    if len(shape) != 3 or shape[2] != 3 or 0 in shape:
        msg = f"{path}: `positions` must have shape (n_frames, n_atoms, 3), found {shape}"
        raise DatasetError(msg)
    n_frames, n_atoms, _ = shape
    allowed: dict[str, tuple[tuple[int, ...], ...]] = {
        "symbols": ((n_atoms,),),
        "energies": ((n_frames,), (n_frames, 1)),
        "forces": ((n_frames, n_atoms, 3),),
        "cells": ((n_frames, 3, 3), (3, 3)),
        **dict.fromkeys(_STRESS_NAMES, ((n_frames, 6), (n_frames, 3, 3))),
    }
    for key, shapes in allowed.items():
        if key in arrays and arrays[key].shape not in shapes:
            msg = (
                f"{path}: `{key}` must have shape {' or '.join(map(str, shapes))} to fit "
                f"`positions` {shape}, found {arrays[key].shape}"
            )
            raise DatasetError(msg)
    unknown = {str(s).strip() for s in arrays["symbols"]} - set(atomic_numbers)
    if unknown:
        msg = f"{path}: `symbols` must be chemical symbols, found {', '.join(sorted(unknown))}"
        raise DatasetError(msg)
