"""Which columns of a file are its labels: those of one family of names.

Energies of one method must never be combined with forces of another. So all labels are of one
family, that is of one prefix or suffix (``REF_``, ``dft_``, ``_true``), or all without one. What
has another name is not taken, and named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.datasets.columns.names import LabelName, ParsedName, parse_name
from ms25_suite.datasets.columns.values import entries, has_gap

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["DECISIVE", "LabelColumns", "find_columns"]

DECISIVE: Final[tuple[Literal["energy", "forces"], ...]] = ("energy", "forces")
"""Labels that decide about the family: a stress alone does not make one."""

_CANONICAL: Final = {"energy", "forces", "stress", "virial", "virials"}


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """Columns whose names are those of labels.

    Parameters
    ----------
    counts
        Key and what it says, to the number of frames that have a value there.
    """

    counts: Mapping[tuple[str, ParsedName], int]

    def keys(self, name: LabelName, family: str) -> tuple[str, ...]:
        """Keys of a label in a family, in the order in which they are tried."""
        mine = [
            (key, parsed)
            for key, parsed in self.counts
            if parsed.name == name and parsed.family == family
        ]
        # One kind of energy for all frames: a free energy is not comparable with a total one.
        least = min((parsed.kind for _, parsed in mine), default=0)
        kept = [key for key, parsed in mine if parsed.kind == least]
        # The names of ASE and MACE first, then by the number of frames, then by name.
        return tuple(sorted(kept, key=lambda key: (not _usual(key), -self._count(key), key)))

    def families(self, names: Sequence[LabelName]) -> dict[str, set[LabelName]]:
        """Labels among the given ones that each family has."""
        found: dict[str, set[LabelName]] = {}
        for _, parsed in self.counts:
            if parsed.name in names:
                found.setdefault(parsed.family, set()).add(parsed.name)
        return found

    def best_family(self, names: Sequence[LabelName], where: str) -> str | None:
        """The family to take labels from; None if none has any of the given labels.

        A stated reference comes before a method or program, and that before plain names, which may
        also be what an attached calculator computed.

        Raises
        ------
        LabelError
            Two methods are equally good.
        """
        families = self.families(names)
        if not families:
            return None
        ranks = {parsed.family: parsed.rank for _, parsed in self.counts}
        order = sorted(families, key=lambda family: (ranks[family], -len(families[family])))
        first, *others = order
        equal = [
            family
            for family in others
            if ranks[family] == ranks[first] and len(families[family]) == len(families[first])
        ]
        if equal:
            keys = [
                key
                for name in names
                for family in (first, *equal)
                for key in self.keys(name, family)
            ]
            msg = (
                f"{where}: labels of several methods: {', '.join(f'`{key}`' for key in keys)}. "
                f'State in a card which ones to use: [labels] energy = "…", forces = "…"'
            )
            raise LabelError(msg)
        return first

    def beside(self, known: Iterable[str]) -> tuple[str, ...]:
        """Other keys of labels than the given ones, of any family, sorted."""
        known = set(known)
        taken = [parsed for key, parsed in self.counts if key in known]
        families = {parsed.family for parsed in taken}
        # Another key that says just the same: `Energy` beside `ENERGY`.
        same = {(parsed.family, parsed.name, parsed.kind) for parsed in taken}
        return tuple(
            sorted(
                key
                for key, parsed in self.counts
                if key not in known
                and (
                    parsed.family not in families
                    or (parsed.family, parsed.name, parsed.kind) in same
                )
            )
        )

    def _count(self, key: str) -> int:
        return next(count for (found, _), count in self.counts.items() if found == key)


def _usual(key: str) -> bool:
    return key.removeprefix("REF_") in _CANONICAL


def find_columns(images: Sequence[Atoms]) -> LabelColumns:
    """Columns of some frames whose names are those of labels, as far as a frame has a value."""
    counts: Counter[tuple[str, ParsedName]] = Counter()
    for atoms in images:
        for key, value in entries(atoms).items():
            parsed = parse_name(key)
            if parsed is not None and _fits(atoms, key, parsed, value):
                counts[key, parsed] += 1
    return LabelColumns(counts)


def _fits(atoms: Atoms, key: str, parsed: ParsedName, value: Any) -> bool:
    """Whether a value is where such a label can be, and is not missing."""
    if has_gap(value):
        return False
    in_array = key in atoms.arrays
    if parsed.name == "forces":
        # ASE puts the only row of a frame with a single atom beside the other entries.
        results = getattr(atoms.calc, "results", None) or {}
        return in_array or key in results or (len(atoms) == 1 and np.size(value) == 3)
    if in_array:
        return False
    # Energies and stresses of the atoms have the same names in ASE.
    whole = {"energy": ((), (1,)), "stress": ((6,), (3, 3), (9,))}
    return not parsed.plural or np.shape(value) in whole.get(parsed.name, ())
