"""Reading NumPy archives (``.npz``) of frames: those of Si-ZEO22, MD17, rMD17 and their like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.core.inputs import KNOWN_INPUTS
from ms25_suite.datasets.formats.stated_units import stated_units
from ms25_suite.datasets.formats.units import Units

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["read_npz"]

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "positions": ("positions", "coords", "coordinates", "r", "pos", "xyz"),
    "symbols": ("symbols", "nuclear_charges", "z", "atomic_numbers", "numbers", "species"),
    "energy": ("energies", "energy", "e"),
    "forces": ("forces", "force", "f"),
    "stress": ("stresses", "stress"),
    "cells": ("cells", "cell", "lattice", "lattices", "box"),
}
"""Names of the arrays, in lower case: of Si-ZEO22, rMD17, MD17 (sGDML), SchNetPack, NequIP."""

_STRUCTURE: Final = ("positions", "symbols")
_LABELS: Final = ("energy", "forces", "stress")
_PLACES: Final = {"energy": REF_ENERGY, "forces": REF_FORCES, "stress": REF_STRESS}


def read_npz(
    path: Path, *, keys: Mapping[str, str] | None = None, units: Units | None = None
) -> Iterator[Atoms]:
    """Frames from a NumPy archive.

    Expected are positions (n, n_atoms, 3), symbols or atomic numbers (n_atoms,) or (n, n_atoms)
    where a zero fills up, energies (n,), forces (n, n_atoms, 3); and as far as there are any, cells
    (n, 3, 3) or (3, 3) and stresses (n, 6) or (n, 3, 3). Without cells the frames are not periodic.
    The layout of Si-ZEO22 (``positions``, ``symbols``, ``energies``, ``forces``) is in Å, eV and
    eV/Å; any other states its units (``e_unit``, ``r_unit``, as sGDML does), or a person does.

    Parameters
    ----------
    path
        The archive.
    keys
        Names of the arrays of energy, forces and stress where they have unusual ones.
    units
        Units that a person states.

    Raises
    ------
    DatasetError
        It is not such an archive, the shapes do not fit together, or the units are not known.
    LabelError
        There are neither energies nor forces.
    """
    from ase import Atoms

    arrays, refused = _arrays(path)
    layout = ", ".join(f"{key} {value.shape}" for key, value in arrays.items()) or "none"
    layout += "".join(f", {key} (Python objects)" for key in refused)
    names = _chosen(path, arrays, refused, keys or {}, layout)
    found = {what: arrays[name] for what, name in names.items()}
    _check_shapes(path, names, found)
    numbers = _numbers(path, names["symbols"], found["symbols"])
    factors = _factors(path, names, arrays, units or Units())
    n_frames = len(found["positions"])
    cells = found.get("cells")
    for index in range(n_frames):
        row = numbers if numbers.ndim == 1 else numbers[index]
        # Molecules of different sizes are filled up with zeros.
        real = row > 0
        # One cell for all frames (dynamics at constant volume), or one for each.
        cell = None if cells is None else (cells if cells.ndim == 2 else cells[index])
        atoms = Atoms(
            numbers=row[real],
            positions=found["positions"][index][real].astype(np.float64) * factors["length"],
            cell=None if cell is None else cell.astype(np.float64) * factors["length"],
            pbc=cell is not None,
        )
        for what in _LABELS:
            if what not in found:
                continue
            value = np.asarray(found[what][index], dtype=np.float64) * factors[what]
            # A name that a person gave is looked for again among the entries of the frame.
            key = names[what] if what in (keys or {}) else _PLACES[what]
            if what == "energy":
                atoms.info[key] = float(value.reshape(()))
            elif what == "forces":
                atoms.arrays[key] = value[real]
            else:
                atoms.info[key] = value
        _add_inputs(atoms, arrays, index, real)
        yield atoms


def _add_inputs(atoms: Atoms, arrays: Mapping[str, Any], index: int, real: Any) -> None:
    """Charge, spin, … of a frame, from arrays with a value for each frame or each of its atoms."""
    for key, values in arrays.items():
        known = next((one for one in KNOWN_INPUTS.values() if key.lower() in one.keys), None)
        if known is None or not np.ndim(values) or len(values) <= index:
            continue
        value = values[index]
        if known.per == "atom" and np.shape(value)[:1] == np.shape(real):
            atoms.arrays[key] = value[real]
        elif known.per == "frame":
            atoms.info[key] = value.reshape(()).item() if np.size(value) == 1 else value


def _arrays(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Arrays of an archive, and the names of those that hold Python objects."""
    if not path.is_file():
        msg = f"there is no file {path}"
        raise DatasetError(msg)
    arrays: dict[str, Any] = {}
    refused = []
    try:
        # Opened here, since NumPy leaves a file open that turns out to be no archive.
        # `allow_pickle=False`: unpickling a foreign file could run its code.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            for key in archive.files:
                try:
                    arrays[key] = archive[key]
                except ValueError as error:
                    if "allow_pickle" not in str(error):
                        raise
                    refused.append(key)
    except Exception as error:  # NumPy and zipfile raise anything on a damaged archive
        msg = f"{path} cannot be read as a NumPy archive without Python objects: {error}"
        raise DatasetError(msg) from error
    return arrays, refused


def _chosen(
    path: Path,
    arrays: Mapping[str, Any],
    refused: list[str],
    keys: Mapping[str, str],
    layout: str,
) -> dict[str, str]:
    """Which array is what."""
    chosen: dict[str, str] = {}
    for what, candidates in _NAMES.items():
        key = keys.get(what)
        if key is None:
            lower = {name.lower(): name for name in (*arrays, *refused)}
            key = next((lower[name] for name in candidates if name in lower), None)
        elif key not in arrays and key not in refused:
            msg = f"{path}: there is no array {key!r} for `{what}`; found {layout}"
            raise LabelError(msg)
        if key in refused:
            msg = (
                f"{path} cannot be read as a NumPy archive without Python objects: {key!r} holds "
                f"some. Save it again as an array of numbers or of text"
            )
            raise DatasetError(msg)
        if key is not None:
            chosen[what] = key
    if any(what not in chosen for what in _STRUCTURE):
        expected = "; ".join(f"{what}: {' or '.join(_NAMES[what])}" for what in _STRUCTURE)
        msg = (
            f"{path}: expected arrays positions, symbols, energies, forces (and cells, stresses), "
            f"or with other usual names ({expected}); found {layout}"
        )
        raise DatasetError(msg)
    if "energy" not in chosen and "forces" not in chosen:
        msg = (
            f"{path}: no labels. Expected energies and forces, found {layout}. Name them: "
            f"--keys energy=… forces=…"
        )
        raise LabelError(msg)
    return chosen


def _factors(
    path: Path, names: Mapping[str, str], arrays: Mapping[str, Any], units: Units
) -> dict[str, float]:
    """Factor of each quantity to the units of the suite.

    Raises
    ------
    DatasetError
        They are not known.
    """
    needed: list[Any] = [what for what in _LABELS if what in names]
    if not units.stated:
        scalars = {key: value for key, value in arrays.items() if np.size(value) == 1}
        units = stated_units(scalars, str(path))
    found: dict[str, float] = {"length": 1.0}
    found |= units.factors(needed, str(path))  # type: ignore[arg-type]
    if all(what in found for what in needed):
        return found
    documented = {"positions": "positions", "symbols": "symbols"}
    if units.stated or all(names[what] == name for what, name in documented.items()):
        return {**dict.fromkeys(needed, 1.0), **found}
    # The archives of MD17 and rMD17, whose documentation says kcal/mol and Å.
    molecules = {"nuclear_charges", "old_indices"} <= set(arrays) or {"R", "z", "E", "F"} <= set(
        arrays
    )
    usual = {"energy": "kcal/mol", "forces": "kcal/mol/Å"} if molecules else {}
    option = " ".join(f"{what}={usual.get(what, '…')}" for what in needed)
    msg = (
        f"{path}: the units of its labels are not stated, and archives with these names "
        f"({', '.join(names[what] for what in needed)}) are not always in eV. "
        + ("MD17 and rMD17 are in kcal/mol and Å: if it is one of them, add" if usual else "Add")
        + f" --units {option}"
    )
    raise DatasetError(msg)


def _check_shapes(path: Path, names: Mapping[str, str], found: Mapping[str, Any]) -> None:
    shape = found["positions"].shape
    if len(shape) != 3 or shape[2] != 3 or 0 in shape:
        msg = (
            f"{path}: `{names['positions']}` must have shape (n_frames, n_atoms, 3), found {shape}"
        )
        raise DatasetError(msg)
    n_frames, n_atoms, _ = shape
    allowed: dict[str, tuple[tuple[int, ...], ...]] = {
        "symbols": ((n_atoms,), (n_frames, n_atoms)),
        "energy": ((n_frames,), (n_frames, 1)),
        "forces": ((n_frames, n_atoms, 3),),
        "cells": ((n_frames, 3, 3), (3, 3)),
        "stress": ((n_frames, 6), (n_frames, 3, 3)),
    }
    for what, shapes in allowed.items():
        if what in found and found[what].shape not in shapes:
            msg = (
                f"{path}: `{names[what]}` must have shape {' or '.join(map(str, shapes))} to fit "
                f"`{names['positions']}` {shape}, found {found[what].shape}"
            )
            raise DatasetError(msg)
        if what in found and what != "symbols" and found[what].dtype.kind not in "fiu":
            msg = f"{path}: `{names[what]}` must be numbers, found {found[what].dtype}"
            raise DatasetError(msg)


def _numbers(path: Path, name: str, symbols: Any) -> Any:
    """Atomic numbers; zero where an atom is missing."""
    from ase.data import atomic_numbers, chemical_symbols

    if symbols.dtype.kind in "iu" or (
        symbols.dtype.kind == "f" and bool((symbols == np.floor(symbols)).all())
    ):
        numbers = symbols.astype(np.int64)
        bad = sorted({int(n) for n in numbers.ravel() if n < -1 or n >= len(chemical_symbols)})
        if bad or (numbers.ndim == 1 and (numbers < 1).any()) or (numbers < 1).all(axis=-1).any():
            msg = f"{path}: `{name}` must be atomic numbers, found {bad or 'zeros'}"
            raise DatasetError(msg)
        return numbers
    words = np.char.strip(np.char.decode(symbols) if symbols.dtype.kind == "S" else symbols)
    unknown = {str(word) for word in words.ravel()} - set(atomic_numbers) | (
        {"X"} & {str(word) for word in words.ravel()}
    )
    if unknown:
        msg = f"{path}: `{name}` must be chemical symbols, found {', '.join(sorted(unknown))}"
        raise DatasetError(msg)
    return np.vectorize(atomic_numbers.__getitem__, otypes=[np.int64])(words)
