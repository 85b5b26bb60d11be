"""Built-in datasets by name: those of the suite, and those that installed packages bring.

A package names a folder of cards (``*.toml``, with their files of frames beside them) by an entry
point of the group ``ms25_suite.datasets``. Entry points are loaded when a name is none of the
suite's own, never at import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.entry_points import Contribution, contributions
from ms25_suite.core.errors import DatasetError, did_you_mean
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.tiers import MINI, Tier

__all__ = [
    "ENTRY_POINTS",
    "GROUPS",
    "OTHER_CELLS",
    "builtin_card",
    "expand",
    "imported_card",
    "known_datasets",
    "not_imported",
    "own_datasets",
    "suggestion",
]

ENTRY_POINTS: Final = "ms25_suite.datasets"
"""Group of the entry points of folders of cards."""

_HERE = Path(__file__).parent / "builtin"

_NAME: Final = re.compile(r"[\w-]+")
"""Names that a dataset of a package may have; no path is taken for one."""


@dataclass(frozen=True, slots=True)
class _CardOfPackage:
    path: Path
    package: str

    def card(self) -> DatasetCard:
        return DatasetCard.from_file(self.path, builtin=True, package=self.package)


def own_datasets() -> tuple[str, ...]:
    """Names of the suite's own datasets, sorted: what ``all`` stands for."""
    return tuple(_own())


def known_datasets() -> tuple[str, ...]:
    """Names of all built-in datasets: the suite's own, then those of installed packages.

    Raises
    ------
    DatasetError
        An installed package is broken, or brings a name that is taken.
    """
    return (*_own(), *_of_packages())


def builtin_card(name: str) -> DatasetCard | None:
    """Card of the built-in dataset with the given name or alias, in any case; None if none has.

    Raises
    ------
    CardError
        The card is invalid.
    DatasetError
        The name is none of the suite's own, and an installed package is broken or brings a name
        that is taken.
    """
    wanted = name.strip().lower()
    # The suite's own names first: they must not depend on what else is installed.
    if (card := _own_card(wanted)) is not None:
        return card
    # It is a path, for which entry points of other packages need not be loaded.
    if not _NAME.fullmatch(wanted):
        return None
    others = _of_packages()
    if wanted in others:
        return others[wanted].card()
    cards = [
        card for card in (other.card() for other in others.values()) if _has_alias(card, wanted)
    ]
    if len(cards) > 1:
        names = " and ".join(f"{card.name} ({card.package})" for card in cards)
        msg = f"{name!r} is an alias of several datasets: {names}. Use the name of one of them"
        raise DatasetError(msg)
    return cards[0] if cards else None


def imported_card(name: str, tier: Tier) -> Path | None:
    """Card that a name or alias stands for in a tier, in any case.

    Returns
    -------
    :
        None for a name that has no card there and is none of the suite's own either: that of
        another package's dataset, or a path.

    Raises
    ------
    DatasetError
        The name is one of the suite's own, and the tier has no such dataset; or the tier has none
        at all.
    """
    wanted = name.strip().lower()
    if tier.folder is None or not _NAME.fullmatch(wanted):
        return None
    cards = tier.cards()
    if wanted in cards:
        return cards[wanted]
    own = _own_card(wanted)
    if own is None:
        return None
    if own.name not in cards:
        raise DatasetError(tier.refusal([own.name]))
    return cards[own.name]


def _own_card(wanted: str) -> DatasetCard | None:
    """Card of the suite's own dataset with the given name or alias; None if there is none."""
    own = _own()
    if wanted in own:
        return DatasetCard.from_file(own[wanted], builtin=True)
    cards = (DatasetCard.from_file(path, builtin=True) for path in own.values())
    return next((card for card in cards if _has_alias(card, wanted)), None)


def suggestion(name: str, tier: Tier = MINI) -> str:
    """The nearest name of a built-in dataset, if one is near, and all of them.

    Parameters
    ----------
    name
        What was given.
    tier
        Tier whose names are those that can be given.

    Raises
    ------
    DatasetError
        An installed package is broken, or brings a name that is taken.
    """
    if tier.folder is not None:
        # Without any, the problem is another one than a missing file.
        with suppress(DatasetError):
            imported = tier.cards()
            hint = did_you_mean(name, imported, cutoff=0.5).lstrip()
            return f"{hint}{' ' if hint else ''}Datasets of {tier.origin}: {', '.join(imported)}"
    packages = {name: f"{name} ({other.package})" for name, other in _of_packages().items()}
    known = known_datasets()
    hint = did_you_mean(name, known, cutoff=0.5).lstrip()
    shown = ", ".join(packages.get(name, name) for name in known)
    return f"{hint}{' ' if hint else ''}Built-in datasets: {shown}"


GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "mgo": ("mgo-2x2", "mgo-4x4"),
    "water": ("water-64", "water-192"),
    "zeolites": ("cha", "fau", "lta", "mfi", "bea"),
}
"""Members of each group, in the order of the paper."""

OTHER_CELLS: Final = frozenset({"cha-288", "mgo-2x2-small"})
"""The suite's own datasets in cells that are no dataset of the paper: no archive of it has them."""


def expand(name: str, tier: Tier = MINI) -> tuple[str, ...]:
    """Names of the datasets that a name stands for: ``all``, a group, or the name itself.

    ``all`` are the suite's own datasets. Members of a group that this version, or the tier, does
    not have are left out; `not_imported` names them.

    Raises
    ------
    DatasetError
        The tier has none of the group.
    """
    members = _members(name, tier)
    missing = not_imported(name, tier)
    if members and len(missing) == len(members):
        raise DatasetError(tier.refusal(missing))
    return tuple(member for member in members if member not in missing) or (name,)


def not_imported(name: str, tier: Tier) -> tuple[str, ...]:
    """Members of a group that a tier of imported data does not have.

    Raises
    ------
    DatasetError
        The name is that of a group, and the tier has no datasets at all.
    """
    members = _members(name, tier)
    if tier.folder is None or not members:
        return ()
    cards = tier.cards()
    return tuple(member for member in members if member not in cards)


def _members(name: str, tier: Tier) -> tuple[str, ...]:
    own = own_datasets()
    if tier.folder is not None:
        own = tuple(name for name in own if name not in OTHER_CELLS)
    wanted = name.strip().lower()
    if wanted == "all":
        return own
    return tuple(member for member in GROUPS.get(wanted, ()) if member in own)


def _own() -> dict[str, Path]:
    return {path.stem: path for path in sorted(_HERE.glob("*.toml"))}


def _has_alias(card: DatasetCard, wanted: str) -> bool:
    return wanted in (alias.lower() for alias in card.aliases)


def _of_packages() -> dict[str, _CardOfPackage]:
    """Cards of installed packages, by name."""
    own = _own()
    found: dict[str, _CardOfPackage] = {}
    for contribution in contributions(ENTRY_POINTS, DatasetError):
        package = contribution.package
        for path in _cards_in(contribution):
            name = path.stem.lower()
            if not _NAME.fullmatch(name):
                msg = (
                    f"the installed package {package} brings a dataset {path.stem!r}; expected a "
                    f"name of letters, digits, - and _: rename its card {path}"
                )
                raise DatasetError(msg)
            taken = "the suite itself" if name in own else ""
            taken = taken or (found[name].package if name in found else "")
            if taken or name in ("all", *GROUPS):
                msg = (
                    f"the installed package {package} brings a dataset {name!r}, a name that "
                    f"{taken or 'the suite'} has already: rename its card {path}, or uninstall one "
                    "of the packages"
                )
                raise DatasetError(msg)
            found[name] = _CardOfPackage(path, package)
    return found


def _cards_in(contribution: Contribution) -> list[Path]:
    """Cards in the folder that an entry point names."""
    from importlib.resources import files

    what = (
        f"the entry point {contribution.name!r} ({ENTRY_POINTS}) of the installed package "
        f"{contribution.package}"
    )
    try:
        folder = Path(str(files(contribution.content)))
    except (TypeError, AttributeError) as error:
        msg = f"{what} must name a module whose folder holds cards, found {contribution.content!r}"
        raise DatasetError(msg) from error
    cards = sorted(folder.glob("*.toml"), key=lambda path: path.stem) if folder.is_dir() else []
    if not cards:
        msg = f"{what} names the folder {folder}, which holds no cards (*.toml)"
        raise DatasetError(msg)
    return cards
