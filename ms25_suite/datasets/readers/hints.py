"""Messages about labels for an import, which has options where a dataset has a card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.datasets.formats.stated_units import CP2K_HEADER

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["for_import", "of_cp2k"]

_TABLE: Final = re.compile(r'\[labels\] (?P<pairs>\w+ = "[^"]*"(?:, \w+ = "[^"]*")*)')
_WORDS: Final = (
    # The longer ones first.
    ("Name the keys in a card:", "Name them:"),
    ("State in a card which ones to use:", "State which ones to use:"),
    (" in the card, in [labels]", " by --keys"),
    (" in the card:", ":"),
    (" in a card:", ":"),
    ("the card names", "--keys names"),
)


def for_import(text: str) -> str:
    """A message with ``--keys`` in place of the table ``[labels]`` of a card.

    Examples
    --------
    >>> for_import('Name the keys in a card: [labels] energy = "E", forces = "F"')
    'Name them: --keys energy=E forces=F'
    """
    text = _TABLE.sub(_option, text)
    for card, option in _WORDS:
        text = text.replace(card, option)
    return text


def _option(match: re.Match[str]) -> str:
    pairs = re.findall(r'(\w+) = "([^"]*)"', match["pairs"])
    return "--keys " + " ".join(f"{name}={key}" for name, key in pairs)


def of_cp2k(images: Sequence[Atoms], sources: Sequence[Path]) -> str:
    """What to know of trajectories of CP2K, which have no forces; empty for other files."""
    if not images or not images[0].info.keys() >= CP2K_HEADER or "-frc" not in _forces_of(sources):
        return ""
    return (
        f"{sources[0].name} is a trajectory of CP2K: E is in hartree, and there is no cell. Its "
        f"forces are in {_forces_of(sources)} (&MOTION &PRINT &FORCES), in hartree/bohr. Write "
        f"positions, cell and forces into one extended XYZ file"
    )


def _forces_of(sources: Sequence[Path]) -> str:
    return sources[0].name.replace("-pos", "-frc") if sources else ""
