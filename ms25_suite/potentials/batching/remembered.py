"""Batch sizes that earlier runs have learned, in the cache."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path, cache_dir, content_key
from ms25_suite.core.sealed import DamagedError, sealed_json, unseal_json
from ms25_suite.potentials.batching.limits import Learned

__all__ = ["RememberedSize"]

REVISION: Final = 1
"""Increased when the meaning of a size changes."""


class RememberedSize:
    """The batch size of one model, precision and card.

    It only makes a run faster: what cannot be read or written is as good as absent.

    Parameters
    ----------
    identity
        Description, in JSON types, of everything that the size depends on.
    """

    def __init__(self, identity: Mapping[str, Any]) -> None:
        self._key = content_key({**identity, "revision": REVISION})
        self._last: Learned | None = None

    def get(self) -> Learned | None:
        """The size; None if there is none, or it is damaged."""
        try:
            path = self._path()
            record = unseal_json(path.read_bytes(), str(path), self._key)
            self._last = Learned.from_dict(record)
        except (OSError, DamagedError, KeyError, TypeError, ValueError):
            return None
        return self._last

    def put(self, learned: Learned) -> None:
        """Keep a size, unless it is the one that is kept already."""
        if learned == self._last:
            return
        self._last = learned
        with suppress(OSError), atomic_path(self._path()) as path:
            path.write_bytes(sealed_json(learned.to_dict(), self._key).encode())

    def _path(self) -> Path:
        return cache_dir("batch-sizes") / f"{self._key}.json"
