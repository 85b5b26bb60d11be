"""Tables ``[eos]`` and ``[neb]`` of a card: which observables the reference gives a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from ms25_suite.core.errors import CardError
from ms25_suite.core.fields import EQUATIONS, Equation
from ms25_suite.datasets.cards.fields import (
    count_field,
    finite_number,
    function_field,
    positive_number,
    refuse_unknown,
    text_field,
)
from ms25_suite.datasets.cards.files import CardFile, card_file, card_files

__all__ = ["CURVE_KEY", "EosConfig", "NebConfig", "eos_table", "neb_table"]

CURVE_KEY: Final = "curve"
"""Info key of the name of the curve that a strained frame belongs to."""

Observable = Literal["volume", "lattice_constant"]

OBSERVABLES: Final[tuple[Observable, ...]] = ("volume", "lattice_constant")

_Word = TypeVar("_Word", bound=str)

_EOS: Final = (
    "files",
    "dataset",
    "observable",
    "atoms_per_cell",
    "curve_key",
    "equation",
    "build",
)
_NEB: Final = (
    "path",
    "initial",
    "final",
    "dataset",
    "barrier",
    "barrier_source",
    "reaction_energy",
    "build",
)


@dataclass(frozen=True, slots=True)
class EosConfig:
    """Reference curves of an equation of state.

    Parameters
    ----------
    files
        Files of the strained frames; none with ``dataset``.
    dataset
        Built-in dataset whose curves these are.
    observable
        What is asked for: ``volume`` (of the cell, Å^3) or ``lattice_constant`` (cubic, Å).
    atoms_per_cell
        Atoms of the conventional cubic cell that the lattice constant belongs to: 4 for fcc.
    curve_key
        Info key by which frames are grouped; None to take `CURVE_KEY` where frames have it.
    equation
        Equation of state that is fitted.
    build
        ``module:function`` that makes the curves anew.
    """

    files: tuple[CardFile, ...] = ()
    dataset: str | None = None
    observable: Observable = "volume"
    atoms_per_cell: int | None = None
    curve_key: str | None = None
    equation: Equation = "murnaghan"
    build: str | None = None

    def observed(self, volume: float, n_atoms: int) -> float:
        """The observable for a cell of ``n_atoms`` atoms with a volume in Å^3."""
        if self.atoms_per_cell is None:
            return volume
        return float((volume * self.atoms_per_cell / n_atoms) ** (1.0 / 3.0))


@dataclass(frozen=True, slots=True)
class NebConfig:
    """Reference path of a reaction.

    Parameters
    ----------
    path
        Files of the images in order: all of them, or, with ``initial`` and ``final``, those in
        between; may be empty in that case.
    initial, final
        Files of the two ends.
    dataset
        Built-in dataset whose path this is.
    barrier
        Forward barrier in eV; 0 only with ``dataset``.
    barrier_source
        How the barrier was obtained.
    reaction_energy
        Energy of the final minus that of the initial state in eV; None to take it from the labels.
    build
        ``module:function`` that makes the path anew.
    """

    path: tuple[CardFile, ...] = ()
    initial: CardFile | None = None
    final: CardFile | None = None
    dataset: str | None = None
    barrier: float = 0.0
    barrier_source: str = ""
    reaction_energy: float | None = None
    build: str | None = None


def eos_table(table: Mapping[str, Any], where: str, base: Path) -> EosConfig:
    """Validate ``[eos]``.

    Parameters
    ----------
    table
        What the card has.
    where
        Name of the table, for messages.
    base
        Folder that paths start from.

    Raises
    ------
    CardError
        A key is unknown or missing, or a value has the wrong type.
    """
    refuse_unknown(table, _EOS, where)
    if "dataset" in table:
        return EosConfig(dataset=_other_dataset(table, where))
    if "files" not in table:
        msg = f'{where} names no frames: give files = ["…"], or dataset = "…" for built-in curves'
        raise CardError(msg)
    observable = _one_of(table.get("observable", "volume"), OBSERVABLES, f"{where} `observable`")
    atoms_per_cell = None
    if "atoms_per_cell" in table:
        atoms_per_cell = count_field(table["atoms_per_cell"], f"{where} `atoms_per_cell`", 1)
    if (observable == "lattice_constant") != (atoms_per_cell is not None):
        msg = (
            f"{where}: `atoms_per_cell`, the atoms of the conventional cubic cell (4 for fcc), "
            f'belongs to observable = "lattice_constant" and to it alone; found observable = '
            f'"{observable}" {"without" if atoms_per_cell is None else "with"} it'
        )
        raise CardError(msg)
    key = table.get("curve_key")
    return EosConfig(
        files=card_files(table["files"], f"{where} `files`", base),
        observable=observable,
        atoms_per_cell=atoms_per_cell,
        curve_key=None if key is None else text_field(key, f"{where} `curve_key`"),
        equation=_one_of(table.get("equation", "murnaghan"), EQUATIONS, f"{where} `equation`"),
        build=_build(table, where),
    )


def neb_table(table: Mapping[str, Any], where: str, base: Path) -> NebConfig:
    """Validate ``[neb]``.

    Parameters
    ----------
    table
        What the card has.
    where
        Name of the table, for messages.
    base
        Folder that paths start from.

    Raises
    ------
    CardError
        A key is unknown or missing, or a value has the wrong type.
    """
    refuse_unknown(table, _NEB, where)
    if "dataset" in table:
        return NebConfig(dataset=_other_dataset(table, where))
    ends = {
        end: card_file(table[end], f"{where} `{end}`", base)
        for end in ("initial", "final")
        if end in table
    }
    if len(ends) == 1 or not (ends or "path" in table):
        msg = (
            f"{where}: give `path`, the file of all images, or `initial` and `final` (and in "
            f"`path` the images in between, if there are any); found {', '.join(ends) or 'none'}"
        )
        raise CardError(msg)
    if "barrier" not in table:
        msg = f"{where}: `barrier` is missing, the reference's forward barrier in eV"
        raise CardError(msg)
    source = table.get("barrier_source")
    energy = table.get("reaction_energy")
    return NebConfig(
        path=card_files(table["path"], f"{where} `path`", base) if "path" in table else (),
        initial=ends.get("initial"),
        final=ends.get("final"),
        barrier=positive_number(table["barrier"], f"{where} `barrier`"),
        barrier_source="" if source is None else text_field(source, f"{where} `barrier_source`"),
        reaction_energy=(
            None if energy is None else finite_number(energy, f"{where} `reaction_energy`")
        ),
        build=_build(table, where),
    )


def _other_dataset(table: Mapping[str, Any], where: str) -> str:
    others = [key for key in table if key != "dataset"]
    if others:
        msg = f"{where}: with `dataset` all the rest is that dataset's; found also {others[0]!r}"
        raise CardError(msg)
    return text_field(table["dataset"], f"{where} `dataset`")


def _one_of(value: Any, known: tuple[_Word, ...], what: str) -> _Word:
    for word in known:
        if value == word:
            return word
    msg = f"{what} must be one of {', '.join(known)}, found {value!r}"
    raise CardError(msg)


def _build(table: Mapping[str, Any], where: str) -> str | None:
    return function_field(table["build"], f"{where} `build`") if "build" in table else None
