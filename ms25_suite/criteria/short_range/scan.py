"""Pairs pushed together in test frames, pairs in vacuum, and compressed test frames."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from ms25_suite.core.errors import NotApplicableError, ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.criteria.held_out import unseen_set
from ms25_suite.criteria.short_range.pushes import (
    Curve,
    Pushes,
    ask_by_part,
    choose_pushes,
    push,
)
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.scans.answers import Answers, ask
from ms25_suite.metrics.scans.approach import INNER_A
from ms25_suite.metrics.scans.dimers import dimer_frames, pair_name, richest_frame
from ms25_suite.potentials.potential import Potential

__all__ = ["VOLUMES", "Compression", "ShortRangeScan", "scan_short_range"]

LOOKED_AT: Final = 20
"""Test frames among which the closest pairs are looked for."""

FARTHEST_A: Final = 6.0
"""End of the scans of dimers in Å where no cutoff is known: the longest of the paper's, but that
of water."""

VOLUMES: Final = np.array([1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5])
"""Volumes of a compressed frame as parts of its own; half of it takes some 100 GPa."""


@dataclass(frozen=True, slots=True, eq=False)
class Compression:
    """Energies of a compressed frame in eV/atom above the first, at `VOLUMES`."""

    frame: int
    energies: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ShortRangeScan:
    """All scans of a potential on a dataset.

    Parameters
    ----------
    pushes
        Which pairs are pushed together, and in which frames.
    pushed
        Energies of these pairs.
    dimers
        Pairs in vacuum.
    compressed
        The compressed frame; None if none is periodic in three directions, or could be predicted.
    problems
        By ``pushed``, ``dimers`` and ``compressed``, why the potential did not answer.
    remarks
        The same, what else a reader should know: pairs that are not there, or have no reference.
    duration_s
        Wall time in seconds.
    """

    pushes: Pushes
    pushed: tuple[Curve, ...]
    dimers: tuple[Curve, ...]
    compressed: Compression | None
    problems: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    duration_s: float = 0.0


def scan_short_range(potential: Potential, dataset: Dataset) -> ShortRangeScan:
    """Scan all pairs of elements that are neighbours in the test frames, and compress a frame.

    Parameters
    ----------
    potential
        The potential.
    dataset
        The dataset.

    Raises
    ------
    NotApplicableError
        No two atoms of the test frames are neighbours.
    PotentialError
        A worker died or did not answer. An error of the potential at some structure, or NaN, is
        kept as a problem.
    """
    start = time.perf_counter()
    indices = _looked_at(dataset, dataset.splits.test(set=unseen_set(potential, dataset)))
    frames = dataset.frames.select(indices)
    pushes, note = choose_pushes(frames, indices)
    if not pushes.groups:
        msg = f"no two atoms of the test frames of {dataset.name} are neighbours"
        raise NotApplicableError(msg)
    problems: dict[str, str] = {}
    remarks: dict[str, list[str]] = {"pushed": [], "dimers": [], "compressed": []}
    if note:
        remarks["pushed"].append(note)
    pushed, refused, problem = push(potential, pushes)
    if refused:
        remarks["pushed"].append(f"the reference refuses {refused}")
    if problem:
        problems["pushed"] = problem
    pairs = [one.pair for group in pushes.groups for one in group]
    distances = _dimer_distances(potential)
    like = frames.select([richest_frame(frames)])
    dimers = []
    for answers, some in ask_by_part(
        potential,
        [pair for pair in pairs if set(pair) <= set(like.elements)],
        lambda part: dimer_frames(part, [distances] * len(part), like),
    ):
        if answers is None:
            remarks["dimers"].append(f"the reference refuses {', '.join(map(pair_name, some))}")
            continue
        energies = answers.energy.reshape(len(some), -1)
        # The outermost distance comes first: the atoms are separated there.
        dimers += [
            Curve(pair, distances, own - own[0]) for pair, own in zip(some, energies, strict=True)
        ]
        _note(problems, "dimers", answers)
    compressed = _compress(potential, frames, indices, problems, remarks["compressed"])
    return ShortRangeScan(
        pushes,
        pushed,
        tuple(dimers),
        compressed,
        problems,
        {name: "; ".join(parts) for name, parts in remarks.items()},
        time.perf_counter() - start,
    )


def _looked_at(dataset: Dataset, test: IntArray) -> IntArray:
    """Some test frames, those with fewest atoms first: each point costs a prediction."""
    chosen = test[np.linspace(0, len(test) - 1, min(LOOKED_AT, len(test))).astype(int)]
    order = np.argsort(dataset.frames.n_atoms[chosen], kind="stable")
    return np.asarray(chosen[order], dtype=np.int64)


def _note(problems: dict[str, str], name: str, answers: Answers) -> None:
    if answers.problem:
        problems.setdefault(name, answers.problem)


def _dimer_distances(potential: Potential) -> FloatArray:
    """Distances of dimers in Å, descending: from where nothing acts, 0.1 Å apart up to 3 Å."""
    reach = potential.info().r_max or FARTHEST_A
    inner = np.arange(INNER_A, min(3.0, reach), 0.1)
    outer = np.linspace(inner[-1], max(reach, inner[-1] + 0.1), 12)[1:]
    return np.concatenate([inner, outer])[::-1].copy()


def _compress(
    potential: Potential,
    frames: Frames,
    indices: IntArray,
    problems: dict[str, str],
    remarks: list[str],
) -> Compression | None:
    """Compress the first frame that is periodic in three directions."""
    whole = np.flatnonzero(frames.pbc.all(axis=1))
    if len(whole) == 0:
        return None
    one = frames.select(np.full(len(VOLUMES), whole[0], dtype=np.int64))
    factors = np.cbrt(VOLUMES)
    n_atoms = int(frames.n_atoms[whole[0]])
    smaller = replace(
        one,
        positions=one.positions * np.repeat(factors, n_atoms)[:, None],
        cells=one.cells * factors[:, None, None],
    )
    try:
        answers = ask(potential.predict, smaller)
    except ReferenceCalculatorError as error:
        if potential.architecture != "reference":
            raise
        remarks.append(f"the reference refuses the compressed frame: {error}")
        return None
    _note(problems, "compressed", answers)
    return Compression(int(indices[whole[0]]), (answers.energy - answers.energy[0]) / n_atoms)
