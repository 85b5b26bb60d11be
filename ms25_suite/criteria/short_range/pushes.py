"""Pairs of atoms of test frames that are pushed together, and the work that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np

from ms25_suite.core.errors import ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.metrics.scans.answers import Answers, ask
from ms25_suite.metrics.scans.approach import (
    Approach,
    approach_frames,
    choose_approaches,
    push_pull,
    push_work,
)
from ms25_suite.metrics.scans.dimers import Pair, pair_name
from ms25_suite.potentials.potential import Potential

__all__ = ["Curve", "Pushes", "ask_by_part", "choose_pushes", "push"]

T = TypeVar("T")

PUSHES: Final = 16
"""Distances at which a pair is pushed together: eight in the outer fifth, where 1 eV is reached,
2.5 % of the first distance apart, and eight to the inner end, at equal ratios."""

MOST_PAIRS: Final = 66
"""Pairs of elements that are scanned: those of eleven elements. The closest come first."""


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
    pulls
        Force between the pair in eV/Å, positive where it repels, same shape; empty in vacuum.
    """

    pair: Pair
    distances: FloatArray
    energies: FloatArray
    frame: int = -1
    pulls: FloatArray = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class Pushes:
    """Which pairs are pushed together.

    Parameters
    ----------
    frames
        Frames among which they were looked for.
    indices
        Indices of these frames in the dataset.
    groups
        Pairs in one frame that are pushed at the same time.
    """

    frames: Frames
    indices: IntArray
    groups: list[list[Approach]]


def choose_pushes(frames: Frames, indices: IntArray) -> tuple[Pushes, str]:
    """Choose the closest pair of atoms of each pair of elements, and say which there are not."""
    groups, absent = choose_approaches(frames, PUSHES)
    groups, left_out = _closest(groups)
    notes = []
    if absent:
        names = ", ".join(map(pair_name, absent))
        notes.append(f"no neighbours in the test frames: {names}")
    if left_out:
        notes.append(f"{left_out} more pairs of elements were not scanned")
    return Pushes(frames, indices, groups), "; ".join(notes)


def push(potential: Potential, pushes: Pushes) -> tuple[tuple[Curve, ...], str, str]:
    """Push all pairs together.

    Returns
    -------
    curves, refused, problem
        A curve for each pair; the names of those that a reference refuses; and why the potential
        has no answer somewhere, else empty.
    """
    curves: list[Curve] = []
    refused, problems = [], []
    parts = ask_by_part(potential, pushes.groups, lambda part: approach_frames(pushes.frames, part))
    for answers, groups in parts:
        if answers is None:
            refused += [pair_name(one.pair) for group in groups for one in group]
            continue
        problems.append(answers.problem)
        curves += _curves(answers, groups, pushes)
    return tuple(curves), ", ".join(refused), next(filter(None, problems), "")


def ask_by_part(
    potential: Potential, parts: Sequence[T], build: Callable[[Sequence[T]], Frames]
) -> list[tuple[Answers | None, Sequence[T]]]:
    """Answers to the structures of all parts at once, for the reference part by part.

    Where the reference refuses a part, there is None for it. A reference calculator is no
    potential: it may refuse what is not a structure of its data, such as the charged pairs of an
    ionic crystal.
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


def _closest(groups: list[list[Approach]]) -> tuple[list[list[Approach]], int]:
    """The closest of very many pairs, and how many are left out."""
    every = sorted((one for group in groups for one in group), key=lambda one: one.distances[0])
    kept = {one.pair for one in every[:MOST_PAIRS]}
    chosen = [[one for one in group if one.pair in kept] for group in groups]
    return [group for group in chosen if group], len(every) - len(kept)


def _curves(answers: Answers, groups: Sequence[Sequence[Approach]], pushes: Pushes) -> list[Curve]:
    curves, first = [], 0
    for group in groups:
        n_atoms = int(pushes.frames.n_atoms[group[0].frame])
        last = first + PUSHES * n_atoms
        forces = answers.forces[first:last].reshape(PUSHES, n_atoms, 3)
        first = last
        for one in group:
            pulls = push_pull(one, forces)
            work = push_work(one.distances, pulls)
            frame = int(pushes.indices[one.frame])
            curves.append(Curve(one.pair, one.distances, work, frame, pulls))
    return curves
