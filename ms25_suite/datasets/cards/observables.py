"""Tables ``[eos]`` and ``[neb]`` of a card: observables that the reference gives of a dataset."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from ms25_suite.core.fields import Equation
from ms25_suite.datasets.cards.fields import (
    CARD_CONFIG,
    AtLeastOne,
    PositiveNumber,
    Text,
    refuse_other_than_function,
    values_of,
)
from ms25_suite.datasets.cards.files import CardFile, FileEntry, Files, located

__all__ = ["CURVE_KEY", "EosConfig", "EosTable", "NebConfig", "NebTable"]

CURVE_KEY: Final = "curve"
"""Info key with the name of the curve that a strained frame belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EosTable:
    """Reference curves of an equation of state, as the table ``[eos]`` of a card has them.

    Parameters
    ----------
    files
        Files of the strained frames; none with ``dataset``.
    dataset
        Built-in dataset whose curves are used.
    observable
        What is measured: ``volume`` (of the cell, Å^3) or ``lattice_constant`` (cubic, Å).
    atoms_per_cell
        Atoms of the conventional cubic cell that the lattice constant belongs to: 4 for fcc.
    curve_key
        Info key by which frames are grouped; None to take `CURVE_KEY` where frames have it.
    equation
        Equation of state that is fitted.
    build
        ``module:function`` that makes the curves anew.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    files: Files = ()
    dataset: Text | None = None
    observable: Literal["volume", "lattice_constant"] = "volume"
    atoms_per_cell: AtLeastOne | None = None
    curve_key: Text | None = None
    equation: Equation = "murnaghan"
    build: Text | None = None

    def __post_init__(self) -> None:
        if self.dataset is not None:
            _refuse_own_values(self)
            return
        if not self.files:
            msg = 'names no frames: give files = ["…"], or dataset = "…" for built-in curves'
            raise ValueError(msg)
        if (self.observable == "lattice_constant") != (self.atoms_per_cell is not None):
            found = "without" if self.atoms_per_cell is None else "with"
            msg = (
                "`atoms_per_cell`, the atoms of the conventional cubic cell (4 for fcc), belongs "
                'to observable = "lattice_constant" and to it alone; found observable = '
                f'"{self.observable}" {found} it'
            )
            raise ValueError(msg)
        refuse_other_than_function(self.build, "build")

    def located(self, base: Path) -> EosConfig:
        """The same with paths that start from a folder."""
        return EosConfig(**(values_of(self) | {"files": located(self.files, base)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class EosConfig(EosTable):
    """Reference curves of an equation of state, with files that can be opened."""

    files: tuple[CardFile, ...] = ()

    def observed(self, volume: float, n_atoms: int) -> float:
        """The observable for a cell of ``n_atoms`` atoms with a volume in Å^3."""
        if self.atoms_per_cell is None:
            return volume
        return float((volume * self.atoms_per_cell / n_atoms) ** (1.0 / 3.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class NebTable:
    """Reference path of a reaction, as the table ``[neb]`` of a card has it.

    Parameters
    ----------
    path
        Files of the images in order: all of them, or, with ``initial`` and ``final``, those in
        between; may be empty in that case.
    initial, final
        Files of the two ends.
    dataset
        Built-in dataset whose path is used.
    barrier
        Forward barrier in eV; 0 only with ``dataset``.
    barrier_source
        How the barrier was obtained.
    reaction_energy
        Energy of the final minus that of the initial state in eV; None to take it from the labels.
    build
        ``module:function`` that makes the path anew.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    path: Files = ()
    initial: FileEntry | None = None
    final: FileEntry | None = None
    dataset: Text | None = None
    barrier: PositiveNumber = 0.0
    barrier_source: Text = ""
    reaction_energy: float | None = None
    build: Text | None = None

    def __post_init__(self) -> None:
        if self.dataset is not None:
            _refuse_own_values(self)
            return
        ends = [name for name in ("initial", "final") if getattr(self, name) is not None]
        if len(ends) == 1 or not (ends or self.path):
            msg = (
                "give `path`, the file of all images, or `initial` and `final` (and in `path` the "
                f"images in between, if there are any); found {', '.join(ends) or 'none'}"
            )
            raise ValueError(msg)
        if self.barrier == 0.0:
            msg = "`barrier` is missing, the reference's forward barrier in eV"
            raise ValueError(msg)
        refuse_other_than_function(self.build, "build")

    def located(self, base: Path) -> NebConfig:
        """The same with paths that start from a folder."""
        values = values_of(self) | {"path": located(self.path, base)}
        for end in ("initial", "final"):
            if values[end] is not None:
                (values[end],) = located(values[end], base)
        return NebConfig(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class NebConfig(NebTable):
    """Reference path of a reaction, with files that can be opened."""

    path: tuple[CardFile, ...] = ()
    initial: CardFile | None = None
    final: CardFile | None = None


def _refuse_own_values(table: EosTable | NebTable) -> None:
    """Refuse values beside ``dataset``: all the rest is that dataset's."""
    own = [
        field.name
        for field in fields(table)
        if field.name != "dataset" and getattr(table, field.name) != field.default
    ]
    if own:
        msg = f"with `dataset` all the rest is that dataset's; found also {own[0]!r}"
        raise ValueError(msg)
