"""Messages about labels for an import, which has options where a dataset has a card."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["for_import"]

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
