"""The parent of a fine-tuned model: the model that a training starts from.

A fine-tuned model may forget what its parent knew, which its errors on the new data do not show. So
the sidecar of the child names the parent, and what was done against forgetting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.errors import TrainingError
from ms25_suite.core.frames import Frames, Labels

__all__ = ["STRATEGIES", "Parent", "ParentRecord", "Replay"]

STRATEGIES: Final = ("naive", "replay", "lora")
"""Ways to fine-tune: all weights follow the new frames; frames of the parent's training are trained
beside them; or low-rank changes of the weights only."""


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
        One of `STRATEGIES`.
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


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Frames that are trained beside the new ones, so that the parent's knowledge is kept.

    Parameters
    ----------
    name, level_of_theory
        The dataset, and the method behind its labels.
    train, validation
        Frames and labels, as those of `ms25_suite.training.TrainingData`.
    """

    name: str
    level_of_theory: str
    train: tuple[Frames, Labels]
    validation: tuple[Frames, Labels]


@dataclass(frozen=True, slots=True, eq=False)
class Parent:
    """The model that a training starts from, and how.

    Parameters
    ----------
    file
        The model file.
    given
        The same, as the user wrote it.
    sha256
        SHA-256 of its content.
    elements
        Atomic numbers that it knows.
    r_max
        Its cutoff radius in Å, which the child keeps.
    strategy
        One of `STRATEGIES`.
    head
        The head to start from; empty if it has one only.
    level_of_theory
        Level of theory of the labels that it learned; empty if nothing states it.
    replay
        Frames to replay; None but for that strategy.
    seen_frames
        Fingerprints of the frames that it was trained on, as far as they are known.
    fitted_energies
        Whether its energies of the elements are known to be fitted to frames, and not those of
        isolated atoms.
    dtype
        Floating-point type of its weights, if it computes in that only; empty otherwise.
    energy_shifts
        By how much the energies of the elements must be moved for the new data, in eV by atomic
        number; empty where the package estimates them itself.
    """

    file: Path
    given: str
    sha256: str
    elements: tuple[int, ...]
    r_max: float
    strategy: str = "naive"
    head: str = ""
    level_of_theory: str = ""
    replay: Replay | None = None
    seen_frames: tuple[str, ...] = ()
    fitted_energies: bool = False
    dtype: str = ""
    energy_shifts: Mapping[int, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the file without its extensions."""
        return self.file.name.split(".")[0] or self.file.stem

    def expect_elements(self, frames: Frames, what: str) -> None:
        """Make sure that the parent knows the elements of frames.

        Parameters
        ----------
        frames
            The frames.
        what
            What they are, in the plural, for the message.

        Raises
        ------
        TrainingError
            It lacks one: its network has no weights for it.
        """
        from ase.data import chemical_symbols

        lacking = [chemical_symbols[z] for z in frames.elements if z not in self.elements]
        if lacking:
            known = " ".join(chemical_symbols[z] for z in self.elements)
            msg = (
                f"the foundation {self.given} does not know {' '.join(lacking)}, which {what} "
                f"hold: it knows {known}. Fine-tuning cannot add elements. Take another "
                "foundation, or train from random weights (leave foundation= out)"
            )
            raise TrainingError(msg)
