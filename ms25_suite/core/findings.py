"""A warning or note about data or predictions that does not stop the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from ms25_suite.core.text.shown import shown_lines

if TYPE_CHECKING:
    from ms25_suite.core.frames import IntArray

__all__ = ["Finding", "Severity", "frame_list"]

Severity = Literal["warning", "note"]

_WRONG_UNITS: Final = frozenset(
    {
        *("units-contradicted", "mixed-energy-units", "mixed-force-units"),
        *("force-unit", "force-sign", "force-energy-unit"),
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning or note with a stable code.

    Parameters
    ----------
    code
        Stable short name such as ``duplicate-frames``.
    message
        What was found and what to do about it.
    severity
        ``warning`` where results are likely to be wrong, else ``note``.
    frames
        Indices of the frames concerned; empty if it concerns all of them or none in particular.
    """

    code: str
    message: str
    severity: Severity = "warning"
    frames: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        # Messages quote names and keys of files.
        object.__setattr__(self, "message", shown_lines(self.message))

    @property
    def says_wrong_units(self) -> bool:
        """Whether it leaves little doubt that labels are in another unit than they are read in."""
        return self.severity == "warning" and self.code in _WRONG_UNITS

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "code": self.code,
            "message": self.message,
            "severity": self.severity,
            "frames": list(self.frames),
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`; by default, a finding is a warning about all frames."""
        # Results of the first version call a note "info".
        severity = entry.get("severity", "warning")
        return cls(
            entry["code"],
            entry["message"],
            "note" if severity in ("note", "info") else "warning",
            tuple(entry.get("frames", ())),
        )


def frame_list(frames: Sequence[int] | IntArray, most: int = 5) -> str:
    """Indices of frames for a message: ``frame 3`` or ``frames 0, 2, 5, …``."""
    shown = ", ".join(str(index) for index in frames[:most])
    more = ", …" if len(frames) > most else ""
    return f"frame{'' if len(frames) == 1 else 's'} {shown}{more}"
