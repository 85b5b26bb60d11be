"""Structures that notice which inputs an ASE calculator reads of them.

ASE has no way for a calculator to say what it reads besides the structure. Calculators that take a
charge or a spin of the whole system look them up in ``Atoms.info``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ase import Atoms

from ms25_suite.core.inputs import KNOWN_INPUTS

__all__ = ["WatchedAtoms", "noticing"]

_NAMES: Final = {
    key: known.name for known in KNOWN_INPUTS.values() if known.per == "frame" for key in known.keys
}

_into: list[set[str]] = []
"""Where names of inputs go that are read; the last one is the present one."""


@contextmanager
def noticing(names: set[str]) -> Iterator[None]:
    """Add the names of the inputs of frames that are read meanwhile to a set."""
    _into.append(names)
    try:
        yield
    finally:
        _into.pop()


class _WatchedInfo(dict[Any, Any]):
    """An ``info`` that notices look-ups of single keys; copying it as a whole is none."""

    def __getitem__(self, key: Any) -> Any:
        self._notice(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._notice(key)
        return super().__contains__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self._notice(key)
        return super().get(key, default)

    @staticmethod
    def _notice(key: object) -> None:
        if _into and isinstance(key, str) and key.lower() in _NAMES:
            _into[-1].add(_NAMES[key.lower()])


class WatchedAtoms(Atoms):  # type: ignore[misc]
    """``Atoms`` whose copies are watched too: most calculators copy what they get."""

    @property
    def info(self) -> dict[Any, Any]:
        """Further information."""
        return self._info

    @info.setter
    def info(self, values: dict[Any, Any]) -> None:
        self._info = _WatchedInfo(values)
