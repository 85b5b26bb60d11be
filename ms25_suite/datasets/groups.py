"""Names that stand for several built-in datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ms25_suite.datasets.registry import known_datasets

__all__ = ["GROUPS", "expand"]

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
