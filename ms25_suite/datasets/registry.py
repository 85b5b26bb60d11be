"""Built-in datasets by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import did_you_mean
from ms25_suite.datasets.cards.card import DatasetCard

__all__ = ["GROUPS", "builtin_card", "expand", "known_datasets", "suggestion"]

_HERE = Path(__file__).parent / "builtin"


def _cards() -> dict[str, Path]:
    return {path.stem: path for path in sorted(_HERE.glob("*.toml"))}


def known_datasets() -> tuple[str, ...]:
    """Names of the built-in datasets, sorted."""
    return tuple(_cards())


def builtin_card(name: str) -> DatasetCard | None:
    """Card of the built-in dataset with the given name or alias, in any case; None if none has.

    Raises
    ------
    CardError
        The card is invalid.
    """
    wanted = name.strip().lower()
    cards = _cards()
    if wanted in cards:
        return DatasetCard.from_file(cards[wanted], shipped=True, base=_HERE)
    for path in cards.values():
        card = DatasetCard.from_file(path, shipped=True, base=_HERE)
        if wanted in (alias.lower() for alias in card.aliases):
            return card
    return None


def suggestion(name: str) -> str:
    """The nearest name of a built-in dataset, if one is near, and all of them."""
    known = known_datasets()
    hint = did_you_mean(name, known, cutoff=0.5).lstrip()
    return f"{hint}{' ' if hint else ''}Built-in datasets: {', '.join(known)}"


GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "mgo": ("mgo-2x2", "mgo-4x4"),
    "water": ("water-64", "water-192"),
    "zeolites": ("cha", "fau", "lta", "mfi", "bea"),
}
"""Members of each group, in the order of the paper."""


def expand(name: str) -> tuple[str, ...]:
    """Names of the datasets that a name stands for: ``all``, a group, or the name itself.

    Members of a group that this version does not have are left out.
    """
    known = known_datasets()
    wanted = name.strip().lower()
    if wanted == "all":
        return known
    members = tuple(member for member in GROUPS.get(wanted, ()) if member in known)
    return members or (name,)
