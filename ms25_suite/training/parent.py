"""The parent of a fine-tuned model: the model that a training started from.

A fine-tuned model may forget what its parent knew, which its errors on the new data do not show. So
the sidecar of the child names the parent, and what was done against forgetting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["ParentRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentRecord:
    """The parent in the sidecar of a child.

    Parameters
    ----------
    name
        Its name: that of the file without extension.
    sha256
        SHA-256 of the file.
    path
        The file, as it was given: relative to the folder of the training, or absolute.
    head
        The head that the training started from, if the parent has several.
    level_of_theory
        Level of theory of the labels that it learned; None if nothing states it.
    strategy
        ``naive`` (all weights follow the new frames), ``replay`` (frames of the parent's training
        are trained beside them, in a head of their own) or ``lora`` (low-rank changes only).
    replay, replay_sha256
        Name of the dataset that was replayed, and SHA-256 of those frames with their labels.
    n_replay
        Number of its training frames.
    options
        Options of the package's training program that say so.
    """

    name: str
    sha256: str
    path: str | None = None
    head: str | None = None
    level_of_theory: str | None = None
    strategy: str = "naive"
    replay: str | None = None
    replay_sha256: str | None = None
    n_replay: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
