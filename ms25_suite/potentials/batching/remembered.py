"""Batch sizes that earlier runs have learned, in the cache."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path, content_key
from ms25_suite.core.sealed import DamagedError, sealed_json, unseal_json
from ms25_suite.potentials.batching.limits import Learned

__all__ = ["RememberedSize"]

REVISION: Final = 1
"""Increased when the meaning of a size changes."""


class RememberedSize:
    """The batch size of one model and precision on each card.

    It only makes a run faster: what cannot be read or written is as good as absent.

    Parameters
    ----------
    folder
        Where sizes are kept.
    identity
        Description, in JSON types, of everything that the size depends on besides the card.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self._folder = folder
        self._identity = dict(identity)
        self._known: dict[str, Learned] = {}

    def get(self, card: str) -> Learned | None:
        """The size for a card; None if there is none, or it is damaged."""
        key = self._key(card)
        try:
            path = self._folder / f"{key}.json"
            found = Learned.from_dict(unseal_json(path.read_bytes(), str(path), key))
        except (OSError, DamagedError, KeyError, TypeError, ValueError):
            return None
        self._known[card] = found
        return found

    def put(self, card: str, learned: Learned) -> None:
        """Keep a size, unless it is the one that is kept already."""
        if learned == self._known.get(card):
            return
        self._known[card] = learned
        key = self._key(card)
        with suppress(OSError), atomic_path(self._folder / f"{key}.json") as path:
            path.write_text(sealed_json(learned.to_dict(), key), encoding="utf-8")

    def _key(self, card: str) -> str:
        return content_key({**self._identity, "card": card, "revision": REVISION})
