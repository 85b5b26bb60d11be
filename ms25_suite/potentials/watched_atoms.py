"""Structures that notice which inputs an ASE calculator reads of them.

ASE has no way for a calculator to say what it reads besides the structure. Calculators that take a
charge or a spin of the whole system look them up in ``Atoms.info``.
"""

from __future__ import annotations

from typing import Any, Final

from ase import Atoms

from ms25_suite.core.inputs import KNOWN_INPUTS

__all__ = ["WatchedAtoms", "inputs_read"]

_NAMES: Final = {
    key: known.name for known in KNOWN_INPUTS.values() if known.per == "frame" for key in known.keys
}

_read: set[str] = set()
"""Names of the inputs that were read in this process."""


def inputs_read() -> tuple[str, ...]:
    """Names of the inputs of frames that were read so far, sorted."""
    return tuple(sorted(_read))


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
        if isinstance(key, str) and key.lower() in _NAMES:
            _read.add(_NAMES[key.lower()])


class WatchedAtoms(Atoms):  # type: ignore[misc]
    """``Atoms`` whose copies are watched too: most calculators copy what they get."""

    @property
    def info(self) -> dict[Any, Any]:
        """Further information."""
        return self._info

    @info.setter
    def info(self, values: dict[Any, Any]) -> None:
        self._info = _WatchedInfo(values)
