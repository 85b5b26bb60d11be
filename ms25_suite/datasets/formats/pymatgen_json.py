"""Reading JSON of pymatgen: structures with labels, entries, ionic steps of VASP, MPtrj.

It is read without pymatgen, whose decoder imports the modules that a file names, and which is
large: what is needed of a structure are its lattice and its sites.
"""

from __future__ import annotations

import json
import lzma
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import CONVERGED_KEY, REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.core.inputs import KNOWN_INPUTS
from ms25_suite.datasets.formats.units import Units, factor

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["is_pymatgen_json", "read_pymatgen_json"]

_HEAD: Final = 100_000

_ENERGIES: Final = (
    # Of the whole cell; the first are those that belong to the forces.
    "uncorrected_total_energy",
    "uncorrected_energy",
    "e_0_energy",
    "energy",
    "energy_total",
    "total_energy",
    "e_fr_energy",
)
_FORCES: Final = ("forces", "force")
_STRESSES: Final = ("stress", "stresses")

_VASP_STRESS: Final = "-kbar"
"""VASP's stress: kbar, pressure positive."""

_VASP_KEYS: Final = ("e_0_energy", "e_wo_entrp", "uncorrected_total_energy", "ef_per_atom")
"""Keys of ionic steps of a vasprun.xml and of MPtrj, whose stress is VASP's."""


def is_pymatgen_json(path: Path) -> bool:
    """Whether a JSON file, also compressed, begins with structures of pymatgen."""
    from ase.io.formats import open_with_compression

    if ".json" not in path.name.lower():
        return False
    try:
        with open_with_compression(str(path), "rb") as file:
            head: bytes = file.read(_HEAD)
    except (OSError, EOFError, lzma.LZMAError, zlib.error):
        return False
    return (b'"pymatgen' in head or b'"lattice"' in head) and (
        b'"sites"' in head or b'"species"' in head
    )


def read_pymatgen_json(
    path: Path, *, keys: Mapping[str, str] | None = None, units: Units | None = None
) -> Iterator[Atoms]:
    """Frames of a JSON file.

    Every structure of pymatgen in lists and tables is a frame. Its labels stand beside it: energy
    of the cell in eV, forces in eV/Å, stress in kbar with pressure positive where the other keys
    are those of VASP or MPtrj; for any other stress a person states the unit.

    Parameters
    ----------
    path
        The file.
    keys
        Names of energy, forces and stress where they have unusual ones.
    units
        Units that a person states.

    Raises
    ------
    DatasetError
        The file is damaged, holds no structures, a disordered one, or a stress without a unit.
    """
    from ase.io.formats import open_with_compression

    try:
        with open_with_compression(str(path), "rb") as file:
            content = json.loads(file.read())
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        msg = f"{path} is truncated or damaged ({type(error).__name__}: {error})"
        raise DatasetError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{path} cannot be read as JSON: {type(error).__name__}: {error}"
        raise DatasetError(msg) from error
    names = dict(keys or {})
    count, n_max = 0, _most_steps(content)
    for record, structure in _records(content, path):
        where = f"{path}: structure {count}"
        atoms = _atoms(structure, where)
        _add_labels(atoms, record, names, units or Units(), where)
        steps = record.get("electronic_steps")
        took_all = n_max is not None and isinstance(steps, list) and len(steps) >= n_max
        if took_all or False in (record.get("converged"), record.get("converged_electronic")):
            atoms.info[CONVERGED_KEY] = False
        count += 1
        yield atoms
    if count == 0:
        kind = content.get("@class") if isinstance(content, Mapping) else None
        msg = (
            f"{path} holds no structures of pymatgen"
            + (f", but a {kind}" if kind else "")
            + '. Expected a list of {"structure": …, "energy": …, "forces": …}'
        )
        raise DatasetError(msg)


def _is_structure(value: object) -> bool:
    return isinstance(value, Mapping) and "sites" in value


def _records(content: Any, path: Path) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Pairs of what holds the labels and the structure, in the order of the file."""
    stack: list[Any] = [content]
    while stack:
        value = stack.pop()
        if _is_structure(value):
            yield value, value
        elif isinstance(value, Mapping):
            structure = value.get("structure", value.get("molecule"))
            if isinstance(structure, Sequence) and not isinstance(structure, str):
                # Columns, as in the files of M3GNet: one list for each key.
                columns = {k: v for k, v in value.items() if isinstance(v, list)}
                lengths = {len(column) for column in columns.values()}
                if len(lengths) != 1:
                    msg = f"{path}: lists of different lengths: {', '.join(columns)}"
                    raise DatasetError(msg)
                rows = [
                    {key: column[i] for key, column in columns.items()}
                    for i in range(len(structure))
                ]
                stack += reversed(rows)
            elif _is_structure(structure):
                yield value, structure
            else:
                stack += reversed(list(value.values()))
        elif isinstance(value, list):
            stack += reversed(value)


def _atoms(structure: Mapping[str, Any], where: str) -> Atoms:
    """Atoms of a structure or molecule, as ``as_dict`` writes them."""
    from ase import Atoms
    from ase.data import atomic_numbers

    lattice = structure.get("lattice")
    symbols, positions = [], []
    try:
        cell = None if lattice is None else np.array(lattice["matrix"], dtype=np.float64)
        for site in structure["sites"]:
            (kind,) = site["species"]
            symbol = str(kind["element"])
            if abs(float(kind.get("occu", 1.0)) - 1.0) > 1e-8:
                msg = f"{where} is disordered: {symbol} with occupancy {kind['occu']}"
                raise DatasetError(msg)
            if symbol not in atomic_numbers or symbol == "X":
                msg = f"{where}: expected elements, found {symbol!r}"
                raise DatasetError(msg)
            symbols.append(symbol)
            # Cartesian coordinates are left out of short forms.
            place = site["xyz"] if "xyz" in site else np.array(site["abc"], dtype=float) @ cell
            positions.append(np.array(place, dtype=np.float64))
        atoms = Atoms(symbols, positions=positions, cell=cell)
        atoms.pbc = False if lattice is None else lattice.get("pbc", True)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = (
            f"{where} is not a structure as pymatgen writes it (or a site has several species): "
            f"{type(error).__name__}: {error}"
        )
        raise DatasetError(msg) from error
    # Of a crystal it is the sum of the oxidation states that somebody assigned.
    if lattice is None:
        for key in ("charge", "spin_multiplicity"):
            value = structure.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                atoms.info[key] = value
    return atoms


def _add_labels(
    atoms: Atoms,
    record: Mapping[str, Any],
    names: Mapping[str, str],
    units: Units,
    where: str,
) -> None:
    stated = units.stated
    for name in ("total_charge", "spin_multiplicity"):
        key = next((key for key in KNOWN_INPUTS[name].keys if key in record), None)
        if key is not None and isinstance(record[key], int | float):
            atoms.info[key] = record[key]

    def chosen(what: str, candidates: Sequence[str]) -> str | None:
        wanted = [names[what]] if what in names else candidates
        return next((key for key in wanted if record.get(key) is not None), None)

    energy = chosen("energy", _ENERGIES)
    forces, stress = chosen("forces", _FORCES), chosen("stress", _STRESSES)
    if energy is None and "energy" not in names and record.get("energy_per_atom") is not None:
        energy = "energy_per_atom"
    try:
        if energy is not None:
            scale = factor("energy", stated.get("energy", "eV"))
            scale *= len(atoms) if energy.endswith("per_atom") else 1
            # A number, or in a document of VASP an object with a unit.
            atoms.info[names.get("energy", REF_ENERGY)] = float(record[energy]) * scale
        if forces is not None:
            value = np.array(record[forces], dtype=np.float64)
            value *= factor("forces", stated.get("forces", "eV/Å"))
            atoms.arrays[names.get("forces", REF_FORCES)] = value.reshape(len(atoms), 3)
        if stress is not None:
            unit = stated.get("stress") or (
                _VASP_STRESS if any(key in record for key in _VASP_KEYS) else ""
            )
            if not unit:
                msg = (
                    f"{where}: the unit of `{stress}` is not known. State it: --units stress=-kbar "
                    f"(VASP: pressure positive), stress=GPa or stress=eV/Å^3"
                )
                raise DatasetError(msg)
            tensor = np.array(record[stress], dtype=np.float64) * factor("stress", unit)
            if tensor.shape != (3, 3):
                # VASP's order of six differs from that of ASE, and both are in use.
                msg = f"{where}: expected `{stress}` as (3, 3), found shape {tensor.shape}"
                raise DatasetError(msg)
            atoms.info[names.get("stress", REF_STRESS)] = tensor
    except (TypeError, ValueError) as error:
        msg = f"{where}: its labels are not numbers of the right shape: {error}"
        raise DatasetError(msg) from error


def _most_steps(content: Any) -> int | None:
    """VASP's NELM, the largest number of electronic steps; None if the file does not hold it."""
    stack: list[Any] = [content]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("NELM"), int):
                return int(value["NELM"])
            stack += [v for v in value.values() if isinstance(v, Mapping | list)]
        elif isinstance(value, list):
            stack += [v for v in value if isinstance(v, Mapping | list)]
    return None
