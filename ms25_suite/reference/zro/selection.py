"""Which candidates become frames: the reference must converge, and low forces are favoured.

Nothing is dropped silently. Each frame says how many candidates of its trajectories were dropped
before it, and why, so that the sums over a file are those of its build (`dropped`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.fields import REF_FORCES
from ms25_suite.reference.builder import label

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["REASONS", "Selection", "dropped"]

REASONS: Final[Mapping[str, str]] = {
    "dropped_forces": "for their forces",
    "dropped_charges": "whose charges did not become self-consistent",
    "dropped_approximate": "where the approximate potential failed or atoms came too close",
}
"""Keys of the numbers of dropped candidates in ``info`` of a frame, and what they count."""


@dataclass(slots=True)
class Selection:
    """Labels candidates, and keeps those that pass.

    A candidate whose largest force component is F is kept with the probability 1 - F / L, and
    never above L. The paper filters 120,068 structures to 10,000, "biased towards lower forces",
    and does not say how; this is the simplest such rule, and it needs no frame but the one in
    question.

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
        Candidates that were dropped since the last one that was kept, by the keys of `REASONS`.
    last_problem
        Why the reference failed for the last candidate for which it did; empty if it never did.
    """

    reference: Any
    largest_force: float
    rng: np.random.Generator
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    last_problem: str = ""

    def keeps(self, atoms: Atoms) -> bool:
        """Label a candidate, and say whether it is kept; then it has the counts in ``info``."""
        threshold = self.largest_force * (1.0 - self.rng.random())
        try:
            label(atoms, self.reference)
        except ReferenceCalculatorError as error:
            self.last_problem = str(error)
            self.drop("dropped_charges")
            return False
        if np.abs(atoms.arrays[REF_FORCES]).max() > threshold:
            self.drop("dropped_forces")
            return False
        atoms.info.update(self.counts)
        self.counts = dict.fromkeys(REASONS, 0)
        return True

    def drop(self, reason: str) -> None:
        """Count a candidate that is dropped."""
        self.counts[reason] += 1


def dropped(images: Iterable[Atoms]) -> dict[str, int]:
    """Number of candidates that were dropped while these frames were made, by reason."""
    total = dict.fromkeys(REASONS, 0)
    for atoms in images:
        for reason in REASONS:
            total[reason] += int(atoms.info.get(reason, 0))
    return total
