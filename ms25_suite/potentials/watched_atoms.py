"""Structures as ASE calculators read them, which notice what is read.

ASE has no way for a calculator to say what it reads besides the structure. Calculators that take a
charge or a spin of the whole system look them up in ``Atoms.info``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from ase import Atoms

from ms25_suite.core.inputs import KNOWN_INPUTS

__all__ = ["WatchedAtoms", "noticing", "spread_over_atoms"]

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


def spread_over_atoms(atoms: Atoms) -> None:
    """State charge and spin of the system in ASE's own way too, where its atoms state none.

    For ASE the charge of a system is the sum of its initial charges, and the number of unpaired
    electrons, 2S, the sum of its initial magnetic moments in μB: tblite, DFTB+ and others read
    them there. Which atom has how much of it is not known, and does not matter to a sum.
    """
    charge, spin = KNOWN_INPUTS["total_charge"], KNOWN_INPUTS["spin_multiplicity"]
    total = dict.get(atoms.info, charge.keys[0])
    if total and not atoms.has("initial_charges"):
        atoms.set_initial_charges(np.full(len(atoms), total / len(atoms)))
    multiplicity = dict.get(atoms.info, spin.keys[0])
    if multiplicity and multiplicity > 1 and not atoms.has("initial_magmoms"):
        atoms.set_initial_magnetic_moments(np.full(len(atoms), (multiplicity - 1) / len(atoms)))
