"""Frames of outputs of programs and of databases, with what ASE leaves out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.formats.convergence import find_unconverged, mark_unconverged
from ms25_suite.datasets.formats.stated_units import is_unit_key

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["database_rows", "output_frames", "trajectory_frames"]


def output_frames(path: Path) -> Iterator[Atoms]:
    """Frames of a format that ASE recognises; those that did not converge say so in ``info``."""
    import ase.io

    count = 0
    unconverged = None
    try:
        unconverged = find_unconverged(path)
        images = ase.io.iread(str(path), index=":")
        if unconverged is not None:
            # How many frames there are tells which of them did not converge.
            images = list(images)
            mark_unconverged(images, unconverged)
        for atoms in images:
            count += 1
            yield _without_placeholder(atoms)
    except (GeneratorExit, DatasetError):
        raise
    except Exception as error:  # ASE's readers raise anything on a damaged file
        because = "" if unconverged is None else f". It did not converge: {unconverged.why}"
        msg = (
            f"{path} cannot be read by ASE: frame {count} raised {type(error).__name__}: "
            f"{error or 'no message'}{because}"
        )
        raise DatasetError(msg) from error
    if count == 0 and unconverged is not None:
        msg = f"{path} holds no frames with labels: it did not converge ({unconverged.why})"
        raise DatasetError(msg)


def database_rows(path: Path) -> Iterator[Atoms]:
    """Frames of an ASE database, with its keys and data in ``info`` and ``arrays``."""
    import ase.db

    with ase.db.connect(path) as database:
        # SchNetPack and others state the units of their labels for the database as a whole.
        stated = {
            key: json.dumps(value) if isinstance(value, dict) else value
            for key, value in dict(database.metadata or {}).items()
            if is_unit_key(str(key))
        }
        for row in database.select():
            atoms = row.toatoms()
            atoms.info |= stated
            # ASE gives its own column where a pair has the name of one: the sum of the initial
            # charges in place of a stored `charge`.
            pairs = {key: vars(row).get(key, value) for key, value in row.key_value_pairs.items()}
            _distribute(atoms, pairs | dict(row.data))
            yield atoms


def trajectory_frames(path: str) -> Iterator[Atoms]:
    """Frames of an ASE trajectory, with rows for each atom in ``arrays``.

    The format has no place for arrays other than ASE's own, so that forces under another name can
    only be in ``info``.
    """
    import ase.io

    for atoms in ase.io.iread(path, index=":", format="traj"):
        info = dict(atoms.info)
        atoms.info.clear()
        _distribute(atoms, info)
        yield _without_placeholder(atoms)


def _without_placeholder(atoms: Atoms) -> Atoms:
    """The frame without an energy of exactly zero beside forces that are not.

    A dump of LAMMPS has no energy, and ASE's reader puts 0.0 in its place.
    """
    results = getattr(atoms.calc, "results", None) or {}
    if results.get("energy") == 0.0 and np.any(results.get("forces", 0.0)):
        del results["energy"]
    return atoms


def _distribute(atoms: Atoms, values: Mapping[str, Any]) -> None:
    """Put values with a row for each atom into ``arrays``, and all others into ``info``."""
    for key, value in values.items():
        array = np.asarray(value) if isinstance(value, np.ndarray | list | tuple) else None
        # A stress of three atoms has the shape of forces.
        if (
            array is not None
            and array.shape == (len(atoms), 3)
            and key not in atoms.arrays
            and not key.endswith(("stress", "virial"))
        ):
            atoms.arrays[key] = array
        else:
            atoms.info[key] = value
