"""What is behind the numbers of retention, under the key ``retention``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details

__all__ = ["CHILD", "KEY", "PARENT", "SCRATCH", "RetentionDetails", "RoleNumber"]

KEY: Final = "retention"

CHILD: Final = "child"
PARENT: Final = "parent"
SCRATCH: Final = "scratch"


@dataclass(frozen=True, slots=True)
class RoleNumber(Details):
    """The number of one potential.

    Parameters
    ----------
    role
        ``child``, ``parent`` or ``scratch`` (trained on the same frames, without the parent).
    potential
        Its name.
    value
        The number in the unit of the result; None if there is none.
    interval
        Its 95 % interval, if it has one.
    raw
        Of energies, the error with the constants of the elements.
    """

    role: str
    potential: str
    value: float | None
    interval: tuple[float, float] | None = None
    raw: float | None = None


@dataclass(frozen=True, slots=True)
class RetentionDetails(Details):
    """A child beside its parent.

    Parameters
    ----------
    tuned_for
        Whether the set is the one that the child was tuned for.
    numbers
        Numbers of the potentials.
    moved
        Mean absolute difference between the predictions of child and parent, in the unit of the
        result; None for what is no error of frames.
    where
        Of energies, the frames that the constants of the elements were fitted to.
    """

    tuned_for: bool
    numbers: tuple[RoleNumber, ...]
    moved: float | None = None
    where: str | None = None

    def of(self, role: str) -> RoleNumber | None:
        """Number of a role; None if there is none."""
        return next((one for one in self.numbers if one.role == role), None)
