"""Numbers that the paper prints in its text, as data beside which one's own are shown."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, Final, Literal

from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import ReportError, did_you_mean
from ms25_suite.core.units import (
    BARRIER_UNIT,
    DIMENSIONLESS,
    LENGTH_UNIT,
    PERCENT,
    QUANTITY_UNITS,
    SPEED_UNIT,
)

__all__ = ["ARCHITECTURES", "Order", "Printed", "Statement", "printed", "read_printed"]

ARCHITECTURES: Final = ("mace", "nequip", "allegro", "mtp", "ani")
"""The paper's architectures, in the order of its abstract."""

DATASETS: Final = (
    "mgo-2x2",
    "mgo-4x4",
    "water-64",
    "water-192",
    "cha",
    "reaction",
    "hea",
    "zro",
)
"""The paper's datasets to train on."""

_FRAMEWORKS: Final = ("fau", "lta", "mfi")
_FIGURES: Final = ("2", "3", "4", "5", "6", "7", "table-8")

_UNITS: Final = QUANTITY_UNITS | {
    "volume": PERCENT,
    "barrier": BARRIER_UNIT,
    "lattice_constant": LENGTH_UNIT,
    "katoms_per_s": SPEED_UNIT,
}
"""Unit of each quantity."""

_QUANTITIES: Final = {
    "mae": tuple(QUANTITY_UNITS),
    "ratio": tuple(QUANTITY_UNITS),
    "rate": tuple(QUANTITY_UNITS),
    "error": ("volume", "barrier", "lattice_constant"),
    "reference": ("barrier", "lattice_constant"),
    "speed": ("katoms_per_s",),
}
"""Quantities of each kind of statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A number in the paper's text.

    Parameters
    ----------
    id
        Name, unique in the file.
    figure
        Figure that the text is about: ``2`` to ``7``.
    quote
        The paper's words.
    what
        ``mae``, ``ratio`` of the errors on ``test`` and on ``dataset``, ``error`` of an observable
        with its sign, ``reference``, ``speed`` or ``rate``.
    quantity
        ``energy``, ``forces``, ``stress``, an observable, or ``katoms_per_s``.
    unit
        Unit of ``low`` and ``high``.
    dataset, test
        Datasets that were trained on and that were tested; without the latter they are the same.
        All datasets if empty.
    architectures
        All five if empty.
    over, over_n
        The number is a ratio to that of these architectures, or of this number of training frames.
    n
        Number of training frames; None for all.
    low, high
        Range that the words state; one of them for a bound, equal for a number.
    about
        Whether the words say that it is approximate.
    remark
        What a reader has to know.

    Raises
    ------
    ValueError
        Something of this does not belong together.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    id: str
    figure: str
    quote: str
    what: Literal["mae", "ratio", "error", "reference", "speed", "rate"]
    quantity: str
    unit: str
    dataset: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    over_n: int | None = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    about: bool = False
    remark: str = ""

    def __post_init__(self) -> None:
        if not self.id or not self.quote.strip():
            _refuse("expected an `id` and a `quote` that are not empty")
        _known(self.figure, _FIGURES, "figure")
        _known(self.quantity, _QUANTITIES[self.what], "quantity")
        for name in self.dataset:
            _known(name, DATASETS, "dataset")
        for name in self.test:
            _known(name, (*DATASETS, *_FRAMEWORKS), "test")
        for name in (*self.architectures, *self.over):
            _known(name, ARCHITECTURES, "architecture")
        ratio = self.what in ("ratio", "rate") or bool(self.over) or self.over_n is not None
        expected = DIMENSIONLESS if ratio else _UNITS[self.quantity]
        if self.unit != expected:
            _refuse(f"`unit`: expected {expected!r}, found {self.unit!r}")
        if self.low is None and self.high is None:
            _refuse("expected `low`, `high` or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            _refuse(f"expected `low` up to `high`, found {self.low:g} and {self.high:g}")
        if self.what == "ratio" and not self.test:
            _refuse("a ratio needs `test`, the datasets that were tested")

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Datasets trained on and tested; empty for a statement about all."""
        return tuple((own, test) for own in self.dataset for test in self.test or (own,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of architectures that the paper's text states, from the highest rate to the lowest.

    Parameters
    ----------
    id, quote
        Name, and the paper's words.
    dataset, quantity
        Whose data training rates they are.
    architectures
        All five.

    Raises
    ------
    ValueError
        A name is unknown, or an architecture is missing.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    id: str
    quote: str
    dataset: str
    quantity: str
    architectures: tuple[str, ...]

    def __post_init__(self) -> None:
        _known(self.dataset, DATASETS, "dataset")
        _known(self.quantity, tuple(QUANTITY_UNITS), "quantity")
        if sorted(self.architectures) != sorted(ARCHITECTURES):
            _refuse(f"expected each of {', '.join(ARCHITECTURES)} once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """All statements.

    Raises
    ------
    ValueError
        Two have one name.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    statement: tuple[Statement, ...]
    order: tuple[Order, ...] = ()

    def __post_init__(self) -> None:
        names = [*(one.id for one in self.statement), *(one.id for one in self.order)]
        for name in names:
            if names.count(name) > 1:
                _refuse(f"two statements have the id {name!r}")

    def of_figure(self, figure: str) -> tuple[Statement, ...]:
        """Statements about a figure."""
        return tuple(one for one in self.statement if one.figure == figure)


@cache
def printed() -> Printed:
    """The statements that the suite brings."""
    source = files("ms25_suite.campaign.paper").joinpath("printed.toml")
    return read_printed(source.read_text(encoding="utf-8"), "printed.toml")


def read_printed(text: str, where: str) -> Printed:
    """Read statements.

    Raises
    ------
    ReportError
        The text is no TOML, or a statement is not valid; the message names it.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{where} is not valid TOML: {error}"
        raise ReportError(msg) from error
    return read_as(Printed, content, where, ReportError)


def _known(name: str, known: tuple[str, ...], what: str) -> None:
    if name not in known:
        hint = did_you_mean(name, known)
        _refuse(f"unknown {what} {name!r}.{hint} Expected one of {', '.join(known)}")


def _refuse(message: str) -> None:
    raise ValueError(message)
