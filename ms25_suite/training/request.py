"""Request for a training: architecture, budget, and the frames."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ms25_suite.core.errors import LabelError, TrainingError, UsageError
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.training.parent import Parent

__all__ = ["LARGEST_SEED", "Part", "TrainingData", "TrainingRequest", "part_hash"]

LARGEST_SEED: Final = 2**32 - 1
"""Largest seed that the random numbers of every framework take (those of NumPy take no more)."""

Part = tuple[Frames, Labels]
"""Frames and their labels."""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Request for a training.

    Parameters
    ----------
    architecture
        ``mace``, …
    n_train
        Number of training frames.
    set
        Set of splits that the frames are from, counted from 1.
    seed
        Seed of the initial weights and of the order of the frames.
    budget
        Name of the recipe: ``smoke``, ``series``, ``standard`` or ``paper``.
    split
        What the frames were drawn by, ``frame`` or ``trajectory``; None as the dataset's card says.

    Raises
    ------
    UsageError
        A number is out of range.
    """

    architecture: str
    n_train: int
    set: int = 1
    seed: int = 0
    budget: str = "smoke"
    split: str | None = None

    def __post_init__(self) -> None:
        for name, least in (("n_train", 1), ("set", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                msg = f"`{name}` of a training must be a whole number from {least}, got {value!r}"
                raise UsageError(msg)
        if self.seed > LARGEST_SEED:
            msg = f"`seed` of a training must be at most {LARGEST_SEED}, got {self.seed}"
            raise UsageError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Training and validation frames, and where they come from.

    Parameters
    ----------
    name, sha256, level_of_theory, tier
        The dataset: its name, SHA-256 of its source, method behind the labels, tier.
    cutoff
        Cutoff radius in Å from the dataset's card; None if it states none.
    train, validation
        Frames and labels. Energies and forces are required, the stress is optional in each frame.
    system
        The paper's name of the system (``hea``, ``mgo-2x2``, …), which chooses the
        hyperparameters of the ``paper`` budget; None for data that the paper does not have.
    atom_energies
        Energy of an isolated atom in eV by atomic number, as far as the dataset has them.
    parent
        The model that the training starts from; None to start from random weights.

    Raises
    ------
    LabelError
        Energies or forces are missing or not finite.
    TrainingError
        There are no training frames or no validation frames, validation frames hold elements that
        the training frames lack, frames hold elements that the parent lacks, or the cutoff is not
        positive.
    """

    name: str
    sha256: str
    level_of_theory: str
    tier: str
    cutoff: float | None
    train: Part
    validation: Part
    system: str | None = None
    atom_energies: Mapping[int, float] = field(default_factory=dict)
    parent: Parent | None = None

    def isolated_atoms(self) -> dict[int, float] | None:
        """Energy of an isolated atom of each element of the training frames, in eV, ascending.

        None if one is not known: energies of the elements then have to be fitted, all of them, as
        fitted ones and those of atoms have different zeros.
        """
        elements = self.train[0].elements
        if not all(z in self.atom_energies for z in elements):
            return None
        return {z: self.atom_energies[z] for z in elements}

    def __post_init__(self) -> None:
        self._expect_parts(self.name, self.train, self.validation)
        replay = None if self.parent is None else self.parent.replay
        if replay is not None:
            self._expect_parts(replay.name, replay.train, replay.validation)
        # The network has no weights for an element that it was not trained on.
        missing = set(self.validation[0].elements) - set(self.train[0].elements)
        if missing:
            msg = (
                f"the validation frames of {self.name} hold the atomic numbers {sorted(missing)}, "
                "which no training frame has: take more training frames or another set"
            )
            raise TrainingError(msg)
        if self.cutoff is not None and not self.cutoff > 0:
            msg = f"the cutoff of {self.name} must be positive, got {self.cutoff} Å"
            raise TrainingError(msg)

    def _expect_parts(self, name: str, train: Part, validation: Part) -> None:
        """Make sure that a dataset gives frames with the labels and elements for a training."""
        for role, (frames, labels) in (("training", train), ("validation", validation)):
            what = f"the {role} frames of {name}"
            if len(frames) == 0:
                msg = (
                    f"the dataset {name} gives no {role} frames: both training and "
                    "validation frames are needed (card: [splits])"
                )
                raise TrainingError(msg)
            _check_labels(frames, labels, what)
            if self.parent is not None:
                self.parent.expect_elements(frames, what)


def _check_labels(frames: Frames, labels: Labels, where: str) -> None:
    shapes = {
        "energy": (len(frames),),
        "forces": (len(frames.numbers), 3),
        "stress": (len(frames), 6),
    }
    for name, shape in shapes.items():
        values = getattr(labels, name)
        if values is None:
            if name == "stress":
                continue
            msg = (
                f"{where} have no {name} labels: a training needs an energy and forces for every "
                "frame (keys REF_energy and REF_forces, or others named in the card)"
            )
            raise LabelError(msg)
        if values.shape != shape:
            msg = f"{where}: expected {name} labels of shape {shape}, found {values.shape}"
            raise LabelError(msg)
        if name != "stress" and not np.isfinite(values).all():
            msg = f"{where}: some {name} labels are not finite; remove or correct those frames"
            raise LabelError(msg)


def part_hash(part: Part) -> str:
    """SHA-256 of frames and labels, as 64 hexadecimal digits."""
    frames, labels = part
    digest = hashlib.sha256(frames.content_hash().encode())
    for values in (labels.energy, labels.forces):
        digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    has_stress = labels.has_stress
    # Only stresses that are there: what fills the other rows does not matter.
    if has_stress is not None and labels.stress is not None and has_stress.any():
        digest.update(np.ascontiguousarray(has_stress, dtype="|b1").tobytes())
        digest.update(np.ascontiguousarray(labels.stress[has_stress], dtype="<f8").tobytes())
    return digest.hexdigest()
