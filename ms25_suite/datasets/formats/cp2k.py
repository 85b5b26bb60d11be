"""Labels from the output of a single point of CP2K, which ASE does not read.

Written for what versions 6 to 2025 print; run here with 2023.1.
"""

from __future__ import annotations

import lzma
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.fields import CONVERGED_KEY
from ms25_suite.core.frames import FloatArray
from ms25_suite.core.units import GPA_PER_EV_PER_A3

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["NOT_CONVERGED", "is_cp2k_output", "read_cp2k_output"]

NOT_CONVERGED: Final = ("SCF run NOT converged", "SCF loop FAILED to converge")
"""What CP2K prints when the electrons did not converge."""

_HEAD: Final = 1_000_000
"""Characters to look for the banner in: it comes first, or after the input, which is repeated."""

_SAME_POSITION_A: Final = 1e-4
"""CP2K prints positions to 1e-6 Å."""

_NUMBER: Final = r"[-+]?\d+(?:\.\d*)?(?:[EeDd][-+]?\d+)?"
_ENERGY: Final = re.compile(
    r"^ ENERGY\| Total FORCE_EVAL \( *\w+ *\) energy [\[(](?P<unit>.+?)[\])]:?\s+"
    rf"(?P<value>{_NUMBER})\s*$",
    re.MULTILINE,
)
_FORCES: Final = re.compile(
    r"^ (?:ATOMIC FORCES in|FORCES\| Atomic forces) \[(?P<unit>.+?)\]\s*$", re.MULTILINE
)
_FORCE: Final = re.compile(
    # Index, kind and element until 2024; index alone, and the norm at the end, later.
    rf"^ (?:FORCES\|)?\s*\d+(?:\s+\d+\s+[A-Z][a-z]?)?((?:\s+{_NUMBER}){{3}})(?:\s+{_NUMBER})?\s*$"
)
_STRESS: Final = re.compile(
    # Before 8.1 without the mark at the start of each line, and with a blank line.
    r"^ (?:STRESS\| (?:Analytical|Numerical) stress tensor|STRESS TENSOR) \[(?P<unit>.+?)\]\s*\n"
    r".*\n"
    rf"(?P<rows>(?: (?:STRESS\|)?\s+[xyzXYZ](?:[ ]+{_NUMBER}){{3}}[ ]*\n){{3}})",
    re.MULTILINE,
)
_ANY_STRESS: Final = re.compile(r"^ (?:STRESS\| .*stress tensor|STRESS TENSOR) \[", re.MULTILINE)
_COORDINATES: Final = re.compile(
    r"MODULE QUICKSTEP: +ATOMIC COORDINATES IN ANGSTROM", re.IGNORECASE
)
_POSITION: Final = re.compile(
    rf"^\s+\d+\s+\d+\s+(?P<element>[A-Z][a-z]?)\s+\d+((?:\s+{_NUMBER}){{3}})(?:\s+{_NUMBER}){{2}}\s*$"
)

_GPA: Final = {"GPa": 1.0, "kbar": 0.1, "bar": 1e-4, "Pa": 1e-9}


def is_cp2k_output(path: Path) -> bool:
    """Whether a file begins as an output of CP2K does."""
    from ase.io.formats import open_with_compression

    try:
        with open_with_compression(str(path), "rb") as file:
            head: bytes = file.read(_HEAD)
    except (OSError, EOFError, lzma.LZMAError, zlib.error):
        return False
    return re.search(rb"^ CP2K\| version string", head, re.MULTILINE) is not None


def read_cp2k_output(path: Path) -> Iterator[Atoms]:
    """Frame of a single point, with energy, forces and stress as results of a calculator.

    Where the electrons did not converge, the frame says so in ``info``.

    The structure is that of the input, which the output repeats after the keyword ``ECHO_INPUT``;
    else the input is looked for beside the output, under the name that the output states.

    Parameters
    ----------
    path
        Output of CP2K.

    Raises
    ------
    DatasetError
        It is not the output of one single point with forces, or has no structure.
    """
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io.formats import open_with_compression

    with open_with_compression(str(path), "rb") as packed:
        text: str = packed.read().decode("utf-8", "replace")
    energies = list(_ENERGY.finditer(text))
    # Dynamics and relaxations print one energy for each step, but the structure of the input
    # only.
    if len(energies) != 1:
        msg = (
            f"{path}: expected the energy of one single point of CP2K, found {len(energies)}. "
            + ("Did the run end?" if not energies else "Only single points can be imported")
        )
        raise DatasetError(msg)
    atoms = _structure(path, text)
    results: dict[str, object] = {
        "energy": float(energies[0]["value"]) * _energy_unit(energies[0]["unit"], path),
        "forces": _forces(text, len(atoms), path),
    }
    stress = _stress(text, path)
    if stress is not None:
        results["stress"] = stress
    atoms.calc = SinglePointCalculator(atoms, **results)
    if any(words in text for words in NOT_CONVERGED):
        atoms.info[CONVERGED_KEY] = False
    yield atoms


def _energy_unit(unit: str, path: Path) -> float:
    from ase.units import Hartree

    units = {"a.u.": float(Hartree), "hartree": float(Hartree), "eV": 1.0}
    if unit not in units:
        msg = f"{path}: expected an energy in {', '.join(units)}, found {unit!r}"
        raise DatasetError(msg)
    return units[unit]


def _forces(text: str, n_atoms: int, path: Path) -> FloatArray:
    """Forces in eV/Å, shape ``(n_atoms, 3)``."""
    from ase.units import Bohr, Hartree

    head = _FORCES.search(text)
    if head is None:
        msg = (
            f"{path}: no forces. Ask CP2K for them: RUN_TYPE ENERGY_FORCE, and "
            "&FORCE_EVAL &PRINT &FORCES ON"
        )
        raise DatasetError(msg)
    # CP2K's atomic unit of force, 51.42 eV/Å.
    atomic = float(Hartree / Bohr)
    units = {"a.u.": atomic, "hartree/bohr": atomic, "eV/angstrom": 1.0}
    if head["unit"] not in units:
        msg = f"{path}: expected forces in {', '.join(units)}, found {head['unit']!r}"
        raise DatasetError(msg)
    # The first block after the header; a later one would be of another step.
    rows = _rows(text[head.end() :].splitlines(), _FORCE)
    if len(rows) != n_atoms:
        msg = f"{path}: expected forces on {n_atoms} atoms, found {len(rows)}"
        raise DatasetError(msg)
    return np.array(rows) * units[head["unit"]]


def _rows(lines: Sequence[str], pattern: re.Pattern[str]) -> list[list[float]]:
    """Three numbers of each line of the first unbroken run of lines that match."""
    rows: list[list[float]] = []
    for line in lines:
        match = pattern.match(line)
        if match is not None:
            rows.append([_float(word) for word in match.groups()[-1].split()])
        elif rows:
            break
    return rows


def _stress(text: str, path: Path) -> FloatArray | None:
    """Stress in eV/Å^3, tension positive, Voigt order; CP2K's sign is that of a pressure."""
    match = _STRESS.search(text)
    if match is None:
        if _ANY_STRESS.search(text) is None:
            return None
        msg = f"{path}: it states a stress in a form that is not known here"
        raise DatasetError(msg)
    # The unit that the output itself states: it depends on the version and on the input.
    if match["unit"] not in _GPA:
        msg = f"{path}: expected a stress in {', '.join(_GPA)}, found {match['unit']!r}"
        raise DatasetError(msg)
    rows = [[_float(word) for word in line.split()[-3:]] for line in match["rows"].splitlines()]
    # CP2K prints a pressure tensor, compression positive; here tension is positive.
    full = -np.array(rows) * _GPA[match["unit"]] / GPA_PER_EV_PER_A3
    return full[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]


def _structure(path: Path, text: str) -> Atoms:
    """Structure of the echoed input, or of the input beside the output."""
    from ase import Atoms

    # The printed coordinates have six decimals only; labels belong to the digits of the input.
    source, lines = path, text.splitlines()
    if not _section(lines, "COORD"):
        named = re.search(r"^ CP2K\| Input file name +(\S+)\s*$", text, re.MULTILINE)
        source = path.with_name(Path(named[1]).name if named is not None else "cp2k.inp")
        if not source.is_file():
            msg = (
                f"{path} does not hold the structure with all its digits, and its input "
                f"{source.name} is not beside it. Put it there, or run with &GLOBAL ECHO_INPUT T"
            )
            raise DatasetError(msg)
        lines = source.read_text("utf-8", "replace").splitlines()
    symbols, positions = _coordinates(_section(lines, "COORD"), source)
    cell, pbc = _cell(_section(lines, "CELL"), source)
    atoms = Atoms(symbols, positions=positions, cell=cell, pbc=pbc)
    _refuse_other_structure(atoms, text, path, source)
    return atoms


def _section(lines: Sequence[str], name: str) -> list[str]:
    """Lines between ``&name`` and ``&END`` where they come first, without comments."""
    inside: list[str] | None = None
    for line in lines:
        words = re.split("[!#]", line, maxsplit=1)[0].strip()
        if inside is None:
            if words.upper() == f"&{name}":
                inside = []
        elif words.upper().startswith("&END"):
            return inside
        elif words:
            inside.append(words)
    return []


def _coordinates(lines: Sequence[str], source: Path) -> tuple[list[str], FloatArray]:
    from ase.data import atomic_numbers

    symbols: list[str] = []
    positions: list[list[float]] = []
    for line in lines:
        words = line.split()
        if words[0].upper() in ("UNIT", "SCALED"):
            if words[-1].lower() in ("angstrom", "f", "false", ".false."):
                continue
            msg = f"{source}: expected &COORD in Å and not scaled, found {line!r}"
            raise DatasetError(msg)
        # A kind such as Fe1 is named by its element and more.
        symbol = re.match(r"[A-Za-z]+", words[0])
        if symbol is None or symbol[0].capitalize() not in atomic_numbers or len(words) < 4:
            msg = f"{source}: expected an element and three coordinates in &COORD, found {line!r}"
            raise DatasetError(msg)
        symbols.append(symbol[0].capitalize())
        positions.append(_three(words[1:4], line, source))
    if not symbols:
        msg = f"{source}: no coordinates in its &COORD; other files of coordinates are not read"
        raise DatasetError(msg)
    return symbols, np.array(positions)


def _cell(lines: Sequence[str], source: Path) -> tuple[FloatArray, list[bool]]:
    from ase.geometry import cellpar_to_cell

    values: dict[str, list[str]] = {}
    for line in lines:
        words = line.split()
        values[words[0].upper()] = [word for word in words[1:] if word.lower() != "[angstrom]"]
    if any(word != "1" for word in values.get("MULTIPLE_UNIT_CELL", [])):
        msg = f"{source}: expected a cell that is not repeated, found MULTIPLE_UNIT_CELL"
        raise DatasetError(msg)
    if all(name in values for name in "ABC"):
        cell = np.array([_three(values[name], f"{name} of &CELL", source) for name in "ABC"])
    elif "ABC" in values:
        angles = values.get("ALPHA_BETA_GAMMA", ["90", "90", "90"])
        lengths = values["ABC"]
        numbers = [_three(words, "ABC of &CELL", source) for words in (lengths, angles)]
        cell = cellpar_to_cell([*numbers[0], *numbers[1]])
    else:
        msg = f"{source}: expected a cell as A, B, C or as ABC in &CELL, found neither"
        raise DatasetError(msg)
    # CP2K's default is periodic in all directions.
    periodic = values.get("PERIODIC", ["XYZ"])[0].upper()
    return cell, [periodic != "NONE" and axis in periodic for axis in "XYZ"]


def _refuse_other_structure(atoms: Atoms, text: str, path: Path, source: Path) -> None:
    """Compare with the coordinates that CP2K prints at its usual print level."""
    head = _COORDINATES.search(text)
    if head is None:
        return
    rows = _rows(text[head.end() :].splitlines(), _POSITION)
    if (
        len(rows) == len(atoms)
        and np.abs(np.array(rows) - atoms.positions).max() < _SAME_POSITION_A
    ):
        return
    msg = f"{path} is not the output of the structure in {source.name}: was the input changed?"
    raise DatasetError(msg)


def _three(words: Sequence[str], what: str, source: Path) -> list[float]:
    try:
        x, y, z = (_float(word) for word in words)
    except ValueError as error:
        msg = f"{source}: expected three numbers in Å, found {what!r}: {' '.join(words)}"
        raise DatasetError(msg) from error
    return [x, y, z]


def _float(word: str) -> float:
    # Fortran writes double precision exponents with D.
    return float(word.replace("D", "E").replace("d", "e"))
