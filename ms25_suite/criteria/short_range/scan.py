"""Pairs pushed together in test frames, pairs in vacuum, and compressed test frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import numpy as np

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import NotApplicableError, ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.held_out import unseen_set
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.scans.answers import Answers, ask
from ms25_suite.metrics.scans.approach import (
    INNER_A,
    Approach,
    approach_frames,
    choose_approaches,
    push_work,
)
from ms25_suite.metrics.scans.dimers import Pair, dimer_frames, pair_name, richest_frame
from ms25_suite.potentials.potential import Potential

__all__ = [
    "Compression",
    "Curve",
    "ShortRangeScan",
    "not_asked",
    "scan_short_range",
]

T = TypeVar("T")

LOOKED_AT: Final = 20
"""Test frames among which the closest pairs are looked for."""

PUSHES: Final = 14
"""Distances at which a pair is pushed together; equal ratios, so 0.1 Å apart at 1 Å."""

FARTHEST_A: Final = 6.0
"""End of the scans of dimers in Å where no cutoff is known: the longest of the paper's, but that
of water."""

MOST_PAIRS: Final = 66
"""Pairs of elements that are scanned: those of eleven elements. The closest come first."""

VOLUMES: Final = np.array([1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5])
"""Volumes of a compressed frame as parts of its own; half of it takes some 100 GPa."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Energies of a pair from the outside to the inside.

    Parameters
    ----------
    pair
        Atomic numbers.
    distances
        Descending, in Å, shape ``(n_points,)``.
    energies
        In eV, NaN where there is none: work since the start, or energy above separated atoms.
    frame
        Frame of the dataset in which it was pushed; -1 in vacuum.
    """

    pair: Pair
    distances: FloatArray
    energies: FloatArray
    frame: int = -1


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
    pushed
        Pairs pushed together in frames.
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

    pushed: tuple[Curve, ...]
    dimers: tuple[Curve, ...]
    compressed: Compression | None
    problems: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    duration_s: float = 0.0


def not_asked(case: Case) -> NotAsked | None:
    """Left out for the baseline, which does not depend on positions."""
    if case.subject.kind == "baseline":
        return NotAsked("the baseline does not depend on the positions of atoms")
    if (
        case.parameters.get("quantity") == "compression"
        and not case.dataset.frames.pbc.all(axis=1).any()
    ):
        return NotAsked(f"no frame of {case.dataset.name} is periodic in all three directions")
    return None


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
    groups, absent = choose_approaches(frames, PUSHES)
    groups, left_out = _closest(groups)
    if not groups:
        msg = f"no two atoms of the test frames of {dataset.name} are neighbours"
        raise NotApplicableError(msg)
    problems: dict[str, str] = {}
    remarks: dict[str, list[str]] = {"pushed": [], "dimers": [], "compressed": []}
    if absent:
        names = ", ".join(map(pair_name, absent))
        remarks["pushed"].append(f"no neighbours in the test frames: {names}")
    if left_out:
        remarks["pushed"].append(f"{left_out} more pairs of elements were not scanned")
    pushed = []
    for answers, chosen in _asked(potential, groups, lambda part: approach_frames(frames, part)):
        if answers is None:
            remarks["pushed"].append(f"the reference refuses {_names(chosen)}")
            continue
        pushed += _pushed(answers, chosen, frames, indices)
        _note(problems, "pushed", answers)
    pairs = [one.pair for group in groups for one in group]
    distances = _dimer_distances(potential)
    like = frames.select([richest_frame(frames)])
    dimers = []
    for answers, some in _asked(
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
        tuple(pushed),
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


def _closest(groups: list[list[Approach]]) -> tuple[list[list[Approach]], int]:
    """The closest of very many pairs, and how many are left out."""
    every = sorted((one for group in groups for one in group), key=lambda one: one.distances[0])
    kept = {one.pair for one in every[:MOST_PAIRS]}
    chosen = [[one for one in group if one.pair in kept] for group in groups]
    return [group for group in chosen if group], len(every) - len(kept)


def _asked(
    potential: Potential, parts: Sequence[T], build: Callable[[Sequence[T]], Frames]
) -> list[tuple[Answers | None, Sequence[T]]]:
    """Answers to the structures of all parts at once, for the reference part by part.

    A reference calculator is no potential: it may refuse what is not a structure of its data, such
    as the charged pairs of an ionic crystal.
    """
    if not parts:
        return []
    if potential.architecture != "reference":
        return [(ask(potential.predict, build(parts)), parts)]
    found: list[tuple[Answers | None, Sequence[T]]] = []
    for part in parts:
        try:
            found.append((ask(potential.predict, build([part])), [part]))
        except ReferenceCalculatorError:
            found.append((None, [part]))
    return found


def _names(groups: Sequence[Sequence[Approach]]) -> str:
    return ", ".join(pair_name(one.pair) for group in groups for one in group)


def _note(problems: dict[str, str], name: str, answers: Answers) -> None:
    if answers.problem:
        problems.setdefault(name, answers.problem)


def _pushed(
    answers: Answers, groups: Sequence[Sequence[Approach]], frames: Frames, indices: IntArray
) -> list[Curve]:
    curves, first = [], 0
    for group in groups:
        n_atoms = int(frames.n_atoms[group[0].frame])
        last = first + PUSHES * n_atoms
        forces = answers.forces[first:last].reshape(PUSHES, n_atoms, 3)
        first = last
        curves += [
            Curve(one.pair, one.distances, push_work(one, forces), int(indices[one.frame]))
            for one in group
        ]
    return curves


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
