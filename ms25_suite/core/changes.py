"""How a number changed since the last one that was accepted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Change", "ChangeVerdict"]


class ChangeVerdict(StrEnum):
    """What a comparison with a baseline says.

    ``new`` is a number that the baseline does not have; ``not compared`` one that it has, of other
    frames or under other conditions.
    """

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    UNDECIDED = "undecided"
    NEW = "new"
    NOT_COMPARED = "not compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A number compared with that of a baseline.

    Parameters
    ----------
    verdict
        ``worse`` if the whole interval of the difference is above the allowance.
    before
        The accepted number, in the unit of the result; None if there is none.
    difference
        The number minus the accepted one; None where they are not compared.
    interval
        95 % interval of the difference; None for numbers that are no statistics of a sample.
    allowance
        Difference to the worse that is allowed, in the unit of the result.
    paired
        Whether errors were compared frame by frame.
    reason
        Why they are not compared; empty if they are.
    """

    verdict: ChangeVerdict
    before: float | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    allowance: float | None = None
    paired: bool = False
    reason: str = ""

    def explained(self, unit: str) -> str:
        """The comparison in words; ``unit`` is put behind numbers, with its space."""
        if self.difference is None:
            return f"{self.verdict.value}: {self.reason}" if self.reason else self.verdict.value
        text = f"{self.verdict.value}, {self.difference:+.3g}{unit} on {self.before:.4g}{unit}"
        if self.interval is not None:
            how = " frame by frame" if self.paired else ""
            text += f" (95 % interval {self.interval[0]:+.3g} to {self.interval[1]:+.3g}{how})"
        return f"{text}, allowed {self.allowance:.3g}{unit}"
