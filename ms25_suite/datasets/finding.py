"""Remarks about a dataset that do not stop anybody from using it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from ms25_suite.frames import IntArray

__all__ = ["Finding", "Severity", "frame_list", "unless_all"]

Severity = Literal["warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know about a dataset.

    Parameters
    ----------
    severity
        ``warning`` where results are likely to be wrong, else ``note``.
    code
        Stable short name such as ``duplicate-frames``.
    message
        What was found and what to do.
    frames
        Indices of the frames concerned; empty if it concerns all of them.
    """

    severity: Severity
    code: str
    message: str
    frames: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "frames": list(self.frames),
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`."""
        return cls(entry["severity"], entry["code"], entry["message"], tuple(entry["frames"]))


def frame_list(frames: Sequence[int] | IntArray, most: int = 5) -> str:
    """Indices of frames for a message: ``frame 3`` or ``frames 0, 2, 5, …``."""
    shown = ", ".join(str(index) for index in frames[:most])
    more = ", …" if len(frames) > most else ""
    return f"frame{'' if len(frames) == 1 else 's'} {shown}{more}"


def unless_all(frames: IntArray, n_frames: int) -> tuple[int, ...]:
    """Frames of a finding: none are named where it concerns all of them."""
    return () if len(frames) == n_frames else tuple(int(index) for index in frames)
