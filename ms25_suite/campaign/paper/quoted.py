"""What the paper says and what was found, side by side, by the words that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Beside", "Quoted", "quoted"]


@dataclass(frozen=True, slots=True)
class Beside:
    """One statement of the paper on one dataset, and one's own numbers.

    Parameters
    ----------
    quote
        The paper's words.
    about
        Dataset and quantity.
    theirs
        What the paper says, with unit and number of training frames.
    ours
        Own numbers by architecture, or why there is none.
    agrees
        How they compare; empty without a number.
    remark
        What a reader has to know.
    """

    quote: str
    about: str
    theirs: str
    ours: str
    agrees: str
    remark: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """Some words of the paper, and all rows that they are about."""

    quote: str
    remarks: tuple[str, ...]
    rows: tuple[Beside, ...]


def quoted(rows: Iterable[Beside]) -> list[Quoted]:
    """Rows by the words that they are about, each of which is printed once."""
    found: dict[str, list[Beside]] = {}
    for row in rows:
        found.setdefault(row.quote, []).append(row)
    return [
        Quoted(words, tuple(dict.fromkeys(row.remark for row in own if row.remark)), tuple(own))
        for words, own in found.items()
    ]
