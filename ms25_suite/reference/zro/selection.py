"""Filter of the Zr-O candidates: the reference must converge, and low forces are preferred.

Nothing is dropped silently. Each frame states how many candidates were dropped before it, and why;
the sums over a file are the totals of its build (`dropped`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.fields import REF_FORCES
from ms25_suite.reference.labels import label

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["REASONS", "Selection", "dropped"]

REASONS: Final[Mapping[str, str]] = {
    "dropped_forces": "for their forces",
    "dropped_charges": "whose charges did not become self-consistent",
    "dropped_approximate": "where the approximate potential failed or atoms came too close",
}
"""Keys in ``info`` of a frame that count dropped candidates, and what they count."""


@dataclass(slots=True)
class Selection:
    """Labels candidates, and decides which are kept.

    A candidate whose largest force component is F is kept with the probability 1 - F / L, and
    never where F is above L. The paper filters 120,068 structures to 10,000, "biased towards lower
    forces", and does not say how; this is the simplest such rule, and it needs no other frames.

    Parameters
    ----------
    reference
        ASE calculator.
    largest_force
        L in eV/Å.
    rng
        Source of the decisions.

    Attributes
    ----------
    counts
        Numbers of candidates dropped since the last kept one, by the keys of `REASONS`.
    last_problem
        Last error message of the reference; empty if it never failed.
    """

    reference: Any
    largest_force: float
    rng: np.random.Generator
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    last_problem: str = ""

    def keeps(self, atoms: Atoms) -> bool:
        """Label a candidate; return whether it is kept, in which case it gets the counts."""
        # Drawn before the label: each candidate consumes one random number, whether the charges
        # converge or not. F <= L (1 - u) has the probability 1 - F / L.
        threshold = self.largest_force * (1.0 - self.rng.random())
        try:
            label(atoms, self.reference)
        except ReferenceCalculatorError as error:
            self.last_problem = str(error)
            self.drop("dropped_charges")
            return False
        # Forces of the reference, not of the approximate potential that made the candidate.
        if np.abs(atoms.arrays[REF_FORCES]).max() > threshold:
            self.drop("dropped_forces")
            return False
        atoms.info.update(self.counts)
        self.counts = dict.fromkeys(REASONS, 0)
        return True

    def drop(self, reason: str) -> None:
        """Count a dropped candidate."""
        self.counts[reason] += 1


def dropped(images: Iterable[Atoms]) -> dict[str, int]:
    """Sum the numbers of candidates that were dropped during the build of these frames."""
    total = dict.fromkeys(REASONS, 0)
    for atoms in images:
        for reason in REASONS:
            total[reason] += int(atoms.info.get(reason, 0))
    return total
