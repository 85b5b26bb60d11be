"""Reading folders of DeePMD-kit (``set.*/*.npy`` beside ``type.raw``) with dpdata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES
from ms25_suite.datasets.formats.species import element_list

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["is_deepmd_folder", "read_deepmd"]

_TYPES: Final = "type.raw"
_NAMES: Final = "type_map.raw"
_NOT_PERIODIC: Final = "nopbc"
_LABELS: Final = ("energy.npy", "force.npy", "virial.npy")
_MIXED: Final = "real_atom_types.npy"
_RAW: Final = ("coord.raw", "energy.raw")


def is_deepmd_folder(path: Path) -> bool:
    """Whether a folder has, at least in part, what DeePMD-kit reads."""
    return path.is_dir() and (
        (path / _TYPES).is_file() or bool(_sets(path)) or (path / _RAW[0]).is_file()
    )


def _sets(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("set.*") if path.is_dir())


def read_deepmd(folder: Path, species: Sequence[str] = ()) -> Iterator[Atoms]:
    """Frames of a folder of DeePMD-kit: Å, eV, eV/Å, and virials in eV, compression positive.

    Parameters
    ----------
    folder
        One system: ``type.raw``, ``type_map.raw``, and ``set.*`` with ``coord.npy``, ``box.npy``
        (or an empty file ``nopbc``), ``energy.npy`` and as far as there are any ``force.npy`` and
        ``virial.npy``; also with ``real_atom_types.npy`` (mixed type).
    species
        Elements in the order of the types, where there is no ``type_map.raw``.

    Raises
    ------
    DatasetError
        Files are missing, do not fit together, or dpdata is not installed or cannot read them.
    """
    sets = _sets(folder)
    _refuse_incomplete(folder, sets, species)
    try:
        import dpdata
    except ImportError as error:
        msg = (
            f"{folder} is a folder of DeePMD-kit, which dpdata reads: "
            f"pip install 'ms25-suite[deepmd]'"
        )
        raise DatasetError(msg) from error
    names = list(species) or (folder / _NAMES).read_text("utf-8", "replace").split()
    elements = element_list(names, f"{folder / _NAMES}")
    mixed = bool(sets) and (sets[0] / _MIXED).is_file()
    options: dict[str, Any] = {"type_map": elements}
    try:
        if mixed:
            loaded = dpdata.MultiSystems(type_map=elements)
            loaded.load_systems_from_file(str(folder), fmt="deepmd/npy/mixed", labeled=True)
            systems = list(loaded.systems.values())
        else:
            fmt = "deepmd/npy" if sets else "deepmd/raw"
            systems = [dpdata.LabeledSystem(str(folder), fmt=fmt, **options)]
    except Exception as error:  # dpdata raises anything on damaged files
        msg = f"{folder} cannot be read by dpdata: {type(error).__name__}: {error}"
        raise DatasetError(msg) from error
    for system in systems:
        yield from _frames(system.data, folder)


def _refuse_incomplete(folder: Path, sets: Sequence[Path], species: Sequence[str]) -> None:
    """Name what is missing, and what each file holds."""
    if not sets and (folder / _RAW[0]).is_file():
        needed = {folder / name: name for name in (_TYPES, *_RAW)}
        if not (folder / _NOT_PERIODIC).is_file():
            needed[folder / "box.raw"] = "cells"
    else:
        needed = {folder / _TYPES: "type of each atom"}
        for path in sets:
            needed[path / "coord.npy"] = "positions"
            if not (folder / _NOT_PERIODIC).is_file():
                needed[path / "box.npy"] = f"cells; or an empty file {_NOT_PERIODIC} beside set.*"
            needed[path / "energy.npy"] = "energies"
    if not species:
        needed[folder / _NAMES] = "elements of the types; or --species"
    if not sets and not (folder / _RAW[0]).is_file():
        needed[folder / "set.000"] = "the frames"
    missing = [
        f"{path.relative_to(folder)} ({what})" for path, what in needed.items() if not path.exists()
    ]
    if missing:
        there = ", ".join(
            sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())[:8]
        )
        msg = (
            f"{folder} is a folder of DeePMD-kit that lacks {', '.join(missing)}. Found: "
            f"{there or 'nothing'}"
        )
        raise DatasetError(msg)
    # dpdata joins the arrays of all sets, so that a set without forces would shift the others.
    for name in (*_LABELS[1:], _MIXED):
        having = [path for path in sets if (path / name).is_file()]
        if having and len(having) != len(sets):
            lacking = next(path.name for path in sets if path not in having)
            msg = f"{folder}: {having[0].name} has {name}, but {lacking} does not"
            raise DatasetError(msg)


def _frames(data: dict[str, Any], folder: Path) -> Iterator[Atoms]:
    from ase import Atoms

    types = data["atom_types"]
    symbols = [data["atom_names"][kind] for kind in types]
    n_frames = len(data["coords"])
    periodic = not data.get("nopbc", False)
    for name in ("cells", "energies", "forces", "virials"):
        if name in data and len(data[name]) != n_frames:
            msg = f"{folder}: {n_frames} frames, but {len(data[name])} {name}"
            raise DatasetError(msg)
    for index in range(n_frames):
        atoms = Atoms(
            symbols,
            positions=np.asarray(data["coords"][index], dtype=np.float64),
            cell=np.asarray(data["cells"][index], dtype=np.float64) if periodic else None,
            pbc=periodic,
        )
        atoms.info[REF_ENERGY] = float(data["energies"][index])
        if "forces" in data:
            atoms.arrays[REF_FORCES] = np.asarray(data["forces"][index], dtype=np.float64)
        if "virials" in data and periodic:
            atoms.info["REF_virial"] = np.asarray(data["virials"][index], dtype=np.float64)
        yield atoms
