"""A fine-tuned potential with its parent, and their predictions for the same frames."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Final

import numpy as np

from ms25_suite.core.errors import DatasetError, NotJudgedError, PotentialError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Labels, Predictions
from ms25_suite.criteria.consistency.measure import Consistency, measure_consistency
from ms25_suite.criteria.held_out import unseen_frames
from ms25_suite.criteria.retention.details import CHILD, PARENT, SCRATCH
from ms25_suite.criteria.retention.sets import RetentionSet, unknown_elements
from ms25_suite.criteria.short_range.scan import ShortRangeScan, scan_short_range
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.decomposition.alignment import Alignment, fit_alignment
from ms25_suite.potentials.potential import Potential

__all__ = ["MOST_FRAMES", "ComparedSet", "Family", "number_of_frames"]

MOST_FRAMES: Final = 60
"""Frames of each set. The interval of a paired difference is narrow: with 60 frames it is some
tenth of the parent's error, half of the mark."""

FEWEST_FRAMES: Final = 20
"""Frames of a set of large ones: twice as many as a pass needs."""

ATOMS: Final = 5000
"""Atoms in the frames of a set between these limits: ten seconds of a large model on one core."""


def number_of_frames(n_atoms: float) -> int:
    """Number of frames of a set whose frames have so many atoms.

    Examples
    --------
    >>> number_of_frames(64), number_of_frames(108), number_of_frames(288)
    (60, 46, 20)
    """
    return int(np.clip(ATOMS // n_atoms, FEWEST_FRAMES, MOST_FRAMES))


@dataclass(frozen=True, slots=True, eq=False)
class ComparedSet:
    """Predictions of a child and its parent for some frames of a set.

    Parameters
    ----------
    dataset, asked
        The set, and whether the user named it.
    why_not
        Why it cannot be judged; empty if it can. Then there are no frames.
    lost
        Why the child has no answer where its parent has one; empty if it has.
    indices
        Indices of the frames in the dataset.
    frames, labels
        The frames.
    groups
        Number of the trajectory of each frame; None if all are independent.
    predictions
        By role.
    alignments
        Constants of the elements, by role, fitted to other frames of the set; empty if there are
        too few, for which `not_aligned` has the reason.
    remarks
        Findings.
    duration_s
        Wall time in seconds.
    """

    dataset: Dataset
    asked: bool = False
    why_not: str = ""
    lost: str = ""
    indices: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    frames: Frames | None = None
    labels: Labels | None = None
    groups: IntArray | None = None
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    alignments: Mapping[str, Alignment] = field(default_factory=dict)
    not_aligned: str = ""
    remarks: tuple[Finding, ...] = ()
    duration_s: float = 0.0


class Family:
    """A child, its parent and, if asked for, a potential without a parent.

    Parameters
    ----------
    child, parent
        The potentials.
    tuned_for
        Dataset that the child was tuned for.
    sets
        Sets that it was not tuned for.
    scratch
        Potential that was trained on the same frames without the parent; None for none.
    seed
        Seed of the bootstrap of the constants of the elements, and of displacements.
    """

    def __init__(
        self,
        child: Potential,
        parent: Potential,
        tuned_for: Dataset,
        sets: tuple[RetentionSet, ...],
        scratch: Potential | None = None,
        seed: int = 0,
    ) -> None:
        self.child = child
        self.parent = parent
        self.scratch = scratch
        self.tuned_for = tuned_for
        self.sets = sets
        self.seed = seed
        self._compared: dict[str, ComparedSet] = {}
        self._walls: dict[tuple[int, str], ShortRangeScan] = {}
        self._laws: dict[tuple[int, str], Consistency] = {}

    def walls(self, potential: Potential, dataset: Dataset) -> ShortRangeScan:
        """Scan of the short range of one of the potentials on a set, made once."""
        key = (id(potential), dataset.sha256)
        if key not in self._walls:
            self._walls[key] = scan_short_range(potential, dataset)
        return self._walls[key]

    def laws(self, potential: Potential, dataset: Dataset) -> Consistency:
        """Answers of one of the potentials about the laws, asked once."""
        key = (id(potential), dataset.sha256)
        if key not in self._laws:
            self._laws[key] = measure_consistency(potential, dataset, seed=self.seed)
        return self._laws[key]

    @property
    def potentials(self) -> dict[str, Potential]:
        """Potentials by role."""
        found = {CHILD: self.child, PARENT: self.parent}
        return found if self.scratch is None else found | {SCRATCH: self.scratch}

    @property
    def parent_key(self) -> str:
        """Which parent it is: numbers beside another one mean something else."""
        return f"{self.parent.name} {self.parent.sha256[:12]}".strip()

    def compared(self, dataset: Dataset, *, asked: bool = False) -> ComparedSet:
        """Predictions for a set, made once."""
        if dataset.sha256 not in self._compared:
            self._compared[dataset.sha256] = self._compare(dataset, asked)
        return self._compared[dataset.sha256]

    def others(self) -> list[ComparedSet]:
        """All sets that the child was not tuned for."""
        return [self.compared(one.dataset, asked=one.asked) for one in self.sets]

    def why_unknown(self, dataset: Dataset) -> str:
        """Which elements of a set child or parent have no parameters for; empty if none."""
        found = []
        for potential in (self.parent, self.child):
            lacking = unknown_elements(potential, dataset)
            if lacking:
                found.append(f"{potential.name} has no parameters for {lacking}")
        return "; ".join(found)

    def _compare(self, dataset: Dataset, asked: bool) -> ComparedSet:
        start = time.perf_counter()
        empty = ComparedSet(dataset, asked)
        # The child of a model of all elements may have kept those of its own data only.
        lacking = unknown_elements(self.parent, dataset)
        if lacking:
            why = f"{self.parent.name}, the parent, has no parameters for {lacking}"
            return replace(empty, why_not=why)
        lacking = unknown_elements(self.child, dataset)
        if lacking:
            lost = (
                f"{self.child.name} has no parameters for {lacking} any more, its parent "
                f"{self.parent.name} has"
            )
            return replace(empty, lost=lost) if asked else replace(empty, why_not=lost)
        try:
            indices, remarks = self._unseen(dataset)
        except DatasetError as error:
            return replace(empty, why_not=str(error))
        frames, labels = dataset.part(indices)
        try:
            predictions = {PARENT: self.parent.predict(frames)}
        except PotentialError as error:
            why = f"{self.parent.name}, the parent, has no answer itself: {error}"
            return replace(empty, why_not=why)
        try:
            predictions[CHILD] = self.child.predict(frames)
        except PotentialError as error:
            lost = f"{self.child.name} has no answer where its parent has one: {error}"
            return replace(empty, lost=lost)
        if self.scratch is not None and not unknown_elements(self.scratch, dataset):
            predictions[SCRATCH] = self.scratch.predict(frames)
        found = replace(
            empty,
            indices=indices,
            frames=frames,
            labels=labels,
            groups=dataset.groups(indices),
            predictions=predictions,
            remarks=remarks,
        )
        try:
            alignments = self._alignments(dataset, indices, list(predictions))
            found = replace(found, alignments=alignments)
        except (DatasetError, NotJudgedError) as error:
            found = replace(found, not_aligned=str(error))
        return replace(found, duration_s=time.perf_counter() - start)

    def _unseen(self, dataset: Dataset) -> tuple[IntArray, tuple[Finding, ...]]:
        """Test frames that none of the potentials has seen, evenly thinned out.

        Raises
        ------
        DatasetError
            There are none.
        """
        parts, remarks = [], dict[Finding, None]()
        for potential in self.potentials.values():
            if unknown_elements(potential, dataset):
                continue
            indices, own = unseen_frames(potential, dataset)
            parts.append(indices)
            remarks.update(dict.fromkeys(own))
        common = reduce(np.intersect1d, parts)
        if len(common) == 0:
            names = " and ".join(one.name for one in self.potentials.values())
            msg = f"no test frame of {dataset.name} is left that neither of {names} has seen"
            raise DatasetError(msg)
        # Evenly, since neighbours of a trajectory say the same twice.
        step = -(-len(common) // number_of_frames(float(dataset.frames.n_atoms[common].mean())))
        return np.asarray(common[::step], dtype=np.int64), tuple(remarks)

    def _alignments(
        self, dataset: Dataset, judged: IntArray, roles: list[str]
    ) -> dict[str, Alignment]:
        """Constants of the elements, fitted to the same frames for all potentials.

        Raises
        ------
        DatasetError, NotJudgedError
            There are too few other frames.
        """
        energies = dataset.labels.energy
        if energies is None:
            return {}
        pool = np.setdiff1d(np.flatnonzero(np.isfinite(np.asarray(energies))), judged)
        # As many as are judged, so that neither side blurs the other.
        pool = pool[:: max(1, -(-len(pool) // max(len(judged), FEWEST_FRAMES)))]
        frames, labels = dataset.part(pool)
        where = f"{len(pool)} other frames of {dataset.name}"
        groups = dataset.groups(pool) if len(pool) else None
        return {
            role: fit_alignment(
                frames,
                np.asarray(labels.energy) if len(pool) else np.zeros(0),
                _energies(self.potentials[role], frames),
                where,
                groups=groups,
                # The same resampled frames for all, so that what they share cancels.
                seed=self.seed,
            )
            for role in roles
        }


def _energies(potential: Potential, frames: Frames) -> FloatArray:
    if len(frames) == 0:
        return np.zeros(0)
    return np.asarray(potential.predict(frames).energy)
